//! Errors that nobody handles: reported, never silent, and never the end of the loop.

use crate::block::exception::ExceptionContext;
use crate::block::head::AnyPromise;
use crate::block::raw::Ref;
use crate::block::task::{AnyTask, TaskRef};
use crate::ground::caught::catch;
use crate::ground::context::Context;
use crate::ground::error::Error;
use crate::wheel::core::Core;
use crate::wheel::current;

impl Core {
    pub(crate) fn report(&self, context: ExceptionContext) {
        self.call_exception_handler(&context);
    }

    pub(crate) fn call_exception_handler(&self, context: &ExceptionContext) {
        let handler = self.handler.borrow().clone();
        let Some(handler) = handler else { return context.print() };
        // Of a task's error it learns in the task's context.
        let values = match &context.task {
            Some(task) => task.head().context_handle(),
            None => Context::current(),
        };
        if let Err(payload) = catch(|| values.run(|| handler(context))) {
            context.print();
            ExceptionContext::new("Unhandled error in exception handler")
                .with_error(Error::panic(payload))
                .print();
        }
    }

    /// Calls user code that may panic.
    pub(crate) fn guard(&self, what: &str, call: impl FnOnce()) {
        if let Err(payload) = catch(call) {
            self.report(ExceptionContext::of_panic(what, payload));
        }
    }

    /// Drops each, whatever the destructors of the others do.
    pub(crate) fn drop_each<T>(&self, values: impl IntoIterator<Item = T>) {
        for value in values {
            self.guard("destructor", || drop(value));
        }
    }
}

/// The last handle of a task or another promise goes, and nobody has looked at its error.
pub(crate) fn never_retrieved(promise: &Ref) {
    promise.head().mark_retrieved();
    let task = TaskRef::new(promise);
    let mut context = ExceptionContext::new(match &task {
        Some(_) => "Task exception was never retrieved",
        None => "Promise exception was never retrieved",
    });
    context.error = promise.error();
    context.promise = task.is_none().then(|| AnyPromise(promise.clone()));
    context.task = task.as_ref().map(AnyTask::of);
    tell(promise.head().loop_id.get(), context);
}

/// Tells the loop with this id, or else the one that runs.
fn tell(loop_id: u16, context: ExceptionContext) {
    match current::loop_of(loop_id).or_else(current::running) {
        Some(event_loop) => event_loop.0.report(context),
        None => context.print(),
    }
}

/// Calls user code that may panic, for a promise of the loop with this id.
pub(crate) fn guard(loop_id: u16, what: &str, call: impl FnOnce()) {
    if let Err(payload) = catch(call) {
        tell(loop_id, ExceptionContext::of_panic(what, payload));
    }
}
