//! What the promise of a gather has of its own.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use crate::block::head::AnyPromise;
use crate::block::listener::WeakListener;
use crate::ground::error::Error;

/// A gather is cancelled by cancelling its children.
pub(crate) struct GatherHead {
    /// As they were given: who was given twice is there twice.
    pub(crate) children: Rc<[AnyPromise]>,
    /// The cancellation that was passed on to the children, to be reported once they are done.
    pub(crate) cancelled: Cell<Option<Error>>,
    /// Who is told of the children's ends.
    pub(crate) listener: OnceCell<WeakListener>,
}
