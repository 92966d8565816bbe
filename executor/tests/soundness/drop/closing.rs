//! Destructors that run when the loop is closed or dropped.

use std::cell::{Cell, RefCell};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use kolo_executor::testing::tick;
use kolo_executor::{Clock, ContextVar, EventLoop, Kind, Promise, all_tasks, gather, sleep, try_running_loop};

use crate::support::lives::{OnDrop, keep};

/// Uses a closed loop while it is dropped: everything is refused, and nothing does harm.
struct Latecomer {
    event_loop: EventLoop,
    promise: Promise<()>,
    dropped: Rc<Cell<bool>>,
}

impl Drop for Latecomer {
    fn drop(&mut self) {
        assert!(!self.dropped.replace(true));
        assert!(self.event_loop.is_closed());
        let refused = self.event_loop.create_task(async { Ok(()) });
        assert_eq!(refused.error().unwrap().unwrap().kind(), Kind::Runtime);
        self.event_loop.call_soon(|| panic!("the loop is closed"));
        self.event_loop.call_later(1, || panic!("the loop is closed")).cancel();
        assert!(self.event_loop.run_forever().is_err());
        assert!(self.event_loop.close().is_ok());
        assert!(self.event_loop.remote().call_soon(|| {}).is_err());
        for task in self.event_loop.all_tasks() {
            task.cancel();
            assert!(!task.done());
        }
        self.promise.add_done_callback(|_| panic!("the loop is closed"));
        self.promise.set_result(()).unwrap();
    }
}

/// Gives a latecomer to `place`, which must keep it until the loop closes.
#[track_caller]
fn close_with(place: impl FnOnce(&EventLoop, Latecomer)) {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    // Their texts only: a report keeps its task, and with it what is to be dropped.
    let reports = Rc::new(RefCell::new(Vec::new()));
    let list = reports.clone();
    event_loop.set_exception_handler(Some(Rc::new(move |context| {
        list.borrow_mut().push(format!("{} {:?}", context.message, context.error));
    })));
    let dropped = Rc::new(Cell::new(false));
    let promise = event_loop.create_promise::<()>();
    let awaited = promise.clone();
    event_loop.create_task(async move { (&awaited).await });
    let latecomer = Latecomer {
        event_loop: event_loop.clone(),
        promise,
        dropped: dropped.clone(),
    };
    place(&event_loop, latecomer);
    event_loop.create_task(sleep(1000));
    tick(&event_loop);
    assert!(!dropped.get());
    event_loop.close().unwrap();
    assert!(dropped.get());
    assert!(event_loop.all_tasks().is_empty());
    // A latecomer that is not refused as it should be panics, which is reported.
    assert!(
        reports
            .borrow()
            .iter()
            .all(|report| report == "Task was destroyed but it is pending! None"),
        "{reports:?}"
    );
}

#[test]
fn a_coroutine_that_never_ends() {
    close_with(|event_loop, latecomer| {
        event_loop.create_task(async move {
            let _held = latecomer;
            sleep(1000).await
        });
    });
}

#[test]
fn a_callback_that_is_never_called() {
    close_with(|event_loop, latecomer| {
        let handle = event_loop.clone();
        event_loop.call_soon(move || drop(handle.call_soon(move || drop(latecomer))));
    });
}

#[test]
fn a_timer_that_never_fires() {
    close_with(|event_loop, latecomer| drop(event_loop.call_later(1000, move || drop(latecomer))));
}

#[test]
fn a_reader_of_what_never_can_be_read() {
    let (stream, _other) = UnixStream::pair().unwrap();
    close_with(|event_loop, latecomer| event_loop.add_reader(&stream, move || keep(&latecomer)).unwrap());
}

#[test]
fn a_done_callback_of_a_task_that_never_is() {
    close_with(|event_loop, latecomer| {
        event_loop
            .create_task(sleep(1000))
            .add_done_callback(move |_| drop(latecomer));
    });
}

#[test]
fn a_done_callback_of_a_gather_that_never_is() {
    close_with(|event_loop, latecomer| {
        event_loop.create_task(async move {
            let gathered = gather([sleep(1000)]);
            gathered.as_any().add_done_callback(move |_| drop(latecomer));
            gathered.await
        });
    });
}

#[test]
fn a_value_in_the_context_of_a_task_that_never_is_done() {
    static LATE: ContextVar<Rc<Latecomer>> = ContextVar::new("late");
    close_with(|event_loop, latecomer| {
        event_loop.create_task(async move {
            LATE.set(Rc::new(latecomer));
            sleep(1000).await
        });
    });
}

#[test]
fn a_loop_that_is_dropped_without_being_closed() {
    let dropped = Rc::new(Cell::new(0));
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    event_loop.set_exception_handler(Some(Rc::new(|context| {
        assert_eq!(context.message, "Task was destroyed but it is pending!", "{context:?}");
    })));
    for _ in 0..2 {
        let count = dropped.clone();
        // The loop is past being found by its handle: there is none any more.
        let held = OnDrop(move || {
            count.set(count.get() + 1);
            assert!(try_running_loop().is_err());
            assert_eq!(all_tasks(), []);
        });
        event_loop.create_task(async move {
            let _held = held;
            sleep(1000).await
        });
    }
    tick(&event_loop);
    drop(event_loop);
    assert_eq!(dropped.get(), 2);
}

#[test]
fn a_loop_is_dropped_by_its_own_last_callback() {
    let dropped = Rc::new(Cell::new(false));
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let flag = dropped.clone();
    let held = OnDrop(move || flag.set(true));
    let last = RefCell::new(Some(event_loop.clone()));
    event_loop.call_soon(move || {
        drop(last.take());
        drop(held);
    });
    tick(&event_loop);
    drop(event_loop);
    assert!(dropped.get());
}
