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
    place: &'static Location<'static>,
    phase: Phase,
    /// Which of the task's suspensions this was, see `TaskHead::parks`.
    park: u32,
    /// The waiter that was handed out, once it has begun.
    waiter: Option<Waiter>,
    /// The await of the waiter's promise, if it has one.
    waiting: Option<Box<Waiting>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Parked,
    /// It is over; the waiter had been woken.
    Granted,
    /// It is over; the waiter was cancelled, or left.
    Lost,
}

impl Parking {
    /// A wait that has not begun. `place` is shown in reports as the place where the task stands.
    pub fn new(place: &'static Location<'static>) -> Parking {
        Parking {
            place,
            phase: Phase::New,
            park: 0,
            waiter: None,
            waiting: None,
        }
    }

    /// Waits. At the first call `enqueue` gets the waiter, and the task is parked.
    ///
    /// # Errors
    /// Cancelled, when the task was cancelled: before it was woken, or ([`granted`](Parking::granted)) after. Runtime, when no loop runs.
    pub fn poll(&mut self, context: &mut Context<'_>, enqueue: impl FnOnce(Waiter)) -> Poll<Result<()>> {
        match (self.phase, &self.waiter) {
            (Phase::New, _) => current::polled_by(context, |by, context| self.begin(by, context, enqueue)),
            (Phase::Parked, Some(Waiter(Kind::Place(task, _)))) => {
                // What ends the wait stands in the task's head: who polls does not matter.
                let state = task.place.get();
                let outcome = match (current::take_delivery(self.park), state) {
                    (Some(cancelled), _) => Err(cancelled),
                    (None, Place::Woken) => Ok(()),
                    (None, Place::Cancelled) => Err(task.take_message()),
                    (None, Place::Taken | Place::Free) => {
                        self.park_again(context);
                        return Poll::Pending;
                    }
                };
                self.end(state == Place::Woken);
                Poll::Ready(outcome)
            }
            (Phase::Parked, _) => self.poll_promise(context),
            (Phase::Granted | Phase::Lost, _) => Poll::Ready(Ok(())),
        }
    }

    fn begin(&mut self, by: Polled<'_>, context: &mut Context<'_>, enqueue: impl FnOnce(Waiter)) -> Poll<Result<()>> {
        if let Polled::Direct(_, task) = by
            && task.place.get() == Place::Free
        {
            let uses = task.place_uses.get().wrapping_add(1);
            task.place_uses.set(uses);
            task.place.set(Place::Taken);
            self.park = task.park_in_place(self.place);
            self.phase = Phase::Parked;
            let waiter = self.waiter.insert(Waiter(Kind::Place(task.clone(), uses)));
            enqueue(waiter.clone());
            return Poll::Pending;
        }
        if by.core().is_none() {
            return Poll::Ready(Err(Error::runtime("no running event loop")));
        }
        self.phase = Phase::Parked;
        let waiter = self.waiter.insert(Waiter(Kind::Promise(Promise::new())));
        enqueue(waiter.clone());
        self.waiting = Some(Box::new(Waiting::new(self.place)));
        self.poll_promise(context)
    }

    /// Polled although nothing has happened.
    fn park_again(&mut self, context: &mut Context<'_>) {
        current::polled_by(context, |by, context| match (by, &self.waiter) {
            (Polled::Direct(_, now), Some(Waiter(Kind::Place(task, _)))) if now.is(task) => {
                self.park = task.park_in_place(self.place);
            }
            // The future was moved away from the task in whose place it began to wait.
            (_, Some(Waiter(Kind::Place(task, _)))) => task.set_forward(Some(context.waker().clone())),
            _ => {}
        });
    }

    fn poll_promise(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let (Some(Waiter(Kind::Promise(promise))), Some(waiting)) = (&self.waiter, &mut self.waiting) else {
            return Poll::Pending;
        };
        let outcome = ready!(waiting.poll(promise.block.erased(), context)).and_then(|()| promise.take_result());
        let granted = promise.done() && !promise.cancelled();
        self.end(granted);
        Poll::Ready(outcome)
    }

    /// Whether the waiter was woken; a wait that failed all the same, or is dropped, must pass on what it was woken for.
    pub fn granted(&self) -> bool {
        match (self.phase, &self.waiter) {
            (Phase::Parked, Some(waiter)) => waiter.is_done() && !waiter.is_cancelled(),
            (phase, _) => phase == Phase::Granted,
        }
    }

    /// Whether `waiter` is the one that this wait handed out.
    pub fn is(&self, waiter: &Waiter) -> bool {
        self.waiter.as_ref() == Some(waiter)
    }

    /// Where the task stands, for reports.
    pub fn place(&self) -> &'static Location<'static> {
        self.place
    }

    /// Whether it has begun and is not over.
    pub fn is_parked(&self) -> bool {
        self.phase == Phase::Parked
    }

    /// Ends the wait early.
    pub(crate) fn leave(&mut self) {
        if self.is_parked() {
            if let Some(Waiter(Kind::Place(task, _))) = &self.waiter {
                task.unpark(self.park);
            }
            self.end(false);
        }
    }

    fn end(&mut self, granted: bool) {
        self.phase = if granted { Phase::Granted } else { Phase::Lost };
        match &self.waiter {
            Some(Waiter(Kind::Place(task, _))) => {
                task.place.set(Place::Free);
                task.set_forward(None);
            }
            Some(Waiter(Kind::Promise(promise))) => {
                if let Some(mut waiting) = self.waiting.take() {
                    waiting.leave(promise.block.erased());
                }
            }
            None => {}
        }
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
