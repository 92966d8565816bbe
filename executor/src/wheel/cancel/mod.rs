//! To cancel: a promise, a task, a gather.

mod walk;

use std::borrow::Borrow;

use self::walk::{Walk, passes_on};
use crate::block::gather::GatherHead;
use crate::block::head::State;
use crate::block::raw::{Kind, Ref};
use crate::block::task::{TaskHead, TaskRef};
use crate::ground::error::Error;
use crate::ground::leaves::{Interval, Place};
use crate::wheel::report;
use crate::wheel::wake::{wake, wake_with_others};

/// Who is asked to be cancelled in a task's place.
enum Asked {
    /// Nobody: the task knows already.
    Nobody,
    One(Ref),
    /// A combinator has it stand at several leaves.
    Several(Box<Several>),
}

#[derive(Default)]
struct Several {
    promises: Vec<Ref>,
    /// How many of these, the first ones, the task will look at in its next step by itself. Whether a combinator polls the leaves beneath it is not
    /// for us to know: if only these accept, the task is armed as well, and whoever is told first calls that off.
    polled: usize,
    /// One has accepted already: the wait in the berth.
    accepted: bool,
}

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
        let asked = self.request_cancel(&error);
        self.cancel_those(asked, error);
        true
    }

    /// Notes a request to cancel, and complies where there is nobody to be asked.
    #[inline]
    fn request_cancel(&self, error: &Error) -> Asked {
        self.erased().head().mark_retrieved();
        self.add_request();
        if self.is_running() {
            self.arm(error.clone());
            return Asked::Nobody;
        }
        self.who_is_asked(error)
    }

    /// Who is asked to be cancelled in the task's place: what it waits for. If that is nothing, the task itself is armed.
    #[inline]
    fn who_is_asked(&self, error: &Error) -> Asked {
        if self.flags.stands_at_several() {
            return Asked::Several(Box::new(self.cancel_berth_among(Interval::ALL, error)));
        }
        if let Some(promise) = self.waiting_on() {
            return Asked::One(promise);
        }
        if !(self.flags.is_in_berth() && self.cancel_in_berth(error)) {
            self.arm(error.clone());
        }
        Asked::Nobody
    }

    /// If nobody accepts, the task is armed.
    #[inline]
    fn cancel_those(&self, asked: Asked, error: Error) {
        match asked {
            Asked::Nobody => {}
            Asked::One(promise) if !passes_on(&promise) => {
                if !promise.cancel(error.clone()) {
                    self.arm(error);
                }
            }
            asked => self.walk_from(asked, error),
        }
    }

    #[cold]
    fn walk_from(&self, asked: Asked, error: Error) {
        let mut walk = Walk::new(error);
        walk.cancel_below(self, asked);
        walk.end();
    }

    /// Cancels the wait in the berth, if it is at one of these leaves; the promises for which the others wait.
    #[cold]
    fn cancel_berth_among(&self, interval: Interval, error: &Error) -> Several {
        let mut several = Several::default();
        for place in self.places(interval) {
            match place {
                Place::Berth => several.accepted |= self.cancel_in_berth(error),
                Place::Promise(promise) => several.promises.push(promise),
            }
        }
        several.polled = several.promises.len();
        several.promises.extend(self.beneath(interval));
        several
    }

    /// Cancels a part of the task alone: what the leaves of this interval wait for. Whether any has accepted.
    #[cold]
    pub(crate) fn cancel_part(&self, interval: Interval, error: &Error) -> bool {
        self.erased().head().mark_retrieved();
        self.add_request_for_part();
        let asked = self.cancel_berth_among(interval, error);
        cancel_each(asked.promises, error.clone()) | asked.accepted
    }

    /// Cancels the wait in the task's berth.
    fn cancel_in_berth(&self, error: &Error) -> bool {
        let waits = self.berth.get().is_taken();
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
        let asked = self.who_is_asked(&error);
        self.cancel_those(asked, error);
    }
}
