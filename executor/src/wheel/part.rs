//! A part of a task that can be cancelled by itself: the body of a scope.

use std::cell::Cell;

use crate::block::task::TaskRef;
use crate::ground::error::Error;
use crate::ground::leaves::Interval;
use crate::ground::on_drop::OnDrop;

/// Which leaves stand in the body of a scope: those that were suspended while it was polled.
///
/// A task's suspensions are numbered, and a body is polled from its beginning to its end. So the numbers before and after tell which leaves
/// belong to it, and a scope that ends its body leaves alone what a `join!` or `select!` polls beside it.
#[derive(Default)]
pub(crate) struct Part {
    /// The number of the last suspension before the first poll.
    entered: Cell<u64>,
    /// The leaves that the last poll has left.
    leaves: Cell<Interval>,
    request: Cell<Request>,
    /// It has polled leaves beneath a combinator, which it will not poll again with its own waker.
    has_beneath: Cell<bool>,
}

/// What it has asked for.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Request {
    /// Nothing, or the cancellation of its task, as asyncio does.
    #[default]
    OfTask,
    /// That of itself alone.
    OfPart,
    /// The same, but that has not reached any leaf: whoever polls the body next ends it.
    Owed,
}

impl Part {
    pub(crate) fn enter(&self, task: &TaskRef) {
        self.entered.set(task.flags.suspensions());
    }

    /// Polls the body.
    #[inline(always)]
    pub(crate) fn poll<R>(&self, task: &TaskRef, poll: impl FnOnce() -> R) -> R {
        let before = task.flags.suspensions();
        let outcome = match self.request.get() {
            Request::OfTask => poll(),
            _ => self.poll_as_asked(task, poll),
        };
        self.leaves.set(Interval::after(before, task.flags.suspensions()));
        outcome
    }

    #[cold]
    fn poll_as_asked<R>(&self, task: &TaskRef, poll: impl FnOnce() -> R) -> R {
        task.begin_poll_of_part();
        let _ends = OnDrop(|| task.end_poll_of_part());
        poll()
    }

    /// Another leaf that belongs to it was suspended.
    pub(crate) fn include_last(&self, task: &TaskRef) {
        self.leaves.set(self.leaves.get().up_to(task.flags.suspensions()));
    }

    /// Whether its body stands where a cancellation would not end it: on futures that are not ours, or beneath combinators that poll only who was
    /// woken. `waker`: with which it was polled.
    #[inline]
    pub(crate) fn stands_elsewhere(&self, task: &TaskRef, waker: impl FnOnce() -> usize) -> bool {
        self.leaves.get().is_empty() || (task.flags.stands_beneath() && self.stands_beneath(task, waker()))
    }

    #[cold]
    fn stands_beneath(&self, task: &TaskRef, waker: usize) -> bool {
        let interval = match self.has_beneath.get() {
            true => Interval::after(self.entered.get(), task.flags.suspensions()),
            false => self.leaves.get(),
        };
        self.has_beneath.set(task.stands_beneath_another(interval, waker));
        self.has_beneath.get()
    }

    /// Cancels it: its task, as asyncio does, if nothing else stands in that.
    pub(crate) fn cancel(&self, task: &TaskRef) {
        let is_all = self.leaves.get().end_with(task.flags.suspensions()) && !task.flags.stands_at_several();
        if is_all || task.is_running() || task.done() {
            task.cancel(Error::cancelled());
        } else {
            self.cancel_alone(task);
        }
    }

    #[cold]
    fn cancel_alone(&self, task: &TaskRef) {
        let reached = task.cancel_part(self.leaves.get(), &Error::cancelled());
        self.request.set(if reached { Request::OfPart } else { Request::Owed });
    }

    #[inline]
    pub(crate) fn is_owed(&self) -> bool {
        self.request.get() == Request::Owed
    }

    /// It ends now.
    pub(crate) fn take_owed(&self) -> bool {
        let owed = self.is_owed();
        if owed {
            self.request.set(Request::OfPart);
        }
        owed
    }

    /// Takes its request back. How many are left that concern it.
    pub(crate) fn uncancel(&self, task: &TaskRef) -> u32 {
        task.uncancel();
        self.leave(task);
        task.requests_here()
    }

    /// It is over. A request of its own that it has not taken back is the task's from now on.
    pub(crate) fn leave(&self, task: &TaskRef) {
        if self.request.take() != Request::OfTask {
            task.remove_request_for_part();
        }
    }
}
