//! What the conformance tests share: loops on the virtual clock, and recorders of what happens in them.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use kolo_executor::{Clock, Error, EventLoop, ExceptionContext, Kind, Result, Runner, try_running_loop};

/// A new loop on the virtual clock.
pub(crate) fn virtual_loop() -> EventLoop {
    EventLoop::with_clock(Clock::Virtual).expect("a new loop")
}

/// `run`, on the virtual clock.
#[track_caller]
pub(crate) fn run<T: 'static>(main: impl Future<Output = Result<T>> + 'static) -> Result<T> {
    let runner = Runner::builder().clock(Clock::Virtual).build()?;
    let outcome = runner.run(main);
    runner.close()?;
    outcome
}

/// Runs exactly one iteration: what CPython's tests do by `loop.call_soon(loop.stop); loop.run_forever()`, without the callback.
#[track_caller]
pub(crate) fn tick(event_loop: &EventLoop) {
    let before = event_loop.iterations();
    event_loop.stop();
    event_loop.run_forever().expect("an iteration");
    assert_eq!(event_loop.iterations(), before + 1, "one iteration and no more");
}

/// Runs so many iterations.
#[track_caller]
pub(crate) fn ticks(event_loop: &EventLoop, count: usize) {
    for _ in 0..count {
        tick(event_loop);
    }
}

/// The kind of the error that must be there.
#[track_caller]
pub(crate) fn kind_of<T: fmt::Debug>(outcome: Result<T>) -> Kind {
    outcome.expect_err("an error").kind()
}

/// The kind and the message of the error that must be there.
#[track_caller]
pub(crate) fn error_of<T: fmt::Debug>(outcome: Result<T>) -> (Kind, String) {
    let error = outcome.expect_err("an error");
    (error.kind(), error.message().to_owned())
}

/// A list of events, in the order in which they happened. Clones write to the same list.
#[derive(Clone, Default)]
pub(crate) struct Trace {
    events: Rc<RefCell<Vec<String>>>,
    /// The iteration that counts as number 0, and the loop's clock has nothing to do with it.
    zero: Rc<Cell<u64>>,
}

impl Trace {
    pub(crate) fn new() -> Trace {
        Trace::default()
    }

    /// Adds an event.
    pub(crate) fn log(&self, event: impl fmt::Display) {
        self.events.borrow_mut().push(event.to_string());
    }

    /// Has [`tick`](Trace::tick) count from the current iteration of the running loop on.
    pub(crate) fn start(&self) {
        self.zero.set(iteration());
    }

    /// Adds an event with the iteration in which it happens: `+2 event`.
    pub(crate) fn tick(&self, event: impl fmt::Display) {
        self.log(format!("+{} {event}", iteration() - self.zero.get()));
    }

    /// Adds an event with the time at which it happens: `0.1s event`.
    pub(crate) fn time(&self, event: impl fmt::Display) {
        let now = try_running_loop().expect("a running loop").time();
        self.log(format!("{now}s {event}"));
    }

    /// The events so far; the list is empty afterwards.
    pub(crate) fn take(&self) -> Vec<String> {
        self.events.take()
    }
}

fn iteration() -> u64 {
    try_running_loop().expect("a running loop").iterations()
}

/// Records what a loop's exception handler is called with.
#[derive(Clone, Default)]
pub(crate) struct Reports(Rc<RefCell<Vec<ExceptionContext>>>);

impl Reports {
    /// Becomes the loop's exception handler.
    pub(crate) fn of(event_loop: &EventLoop) -> Reports {
        let reports = Reports::default();
        let list = reports.0.clone();
        event_loop.set_exception_handler(Some(Rc::new(move |context| list.borrow_mut().push(context.clone()))));
        reports
    }

    /// The reports so far; the list is empty afterwards.
    pub(crate) fn take(&self) -> Vec<ExceptionContext> {
        self.0.take()
    }

    /// The messages so far; the list is empty afterwards.
    pub(crate) fn messages(&self) -> Vec<String> {
        self.take().into_iter().map(|context| context.message).collect()
    }
}

/// Sets a flag when it is dropped: tells whether what owns it still lives.
#[derive(Default)]
pub(crate) struct DropFlag(Rc<Cell<bool>>);

impl DropFlag {
    /// The flag, and what sets it.
    pub(crate) fn new() -> (Rc<Cell<bool>>, DropFlag) {
        let flag = DropFlag::default();
        (flag.0.clone(), flag)
    }
}

impl Drop for DropFlag {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

/// An error that can be recognised: `Other`, with this message.
pub(crate) fn boom(message: &'static str) -> Error {
    Error::other(message)
}

/// The message of the panic that must happen. It is printed as well, as every caught panic is.
#[track_caller]
pub(crate) fn panic_of<T>(call: impl FnOnce() -> T) -> String {
    let outcome = catch_unwind(AssertUnwindSafe(|| drop(call())));
    let payload = outcome.expect_err("a panic");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&'static str>().expect("a text")).to_owned(),
    }
}
