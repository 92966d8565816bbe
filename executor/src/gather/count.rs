//! How a gather learns that it is done: its head, which hands cancellations down, and the count of its children, which reports up.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::error::Error;
use crate::listener::{Awaiter, Listen};
use crate::promise::{AnyPromise, Head, Promise, State, any};
use crate::task::raw::Ref;

/// The head of the promise that stands for a gather: cancelling it cancels the children.
#[repr(C)]
pub(crate) struct GatherHead {
    pub(super) head: Head,
    pub(super) children: Rc<[AnyPromise]>,
    /// The cancellation that was passed on to the children, to be reported once they are done.
    pub(super) cancelled: Cell<Option<Error>>,
}

impl GatherHead {
    /// Asks every child. The gather itself is done when they are.
    pub(crate) fn cancel(&self, gather: &Ref, error: Error) -> bool {
        if gather.head().done() {
            return false;
        }
        let mut accepted = false;
        for child in self.children.iter() {
            accepted |= any::cancel(&child.0, error.clone());
        }
        if accepted {
            self.cancelled.set(Some(error));
        }
        accepted
    }
}

/// What the children's completions are told to.
pub(super) struct Count {
    pub(super) outer: Promise<()>,
    /// Each different child once; a child's number is its index.
    pub(super) children: Rc<[AnyPromise]>,
    pub(super) finished: Cell<usize>,
    pub(super) return_exceptions: Cell<bool>,
    /// The children that were done when the gather was made. They are counted at the first look at it, because until then
    /// `return_exceptions` may change what they mean.
    pub(super) done_at_once: RefCell<Vec<u32>>,
}

impl Count {
    #[inline]
    pub(super) fn begin(&self) {
        if !self.done_at_once.borrow().is_empty() {
            self.count_done_at_once();
        }
    }

    #[cold]
    fn count_done_at_once(&self) {
        for index in self.done_at_once.take() {
            self.child_done(index);
        }
    }

    #[inline]
    fn child_done(&self, index: u32) {
        self.finished.set(self.finished.get() + 1);
        let child = &self.children[index as usize];
        // With `return_exceptions` errors are looked at in the end. Until then nobody has seen them.
        let looks = self.outer.done() || !self.return_exceptions.get();
        if looks && child.0.head().state.get() != State::Value {
            let error = child.error();
            if !self.outer.done()
                && let Err(error) | Ok(Some(error)) = error
            {
                return self.fail(error);
            }
        }
        if self.outer.done() {
            return;
        }
        if self.finished.get() == self.children.len() {
            self.finish();
        }
    }

    #[cold]
    fn finish(&self) {
        for child in self.children.iter() {
            child.0.head().mark_retrieved();
        }
        let cancelled = self
            .outer
            .block
            .erased()
            .heading::<GatherHead>()
            .and_then(|head| head.cancelled.take());
        match cancelled {
            Some(error) => self.fail(error),
            None => self.outer.fulfil(()),
        }
    }

    /// Even a cancellation is an error here: a gather is never "cancelled".
    pub(super) fn fail(&self, error: Error) {
        self.outer.block.erased().fail(error, State::UnseenError);
    }
}

impl Listen for Rc<Count> {
    fn notify(&self, index: u32) {
        self.begin();
        self.child_done(index);
    }

    fn owned(&self) -> &[AnyPromise] {
        &self.children
    }

    fn awaiter(&self) -> Option<Awaiter> {
        Some(Awaiter::Promise(self.outer.as_any()))
    }
}
