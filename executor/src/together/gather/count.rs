//! How a gather learns that it is done: its head, which hands cancellations down, and the count of its children, which reports up.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::block::head::{AnyPromise, State};
use crate::block::listener::Listen;
use crate::block::raw::{Kind, Ref};
use crate::ground::error::Error;
use crate::handle::promise::Promise;
use crate::wheel::report;

/// What the promise has of its own that stands for a gather: cancelling it cancels the children.
pub(super) struct GatherHead {
    pub(super) children: Rc<[AnyPromise]>,
    /// The cancellation that was passed on to the children, to be reported once they are done.
    pub(super) cancelled: Cell<Option<Error>>,
}

impl Kind for GatherHead {
    const NAME: &'static str = "Gather";

    /// Asks every child. The gather itself is done when they are.
    fn cancel(gather: &Ref, error: Error) -> bool {
        let Some(head) = gather.own::<GatherHead>().filter(|_| !gather.head().done()) else {
            return false;
        };
        let mut accepted = false;
        for child in head.children.iter() {
            accepted |= child.0.cancel(error.clone());
        }
        if accepted {
            head.cancelled.set(Some(error));
        }
        accepted
    }

    fn never_retrieved(gather: &Ref) {
        report::never_retrieved(gather);
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
            .own::<GatherHead>()
            .and_then(|head| head.cancelled.take());
        match cancelled {
            Some(error) => self.fail(error),
            None => self.outer.block.fulfil(()),
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

    fn awaiter(&self) -> Option<Ref> {
        Some(self.outer.block.erased().clone())
    }
}
