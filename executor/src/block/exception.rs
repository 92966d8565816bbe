//! What is told of an error that nobody handles.

use std::fmt;
use std::rc::Rc;

use crate::block::head::AnyPromise;
use crate::block::task::{AnyTask, TaskRef};
use crate::ground::caught::{Payload, catch};
use crate::ground::error::Error;
use crate::ground::stderr;

/// What is called with errors that nobody handles; see [`EventLoop::set_exception_handler`](crate::EventLoop::set_exception_handler),
/// which has an example.
pub type ExceptionHandler = Rc<dyn Fn(&ExceptionContext)>;

/// What is known of an error that nobody handles. Mirrors the `context` of `loop.call_exception_handler`.
///
/// ```
/// use std::rc::Rc;
///
/// use kolo::{ExceptionContext, run, running_loop};
///
/// run(async {
///     let handler = |context: &ExceptionContext| match &context.task {
///         Some(task) => println!("{} has failed, and nobody looked: {:?}", task.name(), context.error),
///         None => context.print(), // as is done without a handler
///     };
///     running_loop().set_exception_handler(Some(Rc::new(handler)));
///     running_loop().call_exception_handler(&ExceptionContext::new("something is odd"));
///     Ok(())
/// })
/// .unwrap();
/// ```
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
    /// What else it is about, by name: a `transport`, a `socket`.
    pub details: Vec<(&'static str, String)>,
}

impl ExceptionContext {
    /// A report that says only this.
    pub fn new(message: impl Into<String>) -> ExceptionContext {
        ExceptionContext {
            message: message.into(),
            error: None,
            task: None,
            promise: None,
            details: Vec::new(),
        }
    }

    pub(crate) fn of_callback(error: Error) -> ExceptionContext {
        ExceptionContext::new("Exception in callback").with_error(error)
    }

    pub(crate) fn of_panic(what: &str, payload: Payload) -> ExceptionContext {
        ExceptionContext::new(format!("Exception in {what}")).with_error(Error::panic(payload))
    }

    /// The report with its error.
    ///
    /// ```
    /// use kolo::{Error, ExceptionContext, run, running_loop};
    ///
    /// run(async {
    ///     let report = ExceptionContext::new("Fatal error on the line")
    ///         .with_error(Error::value("bad"))
    ///         .with_detail("line", 42);
    ///     running_loop().call_exception_handler(&report);
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    #[must_use]
    pub fn with_error(mut self, error: Error) -> ExceptionContext {
        self.error = Some(error);
        self
    }

    /// The report with something else that it is about.
    #[must_use]
    pub fn with_detail(mut self, name: &'static str, what: impl fmt::Debug) -> ExceptionContext {
        self.details.push((name, format!("{what:?}")));
        self
    }

    pub(crate) fn with_task(mut self, task: &TaskRef) -> ExceptionContext {
        self.task = Some(AnyTask::of(task));
        self
    }

    /// Prints the report to standard error, as is done where no exception handler is set. Mirrors
    /// `loop.default_exception_handler`.
    #[doc(alias = "default_exception_handler")]
    pub fn print(&self) {
        let text = catch(|| self.text());
        // A foreign error in the chain of causes shows itself, which may fail.
        stderr::say(text.unwrap_or_else(|_| format!("{}\n(its error cannot be shown)", self.message)));
    }

    fn text(&self) -> String {
        let mut text = self.message.clone();
        if let Some(task) = &self.task {
            text.push_str(&format!("\ntask: {task:?}"));
        }
        if let Some(promise) = &self.promise {
            text.push_str(&format!("\npromise: {promise:?}"));
        }
        for (name, what) in &self.details {
            text.push_str(&format!("\n{name}: {what}"));
        }
        if let Some(error) = &self.error {
            text.push_str(&format!("\n{}", error.traceback()));
        }
        text
    }
}
