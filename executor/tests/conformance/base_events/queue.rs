//! Closing; what is queued, and when it runs.

use std::cell::Cell;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use kolo_executor::testing::{Trace, tick};
use kolo_executor::{EventLoop, Kind, Task, Turn, running_loop, sleep, try_running_loop};

use super::{log, running_loop_stop};
use crate::support::lives::DropFlag;
use crate::support::outcome::error_of;
use crate::support::reports::Reports;
use crate::support::runs::virtual_loop;

/// A turn in which the virtual clock has no reason to move on.
fn turn_with_something_to_do(event_loop: &EventLoop) -> Turn {
    event_loop.call_soon(|| {});
    event_loop.turn().expect("an iteration")
}

#[test]
fn test_close() {
    let event_loop = virtual_loop();
    assert!(!event_loop.is_closed());
    for _ in 0..3 {
        event_loop.close().unwrap();
        assert!(event_loop.is_closed());
    }
    let closed = (Kind::Runtime, "Event loop is closed".to_owned());
    assert_eq!(error_of(event_loop.run_forever()), closed);
    assert_eq!(
        error_of(event_loop.run_until_complete(event_loop.create_promise::<()>())),
        closed
    );
}

#[test]
fn test_create_task_error_closes_coro() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    event_loop.close().unwrap();
    let (dropped, flag) = DropFlag::new();
    let task: Task<()> = event_loop.create_task(async move {
        let _flag = flag;
        panic!("it never runs")
    });
    assert!(dropped.get());
    assert_eq!(error_of(task.result()), (Kind::Runtime, "Event loop is closed".to_owned()));
    drop(task);
    assert!(reports.take().is_empty());
}

#[test]
fn test__add_callback_handle() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    event_loop.call_soon(log(&trace, "first"));
    event_loop.call_later(1, log(&trace, "a timer"));
    let handle = event_loop.call_soon(log(&trace, "at the tail"));
    assert!(!handle.cancelled());
    tick(&event_loop);
    assert_eq!(trace.take(), ["first", "at the tail"]);
    assert_eq!(event_loop.time(), 0.0);
}

#[test]
fn test__add_callback_cancelled_handle() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let (dropped, flag) = DropFlag::new();
    let handle = event_loop.call_later(-1, move || drop(flag));
    handle.cancel();
    assert!(handle.cancelled());
    assert!(dropped.get(), "what it owned goes at once");
    assert_eq!(event_loop.turn().unwrap(), Turn::Done);

    // So does one that stands in the queue already.
    let handle = event_loop.call_soon(log(&trace, "cancelled"));
    event_loop.call_soon(log(&trace, "runs"));
    handle.cancel();
    tick(&event_loop);
    assert_eq!(trace.take(), ["runs"]);
}

#[test]
fn test_call_soon() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let handle = event_loop.call_soon(log(&trace, "called"));
    assert!(!handle.cancelled());
    assert!(trace.take().is_empty(), "not at once");
    tick(&event_loop);
    assert_eq!(trace.take(), ["called"]);
}

#[test]
fn test_call_later() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let handle = event_loop.call_later(10, log(&trace, "called"));
    assert_eq!(handle.when(), 10.0);
    assert_eq!(turn_with_something_to_do(&event_loop), Turn::At(10.0));
    assert!(trace.take().is_empty(), "not yet");
    event_loop.run_until_complete(sleep(10)).unwrap();
    assert_eq!(trace.take(), ["called"]);
}

#[test]
fn test_call_later_negative_delays() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    event_loop.call_later(-1, log(&trace, "a"));
    event_loop.call_later(-2, log(&trace, "b"));
    tick(&event_loop);
    assert_eq!(trace.take(), ["b", "a"]);
}

#[test]
fn test_time_and_call_at() {
    let event_loop = virtual_loop();
    let stopper = event_loop.clone();
    event_loop.call_at(event_loop.time() + 0.1, move || stopper.stop());
    event_loop.run_forever().unwrap();
    assert_eq!((event_loop.time(), event_loop.iterations()), (0.1, 1));
}

#[test]
fn test__run_once() {
    let event_loop = virtual_loop();
    let cancelled = event_loop.call_later(5, || panic!("it was cancelled"));
    event_loop.call_later(10, || {});
    cancelled.cancel();
    // The cancelled one, which would be the first, is gone when the loop works out how long to wait.
    assert_eq!(turn_with_something_to_do(&event_loop), Turn::At(10.0));
    event_loop.call_later(10, running_loop_stop);
    event_loop.run_forever().unwrap();
    assert_eq!((event_loop.time(), event_loop.iterations()), (10.0, 2));
}

#[test]
fn test__run_once_schedule_handle() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let (adder, events) = (event_loop.clone(), trace.clone());
    event_loop.call_at(-1, move || {
        events.log("the timer");
        adder.call_soon(log(&events, "what it added"));
    });
    assert_eq!(event_loop.turn().unwrap(), Turn::Now);
    assert_eq!(trace.take(), ["the timer"]);
    assert_eq!(event_loop.turn().unwrap(), Turn::Done);
    assert_eq!(trace.take(), ["what it added"]);
}

/// How many cancelled timers are kept, and when they are cleared away, cannot be told from outside. What can: those that are left keep
/// their order, and nothing of the cancelled is left.
#[test]
fn test__run_once_cancelled_event_cleanup() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let live = |when: f64, name: String| {
        let trace = trace.clone();
        event_loop.call_at(when, move || trace.log_time(name));
    };
    let cancelled = |when: f64| {
        let (dropped, flag) = DropFlag::new();
        event_loop.call_at(when, move || drop(flag)).cancel();
        assert!(dropped.get());
    };
    live(3000.0, "the first".to_owned());
    for when in [3600.0, 3600.0, 100.0, 100.0] {
        cancelled(when);
    }
    assert_eq!(turn_with_something_to_do(&event_loop), Turn::At(3000.0));
    // More than a hundred, and more than half of them cancelled: they are cleared away.
    for number in 0..49 {
        live(3600.0, format!("number {number}"));
        cancelled(3600.0);
        cancelled(3500.0);
    }
    live(3500.0, "the second".to_owned());
    assert_eq!(turn_with_something_to_do(&event_loop), Turn::At(3000.0));
    event_loop.run_until_complete(sleep(4000)).unwrap();
    let mut expected = vec!["3000s the first".to_owned(), "3500s the second".to_owned()];
    expected.extend((0..49).map(|number| format!("3600s number {number}")));
    assert_eq!(trace.take(), expected);
}

#[test]
fn test_run_once() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    event_loop.call_soon(log(&trace, "called"));
    event_loop.call_soon(running_loop_stop);
    event_loop.run_forever().unwrap();
    assert_eq!(trace.take(), ["called"]);
    assert_eq!(event_loop.iterations(), 1);
}

#[test]
fn test_run_forever_pre_stopped() {
    let event_loop = virtual_loop();
    event_loop.call_later(1000, || {});
    event_loop.stop();
    event_loop.run_forever().unwrap();
    assert_eq!(event_loop.iterations(), 1);
    assert_eq!(event_loop.time(), 0.0, "it has not waited");
}

#[test]
fn test_custom_run_forever_integration() {
    let event_loop = virtual_loop();
    let calls = Rc::new(Cell::new(0));
    let (count, inside) = (calls.clone(), event_loop.clone());
    event_loop.call_soon(move || {
        count.set(count.get() + 1);
        assert!(inside.is_running());
        assert_eq!(running_loop(), inside);
    });
    for _ in 0..10 {
        event_loop.turn().unwrap();
        assert!(!event_loop.is_running());
        assert!(try_running_loop().is_err());
    }
    assert_eq!((event_loop.iterations(), calls.get()), (10, 1));
}

/// A reader's callback that was queued when the loop stopped is called once, not once more in the next run.
#[test]
fn test_single_selecter_event_callback_after_stopping() {
    let event_loop = virtual_loop();
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let calls = Rc::new(Cell::new(0));
    (&theirs).write_all(b"x").unwrap();
    let (count, remover) = (calls.clone(), event_loop.clone());
    let watched = ours.as_raw_fd();
    event_loop
        .add_reader(&ours, move || {
            count.set(count.get() + 1);
            assert!(remover.remove_reader(&watched));
        })
        .unwrap();
    for _ in 0..2 {
        tick(&event_loop);
        assert_eq!(calls.get(), 1);
    }
    let mut read = [0; 1];
    ours.read_exact(&mut read).unwrap();
    assert_eq!(&read, b"x");
}
