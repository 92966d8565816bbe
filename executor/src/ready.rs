//! The ready queue, and what can stand in it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::handle::{DoneCallback, Scheduled};
use crate::listener::Listener;
use crate::promise::Promise;
use crate::task::TaskRef;
use crate::timeout::Scope;

/// Something to do in the next iteration: one hop.
pub(crate) enum Entry {
    /// A task's first step, or its next one.
    Step(TaskRef),
    /// A wait is over because its time has come: the sleep of a task, the limit of a `wait`.
    WakePlace(TaskRef, u32),
    /// The same for a wait that has a promise of its own.
    WakePromise(Promise<()>),
    /// A child of a gather, wait, task group ... is done.
    Notify(Listener, u32),
    /// A deadline of a timeout scope has passed, if it is still the one with this number.
    Expire(Rc<Scope>, u32),
    /// What a user gave to `call_soon`, `call_later`, `call_at`, `add_reader`.
    Call(Rc<Scheduled>),
    /// A done callback.
    Done(Box<DoneCallback>),
}

// Two words: the queue is the hottest memory there is.
const _: () = assert!(size_of::<Entry>() == 16);

#[derive(Default)]
pub(crate) struct Ready(RefCell<VecDeque<Entry>>);

impl Ready {
    pub(crate) fn push(&self, entry: Entry) {
        self.0.borrow_mut().push_back(entry);
    }

    pub(crate) fn pop(&self) -> Option<Entry> {
        self.0.borrow_mut().pop_front()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Everything that was queued, so that it can be dropped outside the borrow.
    pub(crate) fn take(&self) -> VecDeque<Entry> {
        self.0.take()
    }
}
