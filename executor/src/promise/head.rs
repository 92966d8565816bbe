//! What every promise has, whatever its value: a state and the callbacks that wait for it to be done.

use std::cell::Cell;
use std::task::Waker;

use crate::core::Core;
use crate::current;
use crate::error::{Error, Result};
use crate::handle::DoneCallback;
use crate::listener::Listener;
use crate::promise::AnyPromise;
use crate::ready::Entry;
use crate::report;
use crate::task::TaskRef;
use crate::task::raw::{Ref, VTable};

/// The beginning of every block of [`raw`](crate::task::raw).
pub(crate) struct Head {
    pub(crate) vtable: &'static VTable,
    pub(crate) refs: Cell<u32>,
    /// The loop whose ready queue runs the callbacks; 0 until somebody waits.
    pub(crate) loop_id: Cell<u16>,
    pub(crate) state: Cell<State>,
    pub(crate) content: Cell<Content>,
    callbacks: Cell<Callbacks>,
}

/// What a head is the beginning of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Promise,
    Task,
    Gather,
}

/// What is in the slot behind a head. Only [`raw`](crate::task::raw) changes it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Nothing,
    Coroutine,
    Outcome,
    /// A coroutine that is being polled.
    Polled,
    /// Nothing soon: what was there is being dropped.
    Dropping,
}

impl Content {
    /// What is there when a poll is over, however it ended.
    #[inline]
    pub(crate) fn after_poll(self) -> Content {
        match self {
            Content::Polled => Content::Coroutine,
            settled => settled,
        }
    }

    /// Whether user code runs on what is there.
    pub(crate) fn is_busy(self) -> bool {
        matches!(self, Content::Polled | Content::Dropping)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    Pending,
    Value,
    /// Done with an error that nobody has looked at.
    UnseenError,
    Error,
    Cancelled,
}

impl State {
    /// The state of a task with this outcome.
    pub(crate) fn of<T>(outcome: &Result<T>) -> State {
        match outcome {
            Ok(_) => State::Value,
            Err(error) if error.is_cancelled() => State::Cancelled,
            Err(_) => State::UnseenError,
        }
    }
}

/// Something to do, one hop after the promise is done.
pub(crate) enum Callback {
    /// A task of ours waits: its next step *is* the callback.
    Step(TaskRef),
    /// A foreign executor or combinator waits.
    Wake(Box<Waker>),
    /// A child's completion, told to the gather, wait, shield ... it belongs to.
    Notify(Listener, u32),
    Call(Box<DoneCallback>),
}

/// Nearly always none or one, which then costs no allocation.
#[derive(Default)]
enum Callbacks {
    #[default]
    None,
    One(Callback),
    // A vector in place would make every promise a word larger.
    #[allow(clippy::box_collection)]
    Many(Box<Vec<Callback>>),
}

impl Head {
    #[inline(always)]
    pub(crate) fn new(vtable: &'static VTable, refs: u32, content: Content) -> Head {
        Head {
            vtable,
            refs: Cell::new(refs),
            loop_id: Cell::new(0),
            state: Cell::new(State::Pending),
            content: Cell::new(content),
            callbacks: Cell::new(Callbacks::None),
        }
    }

    pub(crate) fn done(&self) -> bool {
        self.state.get() != State::Pending
    }

    pub(crate) fn cancelled(&self) -> bool {
        self.state.get() == State::Cancelled
    }

    pub(crate) fn has_unretrieved_error(&self) -> bool {
        self.state.get() == State::UnseenError
    }

    pub(crate) fn mark_retrieved(&self) {
        if self.has_unretrieved_error() {
            self.state.set(State::Error);
        }
    }

    /// Makes this a promise of the loop with this id, if it is nobody's yet. `false`: it belongs to another one.
    #[inline]
    pub(crate) fn bind(&self, loop_id: u16) -> bool {
        if self.loop_id.get() == 0 {
            self.loop_id.set(loop_id);
        }
        self.loop_id.get() == loop_id
    }

    /// [`bind`](Head::bind), for a loop that has to run it.
    ///
    /// # Errors
    /// Value, when it belongs to another loop.
    pub(crate) fn claim(&self, core: &Core) -> Result<()> {
        if self.bind(core.id) {
            return Ok(());
        }
        Err(Error::value(
            "The future belongs to a different loop than the one that waits for it",
        ))
    }

    #[inline(always)]
    fn push(&self, callback: Callback) {
        self.callbacks.set(match self.callbacks.take() {
            Callbacks::None => Callbacks::One(callback),
            Callbacks::One(first) => Callbacks::Many(Box::new(vec![first, callback])),
            Callbacks::Many(mut list) => {
                list.push(callback);
                Callbacks::Many(list)
            }
        });
    }

    /// Shows every callback to `look`, which runs no user code and does not come back to this promise.
    pub(crate) fn look_at_callbacks(&self, look: impl FnMut(&Callback)) {
        let callbacks = self.callbacks.take();
        match &callbacks {
            Callbacks::None => {}
            Callbacks::One(callback) => [callback].into_iter().for_each(look),
            Callbacks::Many(list) => list.iter().for_each(look),
        }
        self.callbacks.set(callbacks);
    }

    /// Takes the first callback that `matches` out of the list.
    pub(crate) fn remove_callback(&self, matches: impl Fn(&Callback) -> bool) -> Option<Callback> {
        let (rest, removed) = match self.callbacks.take() {
            Callbacks::One(callback) if matches(&callback) => (Callbacks::None, Some(callback)),
            Callbacks::Many(mut list) => {
                let removed = list.iter().position(matches).map(|at| list.remove(at));
                (Callbacks::Many(list), removed)
            }
            others => (others, None),
        };
        self.callbacks.set(rest);
        removed
    }

    /// Takes the callbacks away: the loop that would have run them is gone.
    pub(crate) fn take_callbacks(&self) -> Vec<Callback> {
        match self.callbacks.take() {
            Callbacks::None => Vec::new(),
            Callbacks::One(callback) => vec![callback],
            Callbacks::Many(list) => *list,
        }
    }
}

impl Ref {
    pub(crate) fn ptr_eq(&self, other: &Ref) -> bool {
        std::ptr::eq(self.head(), other.head())
    }

    /// Tells blocks apart.
    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref(self.head()).addr()
    }
}

/// What concerns the callbacks needs the counted reference: each entry in the ready queue keeps the promise alive.
impl Ref {
    /// Runs `callback` one hop after the promise is done, which may be now.
    #[inline(always)]
    pub(crate) fn add_callback(&self, callback: Callback) {
        if self.head().done() {
            self.queue(callback);
        } else {
            self.head().push(callback);
        }
    }

    /// The promise is done: moves every callback to the ready queue, in the order in which they were added.
    #[inline]
    pub(crate) fn complete(&self, state: State) {
        self.head().state.set(state);
        match self.head().callbacks.take() {
            Callbacks::None => {}
            Callbacks::One(callback) => self.queue(callback),
            Callbacks::Many(list) => list.into_iter().for_each(|callback| self.queue(callback)),
        }
    }

    /// Moves a callback to the ready queue. With the loop gone nobody will ever run it: it is dropped, as the queue was.
    #[inline(always)]
    fn queue(&self, callback: Callback) {
        let loop_id = self.head().loop_id.get();
        match callback {
            Callback::Step(task) => current::wake(task),
            Callback::Notify(listener, index) => current::queue(loop_id, || Entry::Notify(listener, index as usize)),
            // Others wait as well, who must be woken whatever this one does.
            Callback::Wake(waker) => report::guard(loop_id, "waker", || waker.wake()),
            Callback::Call(mut callback) => {
                callback.promise = Some(AnyPromise(self.clone()));
                current::queue(loop_id, || Entry::Done(callback));
            }
        }
    }

    /// Completes a plain promise with an error; a cancellation makes it a cancelled one if `cancelled`.
    pub(crate) fn fail(&self, error: Error, state: State) {
        self.settle(Some(error));
        self.complete(state);
    }

    /// `exception()`: the error, if it is done and has one.
    pub(crate) fn outcome_error(&self) -> Result<Option<Error>> {
        match self.head().state.get() {
            State::Pending => Err(Error::invalid_state("Exception is not set.")),
            State::Value => Ok(None),
            State::Cancelled => Err(self.error().unwrap_or(Error::cancelled())),
            State::UnseenError | State::Error => {
                self.head().mark_retrieved();
                // A moved-out error leaves nothing to show; see `Promise::take_result`, which leaves errors in place.
                Ok(self.error())
            }
        }
    }
}
