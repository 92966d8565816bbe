//! What a loop's exception handler is told.

use std::cell::RefCell;
use std::rc::Rc;

use kolo_executor::{EventLoop, ExceptionContext};

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
