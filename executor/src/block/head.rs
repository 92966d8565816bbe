//! What every promise has, whatever its value: a state, and the callbacks that wait for it to be done.

use std::cell::Cell;
use std::task::{RawWakerVTable, Waker};

use crate::block::callback::{CallbackToken, DoneCallback};
use crate::block::listener::Listener;
use crate::block::raw::{Head, Ref};
use crate::block::task::TaskRef;
use crate::ground::caught::catch;
use crate::ground::crowd::Keyed;
use crate::ground::error::{Error, Result};
use crate::ground::numbers::{self, COUNTED};
use crate::ground::roster::Roster;

/// A promise, task or gather without the type of its value: can be looked at, cancelled, waited for.
///
/// Awaiting `&AnyPromise` gives `Ok(())` for a value, whatever it is; [`downcast`](AnyPromise::downcast) gives the promise with its type back.
///
/// ```
/// use kolo::{AnyPromise, create_task, run, sleep_with};
///
/// run(async {
///     let mixed: [AnyPromise; 2] = [create_task(sleep_with(0.01, 1)).as_any(), create_task(sleep_with(0.02, "b")).as_any()];
///     for promise in &mixed {
///         promise.await?;
///     }
///     assert_eq!(mixed[0].downcast::<i32>().unwrap().result()?, 1);
///     Ok(())
/// })
/// .unwrap();
/// ```
#[derive(Clone)]
pub struct AnyPromise(pub(crate) Ref);

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

/// By what a callback is taken back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CallbackKey {
    /// The block of the task.
    Step(usize),
    /// Whatever [`Waker::will_wake`] compares.
    Wake(*const (), *const RawWakerVTable),
    /// See [`Listener::address`].
    Notify(usize),
    Call(CallbackToken),
}

impl CallbackKey {
    pub(crate) fn of_step(task: &TaskRef) -> CallbackKey {
        CallbackKey::Step(task.erased().address())
    }

    pub(crate) fn of_wake(waker: &Waker) -> CallbackKey {
        CallbackKey::Wake(waker.data(), waker.vtable())
    }
}

impl Keyed for Callback {
    type Key = CallbackKey;

    fn key(&self) -> CallbackKey {
        match self {
            Callback::Step(task) => CallbackKey::of_step(task),
            Callback::Wake(waker) => CallbackKey::of_wake(waker),
            Callback::Notify(listener, _) => CallbackKey::Notify(listener.address()),
            Callback::Call(call) => CallbackKey::Call(call.token),
        }
    }
}

/// What is to be done when the promise is done, in the order in which it was added.
#[derive(Default)]
pub(crate) struct Callbacks(Cell<List>);

/// Nearly always none or one, which then costs no allocation.
#[derive(Default)]
enum List {
    #[default]
    None,
    One(Callback),
    Many(Box<Roster<Callback>>),
}

impl Callbacks {
    #[inline(always)]
    pub(crate) fn push(&self, callback: Callback) {
        self.0.set(match self.0.take() {
            List::None => List::One(callback),
            List::One(first) => List::Many(Box::new(Roster::of([first, callback]))),
            List::Many(mut list) => {
                list.push(callback);
                List::Many(list)
            }
        });
    }

    pub(crate) fn are_any(&mut self) -> bool {
        !matches!(self.0.get_mut(), List::None)
    }

    /// Shows every callback to `look`, which runs no user code and does not come back to this promise.
    pub(crate) fn look_at(&self, look: impl FnMut(&Callback)) {
        let list = self.0.take();
        match &list {
            List::None => {}
            List::One(callback) => [callback].into_iter().for_each(look),
            List::Many(list) => list.iter().for_each(look),
        }
        self.0.set(list);
    }

    /// The listener that is told, if nobody else is.
    pub(crate) fn only_listener(&self) -> Option<Listener> {
        self.first_listener(|others| others == 0)
    }

    /// The listener that is told before the others, if so many others are.
    pub(crate) fn first_listener(&self, others: impl Fn(usize) -> bool) -> Option<Listener> {
        let list = self.0.take();
        let first = match &list {
            List::One(callback) if others(0) => Some(callback),
            List::Many(list) if others(list.len().saturating_sub(1)) => list.front(),
            _ => None,
        };
        let listener = first.and_then(|first| match first {
            Callback::Notify(listener, _) => Some(listener.clone()),
            _ => None,
        });
        self.0.set(list);
        listener
    }

    /// Takes the first callback with this key out of the list.
    pub(crate) fn remove(&self, key: CallbackKey) -> Option<Callback> {
        let (rest, removed) = match self.0.take() {
            List::One(callback) if callback.key() == key => (List::None, Some(callback)),
            List::Many(mut list) => {
                let removed = list.remove(key);
                (List::Many(list), removed)
            }
            others => (others, None),
        };
        self.0.set(rest);
        removed
    }

    /// Takes all of them away, and gives each to `f`. It may panic, because a callback that nobody will ever run is dropped, but the others follow
    /// before the first panic goes on.
    #[inline]
    pub(crate) fn drain(&self, mut f: impl FnMut(Callback)) {
        match self.0.take() {
            List::None => {}
            List::One(callback) => f(callback),
            List::Many(list) => give_each(*list, &mut f),
        }
    }
}

/// By itself, so that a promise for which one task waits does not pay for it.
#[inline(never)]
fn give_each(list: Roster<Callback>, f: &mut dyn FnMut(Callback)) {
    let mut left = list.into_iter();
    let mut panic = None;
    while let Err(another) = catch(|| left.by_ref().for_each(&mut *f)) {
        panic = panic.or(Some(another));
    }
    if let Some(panic) = panic {
        panic.resume();
    }
}

impl Head {
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
            if loop_id >= COUNTED {
                numbers::keep(loop_id);
            }
        }
        self.loop_id.get() == loop_id
    }

    /// [`bind`](Head::bind), for a loop that has to run it.
    ///
    /// # Errors
    /// Value, when it belongs to another loop.
    #[track_caller]
    pub(crate) fn claim(&self, loop_id: u16) -> Result<()> {
        if self.bind(loop_id) {
            return Ok(());
        }
        Err(Error::value(
            "The future belongs to a different loop than the one specified as the loop argument",
        ))
    }
}

impl Ref {
    /// `exception()`: the error, if it is done and has one.
    #[track_caller]
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
