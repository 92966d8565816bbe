//! Panics, wherever user code runs: each is one task's error or one report, and the loop goes on.

mod callbacks;
mod coroutines;
mod payloads;
mod values;

use std::cell::RefCell;
use std::rc::Rc;

use kolo_executor::{Clock, EventLoop, ExceptionContext, Kind, Result};

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

fn panic_message<T>(outcome: Result<T>) -> String {
    let error = outcome.err().expect("an error");
    assert_eq!(error.kind(), Kind::Panic);
    error.message().to_owned()
}
