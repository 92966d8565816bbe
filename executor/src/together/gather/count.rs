//! How a gather learns that it is done: the count of its children. Cancellations go the other way, see `wheel/cancel.rs`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::block::gather::GatherHead;
use crate::block::head::{AnyPromise, State};
use crate::block::listener::Listen;
use crate::block::raw::Ref;
use crate::ground::error::{Awaited, Error};
use crate::handle::promise::Promise;

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
                return self.fail(child.0.hand_out_error(error, Awaited::ToBeTold));
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

    /// A gather that is never awaited goes on counting, as asyncio's does: its error is to be reported.
    fn await_dropped(&self, outer: &Ref) {
        let (of_the_await_and_the_count, of_the_await_and_the_listener) = (2, 2);
        if outer.count() > of_the_await_and_the_count || Rc::strong_count(self) > of_the_await_and_the_listener {
            return;
        }
        let head = outer.own::<GatherHead>().filter(|_| !outer.head().done());
        if let Some(listener) = head.and_then(|head| head.listener.get()) {
            self.children.iter().for_each(|child| listener.leave(child));
        }
    }

    fn awaiter(&self) -> Option<Ref> {
        Some(self.outer.block.erased().clone())
    }
}
