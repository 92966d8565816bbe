//! User code that panics.

use std::cell::Cell;
use std::rc::Rc;

use kolo_executor::testing::{Trace, tick};
use kolo_executor::{Error, Kind, Result, create_task, sleep, sleep_with};

use crate::support::reports::Reports;
use crate::support::runs::{ticks, virtual_loop};

/// The messages of the reports, each with its error.
fn told(reports: &Reports) -> Vec<String> {
    let shown = |error: &Error| format!("{error:?}");
    reports
        .take()
        .into_iter()
        .map(|report| {
            format!(
                "{} ({})",
                report.message,
                report.error.as_ref().map_or_else(String::new, shown)
            )
        })
        .collect()
}

#[test]
fn a_callback_that_panics_is_reported_and_the_others_run() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let trace = Trace::new();
    let (soon, timed, done) = (trace.clone(), trace.clone(), trace.clone());
    event_loop.call_soon(|| panic!("soon"));
    event_loop.call_soon(move || soon.log("soon"));
    tick(&event_loop);
    event_loop.call_later(0, || panic!("later"));
    event_loop.call_later(0, move || timed.log("later"));
    tick(&event_loop);
    let promise = event_loop.create_promise::<()>();
    promise.add_done_callback(|_| panic!("done"));
    promise.add_done_callback(move |_| done.log("done"));
    promise.set_result(()).unwrap();
    tick(&event_loop);
    assert_eq!(trace.take(), ["soon", "later", "done"]);
    let expected = ["soon", "later", "done"].map(|text| format!("Exception in callback (Panic: {text})"));
    assert_eq!(told(&reports), expected);
}

#[test]
fn a_reader_that_panics_is_reported_and_called_again() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let (reader, writer) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut &writer, b"x").unwrap();
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    event_loop
        .add_reader(&reader, move || {
            count.set(count.get() + 1);
            panic!("call {}", count.get());
        })
        .unwrap();
    ticks(&event_loop, 2);
    assert_eq!(calls.get(), 2);
    assert!(event_loop.remove_reader(&reader));
    tick(&event_loop);
    assert_eq!(
        told(&reports),
        [
            "Exception in callback (Panic: call 1)",
            "Exception in callback (Panic: call 2)"
        ]
    );
}

#[test]
fn a_task_that_panics_fails_with_it() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let awaited = event_loop.run_until_complete(async {
        let task = create_task(async {
            sleep(0).await?;
            if true {
                panic!("in a task");
            }
            Ok(())
        });
        let error = (&task).await.unwrap_err();
        assert!(!task.cancelled());
        Ok((error.kind(), error.message().to_owned(), error.take_panic().is_some()))
    });
    assert_eq!(awaited.unwrap(), (Kind::Panic, "in a task".to_owned(), true));
    assert!(reports.take().is_empty(), "somebody has seen it");

    drop(event_loop.create_task(async { panic_now("nobody looks") }));
    tick(&event_loop);
    assert_eq!(told(&reports), ["Task exception was never retrieved (Panic: nobody looks)"]);
}

fn panic_now(text: &'static str) -> Result<()> {
    panic!("{text}")
}

#[test]
fn an_exception_handler_that_panics_is_no_harm() {
    let event_loop = virtual_loop();
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    event_loop.set_exception_handler(Some(Rc::new(move |_| {
        count.set(count.get() + 1);
        panic!("in the handler");
    })));
    event_loop.call_soon(|| panic!("in the callback"));
    let after = Rc::new(Cell::new(false));
    let flag = after.clone();
    event_loop.call_soon(move || flag.set(true));
    tick(&event_loop);
    assert_eq!((calls.get(), after.get()), (1, true));
}

/// Panics when it is dropped.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("{}", self.0);
        }
    }
}

#[test]
fn destructors_that_panic_do_not_stop_the_loop() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let trace = Trace::new();

    // A coroutine that is cancelled before it begins.
    let bomb = Bomb("never began");
    let task = event_loop.create_task(async move {
        let _bomb = bomb;
        Ok(())
    });
    task.cancel();
    let log = trace.clone();
    event_loop.call_soon(move || log.log("after the task"));
    tick(&event_loop);
    assert!(task.cancelled());

    // What a callback owns, and a result that nobody takes.
    let bomb = Bomb("owned by a callback");
    event_loop.call_soon(move || drop(bomb));
    drop(event_loop.create_task(async { Ok(Bomb("a result")) }));
    let log = trace.clone();
    event_loop.call_soon(move || log.log("after the callback"));
    tick(&event_loop);
    assert_eq!(trace.take(), ["after the task", "after the callback"]);
    let expected = [
        "A destructor in a coroutine panicked (Panic: never began)",
        "Exception in callback (Panic: owned by a callback)",
        "Exception in callback (Panic: a result)",
    ];
    assert_eq!(told(&reports), expected);
}

#[test]
fn the_loop_goes_on_after_all_of_it() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    for _ in 0..3 {
        event_loop.call_soon(|| panic!("again"));
        assert_eq!(event_loop.run_until_complete(sleep_with(1, "fine")).unwrap(), "fine");
    }
    assert_eq!(event_loop.time(), 3.0);
    assert_eq!(told(&reports).len(), 3);
    event_loop.close().unwrap();
    assert!(reports.take().is_empty());
}
