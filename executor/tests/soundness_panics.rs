//! Panics, wherever user code runs: each is one task's error or one report, and the loop goes on.

mod soundness;

use std::cell::{Cell, RefCell};
use std::error;
use std::fmt;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use kolo_executor::{
    Clock, ContextVar, Error, EventLoop, ExceptionContext, Kind, Observer, Promise, Result, Task, as_completed, create_task,
    gather, running_loop, shield, sleep, task_group, timeout, wait,
};
use soundness::{Living, OnDrop, keep, run, tick};

/// A loop, and the messages of its reports with their errors.
fn loop_with_reports() -> (EventLoop, impl Fn() -> Vec<String>) {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let reports = Rc::new(RefCell::new(Vec::new()));
    let list = reports.clone();
    event_loop.set_exception_handler(Some(Rc::new(move |report: &ExceptionContext| {
        let error = report.error.as_ref().map(|error| format!(": {}", error.message()));
        list.borrow_mut()
            .push(format!("{}{}", report.message, error.unwrap_or_default()));
    })));
    (event_loop, move || reports.take())
}

/// Panics when it is dropped.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{}", self.0);
    }
}

/// A future that panics where it is told to.
struct Panics {
    in_poll: bool,
    in_drop: bool,
    _life: soundness::Life,
}

impl Future for Panics {
    type Output = Result<i32>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<i32>> {
        assert!(!self.in_poll, "in poll");
        Poll::Ready(Ok(1))
    }
}

impl Drop for Panics {
    fn drop(&mut self) {
        assert!(!self.in_drop, "in drop");
    }
}

fn panic_message<T>(outcome: Result<T>) -> String {
    let error = outcome.err().expect("an error");
    assert_eq!(error.kind(), Kind::Panic);
    error.message().to_owned()
}

// Coroutines.

#[test]
fn a_future_that_panics_in_poll_in_drop_and_in_both() {
    for (in_poll, in_drop, message, report) in [
        (false, false, None, None),
        (true, false, Some("in poll"), None),
        // The value is lost: it was there, but its coroutine did not end well.
        (false, true, Some("in drop"), None),
        (
            true,
            true,
            Some("in poll"),
            Some("A destructor in a coroutine panicked: in drop"),
        ),
    ] {
        let living = Living::new();
        let (event_loop, reports) = loop_with_reports();
        let task = event_loop.create_task(Panics {
            in_poll,
            in_drop,
            _life: living.one(),
        });
        let outcome = event_loop.run_until_complete(&task);
        match message {
            None => assert_eq!(outcome.unwrap(), 1),
            Some(message) => assert_eq!(panic_message(outcome), message),
        }
        assert!(task.done());
        assert_eq!(living.count(), 0);
        assert!(event_loop.all_tasks().is_empty());
        event_loop.run_until_complete(sleep(1)).unwrap();
        assert_eq!(reports(), report.map(str::to_owned).into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_coroutine_whose_value_panics_after_its_coroutine_did() {
    let (event_loop, reports) = loop_with_reports();
    struct Both;
    impl Future for Both {
        type Output = Result<Bomb>;
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<Bomb>> {
            Poll::Ready(Ok(Bomb("the value")))
        }
    }
    impl Drop for Both {
        fn drop(&mut self) {
            panic!("the coroutine");
        }
    }
    let task = event_loop.create_task(Both);
    assert_eq!(panic_message(event_loop.run_until_complete(task)), "the coroutine");
    assert_eq!(reports(), ["A destructor in a coroutine panicked: the value"]);
}

#[test]
fn a_cancelled_coroutine_that_panics_in_drop() {
    for steps in [0, 1] {
        let (event_loop, reports) = loop_with_reports();
        let held = Bomb("in drop");
        let task = event_loop.create_task(async move {
            let _held = held;
            pending::<Result<()>>().await
        });
        (0..steps).for_each(|_| tick(&event_loop));
        assert!(task.cancel());
        assert!(event_loop.run_until_complete(&task).unwrap_err().is_cancelled());
        assert!(task.cancelled());
        assert_eq!(reports(), ["A destructor in a coroutine panicked: in drop"]);
    }
}

#[test]
fn a_task_that_panics_after_many_others_were_queued() {
    let (event_loop, reports) = loop_with_reports();
    let steps = Rc::new(RefCell::new(Vec::new()));
    let tasks: Vec<Task<()>> = (0..6)
        .map(|number| {
            let steps = steps.clone();
            event_loop.create_task(async move {
                for step in 0..3 {
                    steps.borrow_mut().push((number, step));
                    assert!(number % 2 == 0 || step < 1, "task {number}");
                    sleep(0).await?;
                }
                Ok(())
            })
        })
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        let outcome = event_loop.run_until_complete(task);
        if number % 2 == 0 {
            outcome.unwrap();
        } else {
            assert_eq!(panic_message(outcome), format!("task {number}"));
        }
    }
    // Each in its turn, in every iteration.
    let expected: Vec<_> = (0..3)
        .flat_map(|step| (0..6).filter(move |n| n % 2 == 0 || step < 2).map(move |n| (n, step)))
        .collect();
    assert_eq!(steps.take(), expected);
    assert!(reports().is_empty());
}

#[test]
fn the_panic_of_a_task_nobody_waits_for_is_reported_once() {
    let (event_loop, reports) = loop_with_reports();
    drop(event_loop.create_task::<()>(async { panic!("alone") }));
    event_loop.run_until_complete(sleep(1)).unwrap();
    assert_eq!(reports(), ["Task exception was never retrieved: alone"]);
}

#[test]
fn the_payload_of_a_panic_is_kept() {
    let (event_loop, reports) = loop_with_reports();
    let task = event_loop.create_task::<()>(async { panic_any(42_u8) });
    let error = event_loop.run_until_complete(task).unwrap_err();
    assert_eq!(error.kind(), Kind::Panic);
    assert_eq!(*error.take_panic().unwrap().downcast::<u8>().unwrap(), 42);
    assert!(error.take_panic().is_none());
    assert!(reports().is_empty());
}

#[test]
fn a_panic_arrives_through_everything_that_waits() {
    async fn panics() -> Result<i32> {
        sleep(1).await?;
        panic!("inside");
    }
    run(async {
        assert_eq!(panic_message(gather([panics(), panics()]).await), "inside");
        let outcomes = gather([panics(), panics()]).return_exceptions().await?;
        assert!(outcomes.into_iter().all(|outcome| panic_message(outcome) == "inside"));
        assert_eq!(panic_message(shield(panics()).await), "inside");
        assert_eq!(panic_message(timeout(5, create_task(panics())).await), "inside");
        assert_eq!(panic_message(as_completed([panics()]).next().await.unwrap()), "inside");
        let (done, _) = wait([create_task(panics())]).await?;
        assert_eq!(done[0].error()?.unwrap().message(), "inside");
        let group = task_group(async |group| group.create_task(panics())).await;
        assert_eq!(group.unwrap_err().errors()[0].kind(), Kind::Panic);
        Ok(())
    })
    .unwrap();
}

// Callbacks.

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
    event_loop.set_observer(Some(Rc::new(Panicker(told.clone()))));
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

// Values.

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

// The end of the loop.

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
