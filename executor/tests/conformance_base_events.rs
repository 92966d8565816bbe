//! The loop's part of CPython's test_base_events. One test for each case, under the case's name.
//!
//! CPython's tests look into the loop's queue and heap; what stands there shows here by when it runs, and by what `turn` says comes next.

#![allow(non_snake_case, reason = "cases like test__run_once are named after private methods")]

mod common;
mod support;

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::process::Output;
use std::rc::Rc;

use common::{DropFlag, Reports, Trace, error_of, kind_of, tick, virtual_loop};
use kolo_executor::{
    Clock, Error, EventLoop, Kind, Promise, Result, Task, Turn, create_task, running_loop, sleep, try_running_loop,
};
use support::in_child;

/// A callback that adds its name to the trace.
fn log(trace: &Trace, name: &'static str) -> impl FnOnce() + 'static + use<> {
    let trace = trace.clone();
    move || trace.log(name)
}

/// A turn in which the virtual clock has no reason to move on.
fn turn_with_something_to_do(event_loop: &EventLoop) -> Turn {
    event_loop.call_soon(|| {});
    event_loop.turn().expect("an iteration")
}

fn ctrl_c() -> Error {
    Error::new(Kind::KeyboardInterrupt, "")
}

// Closing.

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

// What is queued, and when it runs.

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

fn running_loop_stop() {
    running_loop().stop();
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
        event_loop.call_at(when, move || trace.time(name));
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

/// Runs `body` with a loop in a process of its own, and gives what that has printed to standard error.
fn stderr_of(name: &str, body: impl FnOnce(&EventLoop)) -> Option<String> {
    let Output { stderr, .. } = in_child(name, &[("KOLO_DEBUG", None)], || body(&virtual_loop()))?;
    Some(String::from_utf8(stderr).expect("text"))
}

// `run_until_complete`.

#[test]
fn test_run_until_complete_loop() {
    let (event_loop, other) = (virtual_loop(), virtual_loop());
    let promise: Promise<()> = event_loop.create_promise();
    assert_eq!(kind_of(other.run_until_complete(&promise)), Kind::Value);
    // It is as it was.
    promise.set_result(()).unwrap();
    event_loop.run_until_complete(promise).unwrap();
}

#[test]
fn test_run_until_complete_loop_orphan_future_close_loop() {
    let event_loop = virtual_loop();
    let fatal: Task<()> = event_loop.create_task(async { Err(ctrl_c()) });
    assert_eq!(kind_of(event_loop.run_until_complete(sleep(0.1))), Kind::KeyboardInterrupt);
    assert_eq!(kind_of(fatal.result()), Kind::KeyboardInterrupt);
    assert_eq!(event_loop.all_tasks().len(), 1, "the first sleeper is left");
    // It wakes in the middle of this run, which goes on.
    event_loop.run_until_complete(sleep(0.2)).unwrap();
    assert_eq!((event_loop.time(), event_loop.iterations()), (0.2, 7));
    assert!(event_loop.all_tasks().is_empty());
}

#[test]
fn test_run_forever_keyboard_interrupt() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let outcome: Result<()> = event_loop.run_until_complete(async { Err(ctrl_c()) });
    assert_eq!(kind_of(outcome), Kind::KeyboardInterrupt);
    event_loop.close().unwrap();
    assert!(reports.take().is_empty());
}

#[test]
fn test_run_until_complete_baseexception() {
    let event_loop = virtual_loop();
    let outcome: Result<()> = event_loop.run_until_complete(async { Err(ctrl_c()) });
    assert_eq!(kind_of(outcome), Kind::KeyboardInterrupt);
    // No request to stop is left over, which would end this after one iteration.
    let adder = event_loop.clone();
    event_loop.call_soon(move || drop(adder.call_soon(running_loop_stop)));
    event_loop.run_forever().unwrap();
    assert_eq!(event_loop.iterations(), 3);
}

#[test]
fn test_create_named_task_with_default_factory() {
    let event_loop = virtual_loop();
    let task = Task::builder().name("test_task").spawn_on(&event_loop, async { Ok(()) });
    assert_eq!(task.name(), "test_task");
    event_loop.run_until_complete(task).unwrap();
}

// Debug mode.

#[test]
fn test_set_debug() {
    let event_loop = virtual_loop();
    for debug in [true, false] {
        event_loop.set_debug(debug);
        assert_eq!(event_loop.debug(), debug);
    }
}

#[test]
fn test_env_var_debug() {
    for (value, expected) in [(None, "debug=false"), (Some(""), "debug=false"), (Some("1"), "debug=true")] {
        let output = in_child("test_env_var_debug", &[("KOLO_DEBUG", value)], || {
            println!("{:?}", EventLoop::new().unwrap());
        });
        if let Some(output) = output {
            assert!(
                String::from_utf8_lossy(&output.stdout).contains(expected),
                "{value:?}: {output:?}"
            );
        }
    }
}

#[test]
fn test_log_slow_callbacks() {
    let printed = stderr_of("test_log_slow_callbacks", |event_loop| {
        event_loop.set_debug(true);
        event_loop.set_slow_callback_duration(0);
        event_loop.call_soon(|| {});
        tick(event_loop);
        Task::builder().name("slow").spawn_on(event_loop, async { Ok(()) });
        tick(event_loop);
    });
    let Some(printed) = printed else { return };
    let lines: Vec<&str> = printed.lines().filter(|line| line.starts_with("Executing ")).collect();
    let [callback, task] = lines[..] else {
        panic!("two lines: {printed}")
    };
    assert!(callback.starts_with("Executing callback took "), "{callback}");
    assert!(task.starts_with("Executing <Task") && task.contains("name='slow'"), "{task}");
    assert!(lines.iter().all(|line| line.ends_with(" seconds")), "{printed}");
}

// Errors that nobody handles.

#[test]
fn test_default_exc_handler_callback() {
    let printed = stderr_of("test_default_exc_handler_callback", |event_loop| {
        for delay in [None, Some(0.01)] {
            let promise: Promise<bool> = event_loop.create_promise();
            let setter = promise.clone();
            let callback = move || {
                setter.set_result(true).unwrap();
                panic!("after it was set");
            };
            promise.add_done_callback(|_| running_loop_stop());
            match delay {
                None => drop(event_loop.call_soon(callback)),
                Some(delay) => drop(event_loop.call_later(delay, callback)),
            }
            event_loop.run_forever().unwrap();
            assert!(promise.result().unwrap(), "what was done before the panic stands");
        }
    });
    if let Some(printed) = printed {
        assert_eq!(
            printed.matches("Exception in callback\nPanic: after it was set").count(),
            2,
            "{printed}"
        );
    }
}

#[test]
fn test_default_exc_handler_coro() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let task: Task<()> = event_loop.create_task(async {
        sleep(0.01).await?;
        Err(Error::value("nobody looks"))
    });
    task.add_done_callback(|_| running_loop_stop());
    event_loop.run_forever().unwrap();
    assert!(reports.take().is_empty(), "somebody may still look");
    drop(task);
    let [report] = &reports.take()[..] else { panic!("one report") };
    assert_eq!(report.message, "Task exception was never retrieved");
    assert_eq!(report.error.as_ref().map(Error::message), Some("nobody looks"));
}

#[test]
fn test_set_exc_handler_custom() {
    let printed = stderr_of("test_set_exc_handler_custom", |event_loop| {
        assert!(event_loop.exception_handler().is_none());
        let reports = Reports::of(event_loop);
        assert!(event_loop.exception_handler().is_some());
        event_loop.call_soon(|| panic!("handled"));
        tick(event_loop);
        let [report] = &reports.take()[..] else { panic!("one report") };
        assert_eq!(report.message, "Exception in callback");
        let error = report.error.as_ref().expect("its error");
        assert_eq!((error.kind(), error.message()), (Kind::Panic, "handled"));

        event_loop.set_exception_handler(None);
        assert!(event_loop.exception_handler().is_none());
        event_loop.call_soon(|| panic!("printed"));
        tick(event_loop);
        assert!(reports.take().is_empty());
    });
    if let Some(printed) = printed {
        assert!(printed.contains("Exception in callback\nPanic: printed"), "{printed}");
        assert!(!printed.contains("Panic: handled"), "{printed}");
    }
}

#[test]
fn test_set_exc_handler_broken() {
    let printed = stderr_of("test_set_exc_handler_broken", |event_loop| {
        let goes_on = Trace::new();
        event_loop.set_exception_handler(Some(Rc::new(|_| panic!("spam"))));
        event_loop.call_soon(|| panic!("the first"));
        event_loop.call_soon(log(&goes_on, "the loop goes on"));
        tick(event_loop);
        assert_eq!(goes_on.take(), ["the loop goes on"]);
    });
    if let Some(printed) = printed {
        assert!(
            printed.contains("Unhandled error in exception handler\nPanic: spam"),
            "{printed}"
        );
        assert!(printed.contains("Exception in callback\nPanic: the first"), "{printed}");
    }
}

// Loops in loops.

#[test]
fn test_running_loop_within_a_loop() {
    let (outer, inner) = (virtual_loop(), virtual_loop());
    let outcome = outer.run_until_complete({
        let inner = inner.clone();
        async move { inner.run_forever() }
    });
    assert_eq!(
        error_of(outcome),
        (
            Kind::Runtime,
            "Cannot run the event loop while another loop is running".to_owned()
        )
    );
    assert!(!inner.is_running());
    inner.run_until_complete(async { Ok(()) }).unwrap();
}

/// The real clock moves on by itself, and only forwards.
#[test]
fn a_timer_never_fires_early() {
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let fired = Rc::new(RefCell::new(Vec::new()));
    let (times, inside) = (fired.clone(), event_loop.clone());
    event_loop
        .run_until_complete(async move {
            for delay in [1e-3, 1e-4, 1e-5] {
                let task = create_task(sleep(delay));
                let when = inside.time() + delay;
                task.await?;
                times.borrow_mut().push(inside.time() >= when);
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(fired.take(), [true; 3]);
}
