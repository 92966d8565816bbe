//! Callbacks, handlers and observers that panic.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use kolo_executor::testing::tick;
use kolo_executor::{Clock, ContextVar, Error, EventLoop, Observer, Promise, create_task, sleep};

use crate::support::lives::OnDrop;
use crate::support::outcome::panic_of;

use super::{loop_with_reports, panic_message};

#[test]
fn callbacks_that_panic() {
    let (event_loop, reports) = loop_with_reports();
    let order = Rc::new(RefCell::new(Vec::new()));
    let note = |name: &'static str, panics: bool| {
        let order = order.clone();
        move || {
            order.borrow_mut().push(name);
            assert!(!panics, "{name}");
        }
    };
    event_loop.call_soon(note("a", true));
    event_loop.call_soon(note("b", false));
    event_loop.call_later(1, note("c", true));
    event_loop.call_later(1, note("d", false));
    let promise = event_loop.create_promise::<()>();
    for (name, panics) in [("e", true), ("f", false), ("g", true), ("h", false)] {
        let note = note(name, panics);
        promise.add_done_callback(move |_| note());
    }
    event_loop.run_until_complete(sleep(2)).unwrap();
    promise.set_result(()).unwrap();
    event_loop.run_until_complete(sleep(2)).unwrap();
    assert_eq!(order.take(), ["a", "b", "c", "d", "e", "f", "g", "h"]);
    let reports = reports();
    assert_eq!(reports.len(), 4, "{reports:?}");
    for (report, name) in reports.iter().zip(["a", "c", "e", "g"]) {
        assert!(
            report.starts_with("Exception in callback") && report.ends_with(&format!(": {name}")),
            "{report}"
        );
    }
}

#[test]
fn a_reader_that_panics_is_called_again() {
    let (event_loop, reports) = loop_with_reports();
    let (stream, mut other) = std::os::unix::net::UnixStream::pair().unwrap();
    std::io::Write::write_all(&mut other, b"x").unwrap();
    let calls = Rc::new(Cell::new(0));
    let (count, stopper) = (calls.clone(), event_loop.clone());
    event_loop
        .add_reader(&stream, move || {
            count.set(count.get() + 1);
            if count.get() == 3 {
                stopper.stop();
            }
            panic!("call {}", count.get());
        })
        .unwrap();
    event_loop.run_forever().unwrap();
    assert_eq!(calls.get(), 3);
    // The reader has a handle of the loop.
    event_loop.close().unwrap();
    assert_eq!(reports().len(), 3);
}

#[test]
fn the_context_is_put_back_after_a_panic() {
    static VARIABLE: ContextVar<i32> = ContextVar::new("variable");
    let (event_loop, reports) = loop_with_reports();
    VARIABLE.set(1);
    event_loop.call_soon(|| {
        VARIABLE.set(2);
        panic!("in another context");
    });
    event_loop.call_soon(|| assert_eq!(VARIABLE.get(), Some(1)));
    tick(&event_loop);
    assert_eq!(VARIABLE.get(), Some(1));
    assert_eq!(reports().len(), 1);
}

#[test]
fn an_exception_handler_that_panics() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    event_loop.set_exception_handler(Some(Rc::new(move |_| {
        count.set(count.get() + 1);
        panic!("the handler");
    })));
    drop(event_loop.create_task::<()>(async { Err(Error::other("unhandled")) }));
    event_loop.call_soon(|| panic!("the callback"));
    event_loop.run_until_complete(sleep(1)).unwrap();
    event_loop.create_task(sleep(100));
    tick(&event_loop);
    event_loop.close().unwrap();
    assert_eq!(calls.get(), 3);
}

#[test]
fn an_observer_that_panics_changes_nothing() {
    /// Panics at everything it is told of.
    struct Panicker(Rc<Cell<u32>>);
    impl Panicker {
        fn fail(&self) {
            self.0.set(self.0.get() + 1);
            panic!("the observer");
        }
    }
    impl Observer for Panicker {
        fn task_created(&self, _: &kolo_executor::AnyTask) {
            self.fail();
        }
        fn step_begins(&self, _: &kolo_executor::AnyTask) {
            self.fail();
        }
        fn step_ends(&self, _: &kolo_executor::AnyTask) {
            self.fail();
        }
        fn parked(
            &self,
            _: &kolo_executor::AnyTask,
            _: Option<&kolo_executor::AnyPromise>,
            _: Option<&'static std::panic::Location<'static>>,
        ) {
            self.fail();
        }
        fn woken(&self, _: &kolo_executor::AnyTask, _: Option<&kolo_executor::AnyTask>) {
            self.fail();
        }
        fn finished(&self, _: &kolo_executor::AnyTask) {
            self.fail();
        }
        fn timer_fired(&self, _: f64) {
            self.fail();
        }
    }
    let (event_loop, reports) = loop_with_reports();
    let told = Rc::new(Cell::new(0));
    event_loop.add_observer(Rc::new(Panicker(told.clone())));
    let outcome = event_loop.run_until_complete(async {
        let promise = Promise::new();
        let awaited = promise.clone();
        let task = create_task(async move {
            sleep(0).await?;
            sleep(1).await?;
            (&awaited).await
        });
        sleep(2).await?;
        promise.set_result(7)?;
        let failed = create_task::<()>(async { panic!("a task") });
        assert_eq!(panic_message(failed.await), "a task");
        task.await
    });
    assert_eq!(outcome.unwrap(), 7);
    assert!(told.get() > 20);
    assert_eq!(reports().len(), told.get() as usize);
}

#[test]
fn a_callback_of_a_loop_that_is_gone_panics_when_it_is_dropped_and_others_are_woken() {
    struct Wakes(AtomicUsize);
    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let promise = {
        let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
        event_loop.create_promise::<()>()
    };
    let wakes = Arc::new(Wakes(AtomicUsize::new(0)));
    let waker = Waker::from(wakes.clone());
    let mut waits = Vec::new();
    for number in 0..3 {
        let panics = OnDrop(move || panic!("destructor {number}"));
        promise.add_done_callback(move |_| drop(panics));
        let mut wait = (&promise).into_future();
        assert!(Pin::new(&mut wait).poll(&mut Context::from_waker(&waker)).is_pending());
        waits.push(wait);
    }
    assert_eq!(panic_of(|| promise.set_result(())), "destructor 0");
    assert_eq!(wakes.0.load(Ordering::Relaxed), 3);
    assert!(promise.done());
}
