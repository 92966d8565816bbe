//! To cancel: a promise, a task, a gather.

mod walk;

use std::borrow::Borrow;

use self::walk::{Walk, passes_on};
use crate::block::gather::GatherHead;
use crate::block::head::State;
use crate::block::raw::{Kind, Ref};
use crate::block::task::{TaskHead, TaskRef};
use crate::ground::error::Error;
use crate::wheel::report;
use crate::wheel::wake::{wake, wake_with_others};

/// What a promise has of its own that is nothing else: nothing.
pub(crate) struct Plain;

impl Kind for Plain {
    const NAME: &'static str = "Promise";
    const IS_OPEN: bool = true;

    fn cancel(promise: &Ref, error: Error) -> bool {
        promise.head().mark_retrieved();
        let pending = !promise.head().done();
        if pending {
            promise.fail(error, State::Cancelled);
        }
        pending
    }

    fn never_retrieved(promise: &Ref) {
        report::never_retrieved(promise);
    }

    fn owns(&mut self) -> bool {
        false
    }
}

impl Kind for TaskHead {
    const NAME: &'static str = "Task";

    fn cancel(promise: &Ref, error: Error) -> bool {
        promise.head().mark_retrieved();
        TaskRef::new(promise).is_some_and(|task| task.cancel(error))
    }

    fn never_retrieved(promise: &Ref) {
        report::never_retrieved(promise);
    }

    fn owns(&mut self) -> bool {
        TaskHead::owns(self)
    }
}

impl Kind for GatherHead {
    const NAME: &'static str = "Gather";

    /// Asks every child. The gather itself is done when they are.
    fn cancel(promise: &Ref, error: Error) -> bool {
        !promise.head().done() && cancel_each([promise], error)
    }

    fn never_retrieved(promise: &Ref) {
        report::never_retrieved(promise);
    }

    fn owns(&mut self) -> bool {
        true
    }
}

/// Cancels one after the other, what they wait for included: many that wait for each other take no longer than one of them. Whether any has
/// accepted.
pub(crate) fn cancel_each<P: Borrow<Ref>>(promises: impl IntoIterator<Item = P>, error: Error) -> bool {
    let mut walk = Walk::new(error);
    let mut accepted = false;
    for promise in promises {
        accepted |= walk.cancel(promise.borrow());
    }
    walk.end();
    accepted
}

impl TaskRef {
    /// asyncio's `Task.cancel`: asks what the task waits for to be cancelled; what cannot be cancelled is armed, and delivered at the next
    /// step.
    pub(crate) fn cancel(&self, error: Error) -> bool {
        if self.done() {
            return false;
        }
        if let Some(promise) = self.request_cancel(&error) {
            self.cancel_what_it_waits_for(&promise, error);
        }
        true
    }

    /// Notes a request to cancel, and complies where the task waits for nothing that could be asked. What it waits for otherwise.
    fn request_cancel(&self, error: &Error) -> Option<Ref> {
        self.erased().head().mark_retrieved();
        self.flags.add_request();
        let waiting_on = if self.is_running() { None } else { self.waiting_on() };
        if waiting_on.is_none() && (self.is_running() || !self.cancel_in_berth(error)) {
            self.arm(error.clone());
        }
        waiting_on
    }

    /// If that refuses, the task is armed.
    fn cancel_what_it_waits_for(&self, promise: &Ref, error: Error) {
        if passes_on(promise) {
            let mut walk = Walk::new(error);
            walk.cancel_below(self);
            walk.end();
        } else if !promise.cancel(error.clone()) {
            self.arm(error);
        }
    }

    /// Cancels the wait in the task's berth.
    fn cancel_in_berth(&self, error: &Error) -> bool {
        let waits = self.flags.is_in_berth() && self.berth.get().is_taken();
        if waits {
            self.berth.set(self.berth.get().cancelled());
            self.keep_message(error.clone());
            wake_with_others(self.clone());
        }
        waits
    }

    fn arm(&self, error: Error) {
        self.flags.arm();
        self.keep_message(error);
        let waits = self.waiting_on().is_some_and(|promise| !promise.head().done());
        if !waits && !self.is_running() {
            // Nothing of ours would wake it: what it waits for is foreign, or it has set the leaf aside in which it stood last.
            wake(self.clone());
        }
    }

    /// It was cancelled while it ran, and has parked: what it waits for now is cancelled in its place.
    #[cold]
    pub(crate) fn pass_on_cancellation(&self) {
        let error = self.take_message();
        self.flags.disarm();
        match self.waiting_on() {
            Some(promise) => self.cancel_what_it_waits_for(&promise, error),
            None if self.cancel_in_berth(&error) => {}
            None => self.arm(error),
        }
    }
}
