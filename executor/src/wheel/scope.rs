//! A scope with a deadline: what the loop has to know of a `timeout`.

use std::cell::Cell;

use crate::block::task::TaskRef;
use crate::ground::time::Nanos;
use crate::ground::timers::TimerKey;
use crate::wheel::part::Part;

/// When the deadline passes the task is cancelled where it stands in the scope, and on leaving the scope that cancellation, if it is the only one, becomes a timeout.
pub(crate) struct Scope {
    pub(crate) state: Cell<State>,
    pub(crate) deadline: Cell<Option<Nanos>>,
    /// The task in the scope, while it is entered.
    pub(crate) task: Cell<Option<TaskRef>>,
    pub(crate) part: Part,
    /// How many requests to cancel there were on entering: only one that came later can be the scope's.
    pub(crate) requests_before: Cell<u32>,
    pub(crate) timer: Cell<Option<TimerKey>>,
    /// Counts the deadlines that were set: one that was replaced may stand in the ready queue already.
    pub(crate) arming: Cell<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Created,
    Entered,
    Expiring,
    Expired,
    Exited,
}

impl Scope {
    pub(crate) fn new(deadline: Option<Nanos>) -> Scope {
        Scope {
            state: Cell::new(State::Created),
            deadline: Cell::new(deadline),
            task: Cell::new(None),
            part: Part::default(),
            requests_before: Cell::new(0),
            timer: Cell::new(None),
            arming: Cell::new(0),
        }
    }

    pub(crate) fn task(&self) -> Option<TaskRef> {
        let task = self.task.take();
        self.task.set(task.clone());
        task
    }

    /// The deadline that was set as number `arming` has passed: cancels what stands in the scope, if that is still the deadline.
    pub(crate) fn expire(&self, arming: usize) {
        if self.arming.get() != arming || self.state.get() != State::Entered {
            return;
        }
        self.state.set(State::Expiring);
        self.task().into_iter().for_each(|task| self.part.cancel(&task));
    }
}
