//! A wait apart from the task's berth: with a promise of its own, for the second of two waits that one task has at once.

use std::panic::Location;
use std::task::{Context, Poll, ready};

use crate::block::raw::Ref;
use crate::ground::error::{Error, Result};
use crate::handle::promise::Promise;
use crate::leaf::await_promise::Waiting;
use crate::leaf::polled::Polled;
use crate::leaf::waiter::Waiter;

pub(super) struct Apart {
    promise: Promise<()>,
    waiting: Waiting,
}

impl Apart {
    /// # Errors
    /// Runtime, when no loop runs.
    pub(super) fn begin(by: Polled<'_>, site: &'static Location<'static>) -> Result<Box<Apart>> {
        if by.loop_id() == 0 {
            return Err(Error::runtime("no running event loop").at(site));
        }
        Ok(Box::new(Apart {
            promise: Promise::new(),
            waiting: Waiting::new(site),
        }))
    }

    pub(super) fn resume(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Apart { promise, waiting } = self;
        let waited = ready!(waiting.poll(promise.block.erased(), context));
        Poll::Ready(waited.and_then(|()| promise.taken_at(None)))
    }

    pub(super) fn granted(&self) -> bool {
        self.promise.done() && !self.promise.cancelled()
    }

    pub(super) fn waiter(&self) -> Waiter {
        Waiter::apart(self.promise.clone())
    }

    pub(super) fn block(&self) -> &Ref {
        self.promise.block.erased()
    }

    /// Leaves the promise, which nobody can fulfil any more when a foreign waker goes with the wait and does something.
    pub(super) fn end(mut self) {
        let left = self.waiting.take_leave(self.promise.block.erased());
        self.promise.cancel();
        drop(left);
    }
}
