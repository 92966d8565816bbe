//! To cancel a promise, and to cancel a task.

use crate::block::head::State;
use crate::block::raw::{Kind, Ref};
use crate::block::task::{TaskHead, TaskRef};
use crate::ground::error::Error;
use crate::wheel::current;
use crate::wheel::report;
use crate::wheel::wake::wake;

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
}

impl TaskRef {
    /// asyncio's `Task.cancel`: asks what the task waits for to be cancelled, along the chain of tasks that wait for each other; what
    /// cannot be cancelled there is armed, and delivered at the next step.
    pub(crate) fn cancel(&self, error: Error) -> bool {
        if self.done() {
            return false;
        }
        let mut task = self.clone();
        // Tasks that wait for each other in a circle would be asked without end.
        let mut longest = current::with_loop_of(self.loop_id(), |event_loop| event_loop.0.tasks.borrow().len()).unwrap_or(0);
        loop {
            task.erased().head().mark_retrieved();
            task.flags.add_request();
            let waiting_on = if task.is_running() { None } else { task.waiting_on() };
            let Some(promise) = waiting_on else {
                if task.is_running() || !task.cancel_in_berth(&error) {
                    task.arm(error);
                }
                return true;
            };
            match TaskRef::new(&promise) {
                Some(_) if longest == 0 => {
                    task.arm(error);
                    wake(task);
                    return true;
                }
                Some(next) if !next.done() => {
                    longest -= 1;
                    task = next;
                }
                _ => {
                    if !promise.cancel(error.clone()) {
                        task.arm(error);
                    }
                    return true;
                }
            }
        }
    }

    /// Cancels the wait in the task's berth.
    fn cancel_in_berth(&self, error: &Error) -> bool {
        let waits = self.flags.is_in_berth() && self.berth.get().is_taken();
        if waits {
            self.berth.set(self.berth.get().cancelled());
            self.keep_message(error.clone());
            let also = self.take_also_wake();
            wake(self.clone());
            if let Some(waker) = also {
                waker.wake();
            }
        }
        waits
    }

    fn arm(&self, error: Error) {
        self.flags.arm();
        self.keep_message(error);
        if !self.flags.is_parked() && !self.is_running() {
            // What it waits for is not ours, and would not wake it.
            wake(self.clone());
        }
    }

    /// It was cancelled while it ran, and has parked: what it waits for now is cancelled in its place.
    #[cold]
    pub(crate) fn pass_on_cancellation(&self) {
        let error = self.take_message();
        let accepted = match self.waiting_on() {
            Some(promise) => promise.cancel(error.clone()),
            None => self.cancel_in_berth(&error),
        };
        if accepted {
            self.flags.disarm();
        } else {
            self.arm(error);
        }
    }
}
