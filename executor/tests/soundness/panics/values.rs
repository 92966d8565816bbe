//! Values that panic when they are dropped, cloned or shown, and the end of the loop.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::rc::Rc;
use std::task::Poll;
use std::{error, fmt};

use kolo_executor::testing::{run, tick};
use kolo_executor::{Clock, EventLoop, Kind, Promise, create_task, running_loop, sleep};

use super::{Bomb, loop_with_reports, panic_message};
use crate::support::lives::{Living, OnDrop, keep};

/// Cannot be cloned.
struct NoClone;

impl Clone for NoClone {
    fn clone(&self) -> NoClone {
        panic!("clone");
    }
}

/// Cannot be shown.
struct NoDebug;

impl fmt::Debug for NoDebug {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("debug");
    }
}

#[test]
fn a_value_that_cannot_be_cloned_stays_where_it_is() {
    let promise = Promise::new();
    promise.set_result(NoClone).unwrap();
    for _ in 0..2 {
        assert!(catch_unwind(AssertUnwindSafe(|| promise.result())).is_err());
    }
    let awaited = promise.clone();
    let (event_loop, _) = loop_with_reports();
    let outcome = event_loop.run_until_complete(async move { (&awaited).await.map(drop) });
    assert_eq!(panic_message(outcome), "clone");
    assert!(promise.take_result().is_ok());
    assert_eq!(promise.take_result().err().unwrap().kind(), Kind::InvalidState);
}

#[test]
fn a_value_that_cannot_be_shown_stays_where_it_is() {
    let promise = Promise::new();
    promise.set_result(NoDebug).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| format!("{promise:?}"))).is_err());
    assert_eq!(format!("{:?}", promise.as_any()), "<Promise finished>");
    assert!(promise.take_result().is_ok());
}

#[test]
fn a_value_may_look_at_its_promise_while_it_is_cloned_or_shown() {
    struct Curious(RefCell<Option<Promise<Curious>>>);
    impl Curious {
        fn look(&self) {
            let own = self.0.borrow();
            let own = own.as_ref().unwrap();
            assert!(own.done());
            assert!(own.error().unwrap().is_none());
            // It is out of its place meanwhile.
            assert_eq!(own.take_result().err().unwrap().kind(), Kind::InvalidState);
            assert_eq!(own.result().err().unwrap().kind(), Kind::InvalidState);
            assert!(own.set_result(Curious(RefCell::default())).is_err());
            assert!(!own.cancel());
            assert_eq!(format!("{:?}", own.as_any()), "<Promise finished>");
        }
    }
    impl Clone for Curious {
        fn clone(&self) -> Curious {
            self.look();
            Curious(RefCell::default())
        }
    }
    impl fmt::Debug for Curious {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.look();
            f.write_str("curious")
        }
    }
    let promise = Promise::new();
    promise.set_result(Curious(RefCell::new(Some(promise.clone())))).unwrap();
    assert!(promise.result().is_ok());
    assert_eq!(format!("{promise:?}"), "<Promise finished result=curious>");
    let value = promise.take_result().unwrap();
    assert!(value.0.take().unwrap().ptr_eq(&promise));
}

#[test]
fn results_that_panic_when_they_are_dropped() {
    let (event_loop, reports) = loop_with_reports();
    // Nobody has a handle: the loop drops the value.
    drop(event_loop.create_task(async { Ok(Bomb("nobody's")) }));
    // Cancelled too late: the value is lost.
    let late = event_loop.create_task(async {
        kolo_executor::current_task().unwrap().cancel();
        Ok(Bomb("late"))
    });
    // In the hands of a done callback, which takes it and drops it.
    event_loop
        .create_task(async { Ok(Bomb("taken")) })
        .add_done_callback(|task| drop(task.take_result()));
    let after = event_loop.create_task(async { Ok(3) });
    assert_eq!(event_loop.run_until_complete(after).unwrap(), 3);
    event_loop.run_until_complete(sleep(1)).unwrap();
    assert!(late.cancelled());
    assert!(event_loop.all_tasks().is_empty());
    let mut reports = reports();
    reports.sort();
    assert_eq!(reports.len(), 3, "{reports:?}");
    for (report, message) in reports.iter().zip(["late", "nobody's", "taken"]) {
        assert!(report.ends_with(message), "{reports:?}");
    }
}

#[test]
fn a_result_that_panics_in_the_hands_of_its_owner() {
    let (event_loop, reports) = loop_with_reports();
    let task = event_loop.create_task(async { Ok(Bomb("mine")) });
    tick(&event_loop);
    assert!(task.done());
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(task)));
    assert_eq!(*dropped.unwrap_err().downcast::<String>().unwrap(), "mine");
    event_loop.run_until_complete(sleep(1)).unwrap();
    assert!(reports().is_empty());
}

#[test]
fn a_payload_that_panics_when_it_is_dropped() {
    struct Payload;
    impl Drop for Payload {
        fn drop(&mut self) {
            panic!("the payload");
        }
    }
    let (event_loop, reports) = loop_with_reports();
    drop(event_loop.create_task::<()>(async { panic_any(Payload) }));
    event_loop.call_soon(|| panic_any(Payload));
    event_loop.run_until_complete(sleep(1)).unwrap();
    let reports = reports();
    assert!(
        reports
            .iter()
            .any(|report| report.starts_with("Task exception was never retrieved")),
        "{reports:?}"
    );
    assert!(
        reports.iter().any(|report| report.starts_with("Exception in callback")),
        "{reports:?}"
    );
}

#[test]
fn an_error_that_cannot_be_shown_is_reported_without() {
    #[derive(Debug)]
    struct Outer(Inner);
    #[derive(Debug)]
    struct Inner;
    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }
    impl fmt::Display for Inner {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("display");
        }
    }
    impl error::Error for Inner {}
    impl error::Error for Outer {
        fn source(&self) -> Option<&(dyn error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    drop(event_loop.create_task::<()>(async { Err(Outer(Inner))? }));
    event_loop.run_until_complete(sleep(1)).unwrap();
    assert!(event_loop.all_tasks().is_empty());
}

#[test]
fn everything_that_goes_with_the_loop_panics_when_it_is_dropped() {
    let (event_loop, reports) = loop_with_reports();
    let living = Living::new();
    let armed = |name| (Bomb(name), living.one());
    for name in ["coroutine 1", "coroutine 2"] {
        let held = armed(name);
        event_loop.create_task(async move {
            let _held = held;
            sleep(1000).await
        });
    }
    for name in ["done callback 1", "done callback 2"] {
        let held = armed(name);
        event_loop.create_task(sleep(1000)).add_done_callback(move |_| drop(held));
    }
    for name in ["timer 1", "timer 2"] {
        let held = armed(name);
        event_loop.call_later(1000, move || drop(held));
    }
    let (stream, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    let held = armed("reader");
    event_loop.add_reader(&stream, move || keep(&held)).unwrap();
    tick(&event_loop);
    for name in ["callback 1", "callback 2"] {
        let held = armed(name);
        event_loop.call_soon(move || drop(held));
    }
    let remote = event_loop.remote();
    let letter = Letter(std::thread::current().id());
    remote.call_soon(move || drop(letter)).unwrap();

    event_loop.close().unwrap();
    assert_eq!(living.count(), 0);
    assert!(remote.call_soon(|| {}).is_err());
    let reports = reports();
    let destroyed = reports
        .iter()
        .filter(|report| *report == "Task was destroyed but it is pending!");
    assert_eq!(destroyed.count(), 4);
    for name in ["coroutine", "done callback", "timer", "callback"] {
        for number in ["1", "2"] {
            let ending = format!(": {name} {number}");
            assert_eq!(
                reports.iter().filter(|report| report.ends_with(&ending)).count(),
                1,
                "{ending} in {reports:?}"
            );
        }
    }
    assert!(reports.iter().any(|report| report.ends_with(": reader")));
    assert!(reports.iter().any(|report| report.ends_with(": letter")));
}

/// A bomb that may be sent, and goes off in the thread it was made in.
struct Letter(std::thread::ThreadId);

impl Drop for Letter {
    fn drop(&mut self) {
        assert_eq!(std::thread::current().id(), self.0);
        panic!("letter");
    }
}

#[test]
fn a_loop_runs_and_closes_while_its_thread_panics() {
    let ran = Rc::new(Cell::new(false));
    let flag = ran.clone();
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _runs_a_loop = OnDrop(move || {
            let outcome = run(async {
                let task = create_task::<()>(async { panic!("inside of a panic") });
                assert_eq!(panic_message(task.await), "inside of a panic");
                running_loop().call_soon(|| {});
                sleep(1).await?;
                poll_fn(|_| Poll::Ready(Ok(5))).await
            });
            flag.set(outcome.unwrap() == 5);
        });
        panic!("outside");
    }));
    assert!(unwound.is_err());
    assert!(ran.get());
}
