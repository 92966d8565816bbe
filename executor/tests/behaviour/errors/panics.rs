//! What panics for a misuse names the line of the misuse, and not one of kolo's.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind, set_hook, take_hook};
use std::rc::Rc;
use std::sync::Once;

use kolo_executor::testing::{Trace, run, tick};
use kolo_executor::{
    Error, Promise, Result, Task, as_completed, create_task, ensure_future, gather, running_loop, shield, sleep,
};

use crate::support::runs::virtual_loop;

thread_local! {
    /// Where this thread has panicked last, while that is asked.
    static ASKED: Cell<Option<Option<(String, u32)>>> = const { Cell::new(None) };
}

/// The line of this file where `call` panics.
fn line_of<T>(call: impl FnOnce() -> T) -> u32 {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| match (ASKED.take(), panic.location()) {
            (Some(_), Some(place)) => ASKED.set(Some(Some((place.file().to_owned(), place.line())))),
            _ => usual(panic),
        }));
    });
    ASKED.set(Some(None));
    let outcome = catch_unwind(AssertUnwindSafe(|| drop(call())));
    let place = ASKED.take().flatten();
    assert!(outcome.is_err(), "no panic");
    let (file, line) = place.expect("the hook was called");
    assert_eq!(file, file!());
    line
}

/// The lines on which these panic.
macro_rules! panic_here {
    ($($misuse:expr;)+) => {
        [$(line_of(|| $misuse)),+].to_vec()
    };
}

/// So many lines, one after the other.
fn lines_from(first: u32, count: usize) -> Vec<u32> {
    (first..).take(count).collect()
}

fn nothing() -> std::future::Ready<Result<()>> {
    std::future::ready(Ok(()))
}

#[test]
fn where_no_loop_runs() {
    let first = line!() + 2;
    let lines = panic_here! {
        create_task(nothing());
        Task::builder().spawn(nothing());
        ensure_future(nothing());
        gather([nothing()]);
        gather(Vec::<Task<()>>::new());
        kolo_executor::gather!(nothing(), nothing());
        shield(nothing());
        shield(Promise::<()>::new());
        as_completed([nothing()]);
        as_completed([Promise::<()>::new()]);
        running_loop();
        Promise::<()>::new().add_done_callback(|_| ());
        Promise::<()>::new().as_any().add_done_callback(|_| ());
        Trace::new().start();
        Trace::new().log_iteration("event");
        Trace::new().log_time("event");
    };
    assert_eq!(lines, lines_from(first, lines.len()));
}

/// A promise needs a loop to call it, a task and a gather have one, even if that is closed.
#[test]
fn a_task_takes_callbacks_wherever_it_is() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(nothing());
    let called = Rc::new(Cell::new(0));
    let count = || {
        let called = called.clone();
        move || called.set(called.get() + 1)
    };
    let [of_task, of_promise, of_any, of_gather] = [count(), count(), count(), count()];
    task.add_done_callback(move |_: &Task<()>| of_task());
    Promise::clone(&task).add_done_callback(move |_| of_promise());
    task.as_any_task().add_done_callback(move |_| of_any());
    gather([&task]).as_any().add_done_callback(move |_| of_gather());
    event_loop.run_until_complete(&task).unwrap();
    tick(&event_loop);
    tick(&event_loop);
    assert_eq!(called.get(), 4);

    event_loop.close().unwrap();
    let late = event_loop.create_task(nothing());
    let never = count();
    late.add_done_callback(move |_| never());
    assert_eq!(called.get(), 4);
}

#[test]
fn where_a_time_is_not_a_number() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<()>();
    let first = line!() + 2;
    let lines = panic_here! {
        event_loop.call_later(f64::NAN, || ());
        event_loop.call_at(f64::NAN, || ());
        event_loop.set_slow_callback_duration(f64::NAN);
        as_completed([&promise]).timeout(f64::NAN);
    };
    assert_eq!(lines, lines_from(first, lines.len()));
}

#[test]
fn where_testing_is_misused() {
    let closed = virtual_loop();
    closed.close().unwrap();
    let trace = Trace::new();
    let started = trace.clone();
    run(async move {
        sleep(1).await?;
        started.start();
        Ok(())
    })
    .unwrap();
    let fresh = virtual_loop();
    let first = line!() + 1;
    let lines = panic_here! {
        tick(&closed);
        fresh.run_until_complete(async move { trace.log_iteration("event"); Ok(()) }).map_err(resumed);
    };
    assert_eq!(lines, lines_from(first + 1, 2));
}

/// A task's panic goes on.
fn resumed(error: Error) {
    resume_unwind(error.take_panic().unwrap());
}

#[test]
fn a_panic_that_nobody_asks_for_is_told_as_ever() {
    assert!(catch_unwind(|| panic_any(())).is_err());
    assert!(ASKED.take().is_none());
}
