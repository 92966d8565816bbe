//! Parking: how a task waits in the queue of a primitive.
//!
//! Asyncio's primitives make a future for each wait and keep it in a queue. A [`Waiter`] is such a future of nothing, without the
//! allocation: every task has one parking place of its own, because it stands in one place at a time. Only a task that waits in two
//! places at once, through a foreign `select!` or `join!`, needs a real promise for the second.

use std::fmt;
use std::panic::Location;
use std::task::{Context, Poll, ready};

use crate::current::{self, Polled};
use crate::error::{Error, Result};
use crate::graph;
use crate::promise::Promise;
use crate::promise::waiting::Waiting;
use crate::ready::Entry;
use crate::task::{AnyTask, Place, TaskRef};

/// One wait of one task, as it stands in the queue of a primitive: pending, then woken or cancelled.
///
/// It is asyncio's `fut` in `self._waiters.append(fut)`. Clones are the same wait.
#[derive(Clone)]
pub struct Waiter(Kind);

#[derive(Clone)]
enum Kind {
    /// The task's own place, and which use of it.
    Place(TaskRef, u32),
    Promise(Promise<()>),
}

impl Waiter {
    pub(crate) fn of_place(task: TaskRef, uses: u32) -> Waiter {
        Waiter(Kind::Place(task, uses))
    }

    /// The entry of the ready queue that wakes it.
    pub(crate) fn into_entry(self) -> Entry {
        match self.0 {
            Kind::Place(task, uses) => Entry::WakePlace(task, uses as usize),
            Kind::Promise(promise) => Entry::WakePromise(promise),
        }
    }

    /// Ends the wait: the task goes on one hop later. `false` when it was woken or cancelled before. Mirrors `fut.set_result`.
    pub fn wake(&self) -> bool {
        match &self.0 {
            Kind::Place(task, _) => {
                let waits = self.place() == Some(Place::Taken);
                if waits {
                    task.place.set(Place::Woken);
                    task.wake();
                    if let Some(forward) = task.take_forward() {
                        forward.wake();
                    }
                }
                waits
            }
            Kind::Promise(promise) => promise.set_result(()).is_ok(),
        }
    }

    /// Whether it was woken or cancelled. Mirrors `fut.done()`.
    pub fn is_done(&self) -> bool {
        match &self.0 {
            Kind::Place(..) => self.place() != Some(Place::Taken),
            Kind::Promise(promise) => promise.done(),
        }
    }

    /// Whether it was cancelled. Mirrors `fut.cancelled()`.
    pub fn is_cancelled(&self) -> bool {
        match &self.0 {
            Kind::Place(..) => self.place() == Some(Place::Cancelled),
            Kind::Promise(promise) => promise.cancelled(),
        }
    }

    /// The state of the task's place, while this is the wait that uses it.
    fn place(&self) -> Option<Place> {
        match &self.0 {
            Kind::Place(task, uses) if task.place_uses.get() == *uses => Some(task.place.get()),
            _ => None,
        }
    }

    /// The task that waits; `None` when a foreign executor does, or a foreign combinator with wakers of its own.
    pub fn task(&self) -> Option<AnyTask> {
        match &self.0 {
            Kind::Place(task, _) => Some(AnyTask::new(task.clone())),
            Kind::Promise(promise) => graph::awaiters(promise.block.erased()).pop().map(AnyTask::new),
        }
    }
}

/// Two handles are equal when they are of the same wait.
impl PartialEq for Waiter {
    fn eq(&self, other: &Waiter) -> bool {
        match (&self.0, &other.0) {
            (Kind::Place(a, a_uses), Kind::Place(b, b_uses)) => a_uses == b_uses && a.is(b),
            (Kind::Promise(a), Kind::Promise(b)) => a.ptr_eq(b),
            _ => false,
        }
    }
}

impl Eq for Waiter {}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.is_cancelled(), self.is_done()) {
            (true, _) => "<Waiter cancelled>",
            (false, true) => "<Waiter woken>",
            (false, false) => "<Waiter pending>",
        })
    }
}

/// The waiting end of a [`Waiter`]: the leaf of a coroutine that waits in a queue.
///
/// Made to be part of a future: `poll` it, and put the [`Waiter`] that it hands out into the queue from which it will be woken. Dropping
/// it ends the wait; the owner must take the waiter out of its queue, and pass on what it had been [`granted`](Parking::granted).
pub struct Parking {
    state: State,
    place: &'static Location<'static>,
}

enum State {
    New,
    Parked { task: TaskRef, uses: u32, park: u32 },
    Waiting(Box<(Promise<()>, Waiting)>),
    Over { granted: bool, waiter: Option<Waiter> },
}

impl Parking {
    /// A wait that has not begun. `place` is shown in reports as the place where the task stands.
    pub fn new(place: &'static Location<'static>) -> Parking {
        Parking {
            state: State::New,
            place,
        }
    }

    /// Waits. At the first call `enqueue` gets the waiter, and the task is parked.
    ///
    /// # Errors
    /// Cancelled, when the task was cancelled: before it was woken, or ([`granted`](Parking::granted)) after. Runtime, when no loop runs.
    pub fn poll(&mut self, context: &mut Context<'_>, enqueue: impl FnOnce(Waiter)) -> Poll<Result<()>> {
        if let State::Parked { task, park, .. } = &self.state {
            // What ends the wait stands in the task's head: who polls does not matter yet.
            let state = task.place.get();
            if let Some(cancelled) = current::take_delivery(*park) {
                self.end(state == Place::Woken);
                return Poll::Ready(Err(cancelled));
            }
            match state {
                Place::Woken => {
                    self.end(true);
                    return Poll::Ready(Ok(()));
                }
                Place::Cancelled => {
                    let cancelled = task.take_message();
                    self.end(false);
                    return Poll::Ready(Err(cancelled));
                }
                Place::Taken | Place::Free => {}
            }
        }
        current::polled_by(context, |by, context| match &mut self.state {
            State::New => self.begin(by, context, enqueue),
            State::Parked { task, park, .. } => {
                match by {
                    Polled::Direct(_, now) if now.is(task) => *park = task.park_in_place(self.place),
                    // The future was moved away from the task in whose place it began to wait.
                    _ => task.set_forward(Some(context.waker().clone())),
                }
                Poll::Pending
            }
            State::Waiting(wait) => {
                let (promise, waiting) = &mut **wait;
                let outcome = ready!(waiting.poll(promise.block.erased(), context)).and_then(|()| promise.take_result());
                let granted = promise.done() && !promise.cancelled();
                self.end(granted);
                Poll::Ready(outcome)
            }
            State::Over { .. } => Poll::Ready(Ok(())),
        })
    }

    fn begin(&mut self, by: Polled<'_>, context: &mut Context<'_>, enqueue: impl FnOnce(Waiter)) -> Poll<Result<()>> {
        if let Polled::Direct(_, task) = by
            && task.place.get() == Place::Free
        {
            let uses = task.place_uses.get().wrapping_add(1);
            task.place_uses.set(uses);
            task.place.set(Place::Taken);
            let park = task.park_in_place(self.place);
            self.state = State::Parked {
                task: task.clone(),
                uses,
                park,
            };
            enqueue(Waiter(Kind::Place(task.clone(), uses)));
            return Poll::Pending;
        }
        if by.core().is_none() {
            return Poll::Ready(Err(Error::runtime("no running event loop")));
        }
        let promise = Promise::new();
        let mut waiting = Waiting::new(self.place);
        let poll = waiting.poll(promise.block.erased(), context);
        enqueue(Waiter(Kind::Promise(promise.clone())));
        self.state = State::Waiting(Box::new((promise, waiting)));
        poll
    }

    /// Whether the waiter was woken; a wait that failed all the same, or is dropped, must pass on what it was woken for.
    pub fn granted(&self) -> bool {
        match &self.state {
            State::New => false,
            State::Parked { task, .. } => task.place.get() == Place::Woken,
            State::Waiting(wait) => wait.0.done() && !wait.0.cancelled(),
            State::Over { granted, .. } => *granted,
        }
    }

    /// Whether `waiter` is the one that this wait handed out.
    pub fn is(&self, waiter: &Waiter) -> bool {
        match (&self.state, &waiter.0) {
            (State::Over { waiter: Some(ours), .. }, _) => ours == waiter,
            (State::Parked { task, uses, .. }, Kind::Place(other, others)) => uses == others && task.is(other),
            (State::Waiting(wait), Kind::Promise(promise)) => wait.0.ptr_eq(promise),
            _ => false,
        }
    }

    /// Where the task stands, for reports.
    pub fn place(&self) -> &'static Location<'static> {
        self.place
    }

    /// Whether it has begun and is not over.
    pub fn is_parked(&self) -> bool {
        matches!(self.state, State::Parked { .. } | State::Waiting(_))
    }

    /// Ends the wait early.
    pub(crate) fn leave(&mut self) {
        if let State::Parked { task, park, .. } = &self.state {
            task.unpark(*park);
        }
        if self.is_parked() {
            self.end(false);
        }
    }

    fn end(&mut self, granted: bool) {
        let over = State::Over { granted, waiter: None };
        let waiter = match std::mem::replace(&mut self.state, over) {
            State::Parked { task, uses, .. } => {
                task.place.set(Place::Free);
                task.set_forward(None);
                Some(Waiter(Kind::Place(task, uses)))
            }
            State::Waiting(mut wait) => {
                let (promise, waiting) = &mut *wait;
                waiting.leave(promise.block.erased());
                Some(Waiter(Kind::Promise(promise.clone())))
            }
            State::New => None,
            State::Over { waiter, .. } => waiter,
        };
        self.state = State::Over { granted, waiter };
    }
}

impl Drop for Parking {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for Parking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Parking at {}>", self.place)
    }
}
