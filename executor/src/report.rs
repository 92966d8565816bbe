//! Errors that nobody handles: reported, never silent, and never the end of the loop.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Instant;

use crate::context::Context;
use crate::core::Core;
use crate::current;
use crate::error::Error;
use crate::promise::AnyPromise;
use crate::ready::Entry;
use crate::task::raw::Ref;
use crate::task::{AnyTask, TaskRef};

/// What is called with errors that nobody handles; see [`EventLoop::set_exception_handler`](crate::EventLoop::set_exception_handler).
pub type ExceptionHandler = Rc<dyn Fn(&ExceptionContext)>;

/// What is known of an error that nobody handles. Mirrors the `context` of `loop.call_exception_handler`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExceptionContext {
    /// What happened, in a sentence.
    pub message: String,
    /// The error, if there is one.
    pub error: Option<Error>,
    /// The task whose error it is.
    pub task: Option<AnyTask>,
    /// The promise whose error it is.
    pub promise: Option<AnyPromise>,
}

impl ExceptionContext {
    /// A report that says only this.
    pub fn new(message: impl Into<String>) -> ExceptionContext {
        ExceptionContext {
            message: message.into(),
            error: None,
            task: None,
            promise: None,
        }
    }

    fn of_panic(what: &str, payload: Box<dyn Any + Send>) -> ExceptionContext {
        ExceptionContext::new(format!("Exception in {what}")).with_error(Error::panic(payload))
    }

    /// The report with its error.
    #[must_use]
    pub fn with_error(mut self, error: Error) -> ExceptionContext {
        self.error = Some(error);
        self
    }

    pub(crate) fn with_task(mut self, task: &TaskRef) -> ExceptionContext {
        self.task = Some(AnyTask::new(task.clone()));
        self
    }

    /// Prints the report to standard error, as is done where no exception handler is set. Mirrors
    /// `loop.default_exception_handler`.
    pub fn print(&self) {
        let text = catch_unwind(AssertUnwindSafe(|| self.text()));
        // A foreign error in the chain of causes shows itself, which may fail.
        eprintln!(
            "{}",
            text.unwrap_or_else(|_| format!("{}\n(its error cannot be shown)", self.message))
        );
    }

    fn text(&self) -> String {
        let mut text = self.message.clone();
        if let Some(task) = &self.task {
            text.push_str(&format!("\ntask: {task:?}"));
        }
        if let Some(promise) = &self.promise {
            text.push_str(&format!("\npromise: {promise:?}"));
        }
        if let Some(error) = &self.error {
            text.push_str(&format!("\n{error:?}"));
        }
        text
    }
}

impl Core {
    pub(crate) fn report(&self, context: ExceptionContext) {
        self.call_exception_handler(&context);
    }

    pub(crate) fn call_exception_handler(&self, context: &ExceptionContext) {
        let handler = self.handler.borrow().clone();
        let Some(handler) = handler else { return context.print() };
        // Of a task's error it learns in the task's context.
        let values = match &context.task {
            Some(task) => task.context(),
            None => Context::current(),
        };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| values.run(|| handler(context)))) {
            context.print();
            ExceptionContext::new("Unhandled error in exception handler")
                .with_error(Error::panic(payload))
                .print();
        }
    }

    /// Calls user code that may panic.
    pub(crate) fn guard(&self, what: &str, call: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(call)) {
            self.report(ExceptionContext::of_panic(what, payload));
        }
    }

    /// Drops each, whatever the destructors of the others do.
    pub(crate) fn drop_each<T>(&self, values: impl IntoIterator<Item = T>) {
        for value in values {
            self.guard("destructor", || drop(value));
        }
    }

    /// Runs an entry in debug mode, and tells when it takes long.
    #[cold]
    pub(crate) fn run_timed(&self, entry: Entry) {
        let what = match &entry {
            Entry::Step(task) => format!("{:?}", AnyTask::new(task.clone())),
            _ => "callback".to_owned(),
        };
        let start = Instant::now();
        self.run_entry(entry);
        let took = start.elapsed();
        if took.as_nanos() >= self.slow_callback.get().try_into().unwrap_or(0) {
            eprintln!("Executing {what} took {:.3} seconds", took.as_secs_f64());
        }
    }
}

/// The last handle of a promise goes, and nobody has looked at its error.
pub(crate) fn never_retrieved(promise: &Ref) {
    promise.head().mark_retrieved();
    let task = TaskRef::new(promise);
    let kind = if task.is_some() { "Task" } else { "Promise" };
    let context = ExceptionContext {
        message: format!("{kind} exception was never retrieved"),
        error: promise.error(),
        task: task.map(AnyTask::new),
        promise: None,
    };
    let context = match context.task {
        Some(_) => context,
        None => ExceptionContext {
            promise: Some(AnyPromise(promise.clone())),
            ..context
        },
    };
    tell(promise.head().loop_id.get(), context);
}

/// Tells the loop with this id, or else the one that runs.
fn tell(loop_id: u16, context: ExceptionContext) {
    match current::core_of(loop_id).or_else(current::core) {
        Some(core) => core.report(context),
        None => context.print(),
    }
}

/// Calls user code that may panic, for a promise of the loop with this id.
pub(crate) fn guard(loop_id: u16, what: &str, call: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(call)) {
        tell(loop_id, ExceptionContext::of_panic(what, payload));
    }
}
