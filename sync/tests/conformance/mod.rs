//! What the conformance tests share: runs on the virtual clock, and recorders of what happens in them.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use kolo_executor::{Clock, Kind, Result, Runner, Task, running_loop};

/// `run`, on the virtual clock.
#[track_caller]
pub(crate) fn run<T: 'static>(main: impl Future<Output = Result<T>> + 'static) -> Result<T> {
    let runner = Runner::builder().clock(Clock::Virtual).build()?;
    let outcome = runner.run(main);
    runner.close()?;
    outcome
}

/// Runs a coroutine that records what happens, and gives the events. It must not fail.
#[track_caller]
pub(crate) fn traced(main: impl AsyncFnOnce(Trace) -> Result<()> + 'static) -> Vec<String> {
    let trace = Trace::default();
    let events = trace.clone();
    run(async move {
        trace.zero.set(running_loop().iterations());
        main(trace).await
    })
    .expect("a run without an error");
    events.events.take()
}

/// The events of a run, in the order in which they happened, each with its iteration, counted from the first step of the main task. Clones
/// write to the same list.
#[derive(Clone, Default)]
pub(crate) struct Trace {
    events: Rc<RefCell<Vec<String>>>,
    zero: Rc<Cell<u64>>,
}

impl Trace {
    /// Adds an event: `+2 event`.
    pub(crate) fn log(&self, event: impl fmt::Display) {
        let tick = running_loop().iterations() - self.zero.get();
        self.events.borrow_mut().push(format!("+{tick} {event}"));
    }
}

/// The kind and the message of the error that must be there.
#[track_caller]
pub(crate) fn error_of<T: fmt::Debug>(outcome: Result<T>) -> (Kind, String) {
    let error = outcome.expect_err("an error");
    (error.kind(), error.message().to_owned())
}

/// The kind of the error that must be there.
#[track_caller]
pub(crate) fn kind_of<T: fmt::Debug>(outcome: Result<T>) -> Kind {
    error_of(outcome).0
}

/// What asyncio shows of a primitive.
pub(crate) fn text(primitive: &impl fmt::Debug) -> String {
    format!("{primitive:?}")
}

/// Cancels a task from a callback in the next iteration.
pub(crate) fn cancel_soon<T: 'static>(task: &Task<T>) {
    let task = task.clone();
    running_loop().call_soon(move || {
        task.cancel();
    });
}
