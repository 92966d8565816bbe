//! What a hop can be.

use std::rc::Rc;

use crate::block::callback::{DoneCallback, Scheduled};
use crate::block::listener::Listener;
use crate::block::raw::Ref;
use crate::block::task::TaskRef;
use crate::wheel::registered::Registered;
use crate::wheel::scope::Scope;

/// Something to do in the next iteration: one hop.
pub(crate) enum Entry {
    /// A task's first step, or its next one.
    Step(TaskRef),
    /// A wait is over because its time has come: the sleep of a task, the limit of a `wait`. With which use of the task's berth it is.
    WakeBerth(TaskRef, usize),
    /// The same for a wait that has a promise of its own.
    WakePromise(Ref),
    /// A child of a gather, wait, task group ... is done.
    Notify(Listener, usize),
    /// A deadline of a timeout scope has passed, if it is still the one with this number.
    Expire(Rc<Scope>, usize),
    /// What a user gave to `call_soon`, `call_later`, `call_at`, `add_reader`.
    Call(Rc<Scheduled>),
    /// A descriptor is ready, for the watcher that this says.
    Ready(Rc<Registered>, usize),
    /// A done callback.
    Done(Box<DoneCallback>),
}

// Three whole words: a field of half a word would have an entry copied in pieces, see the queue's list.
const _: () = assert!(size_of::<Entry>() == 24);
