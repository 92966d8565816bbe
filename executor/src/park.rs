//! Parking: how a task waits in the queue of a primitive.
//!
//! Asyncio's primitives make a future for each wait and keep it in a queue. A [`Waiter`] is such a future of nothing, without the
//! allocation: every task has one parking place of its own, because it stands in one place at a time. Only a task that waits in two
//! places at once, through a foreign `select!` or `join!`, needs a real promise for the second.

use std::fmt;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::task::{Context, Poll, ready};

use crate::current::{self, Polled};
use crate::error::{Error, Result};
use crate::graph;
use crate::promise::Promise;
use crate::promise::waiting::Waiting;
use crate::ready::Entry;
use crate::task::raw::Ref;
use crate::task::{AnyTask, Place, TaskHead, TaskRef};

/// One wait of one task, as it stands in the queue of a primitive: pending, then woken or cancelled.
///
/// It is asyncio's `fut` in `self._waiters.append(fut)`. Clones are the same wait.
#[derive(Clone)]
pub struct Waiter(Kind);

#[derive(Clone)]
enum Kind {
    /// The task's own place, and which use of it.
    Place(TaskRef, Place),
    Promise(Promise<()>),
}

impl Waiter {
    pub(crate) fn of_place(task: TaskRef, taken: Place) -> Waiter {
        Waiter(Kind::Place(task, taken))
    }

    /// The wait that is under way in this block: a task's in its own place, or that of a promise.
    pub(crate) fn under_way(block: &Ref) -> Option<Waiter> {
        match TaskRef::new(block) {
            Some(task) => Some(Waiter::of_place(task.clone(), task.place.get().taken_now())),
            None => block
                .downcast()
                .map(|block| Waiter(Kind::Promise(Promise::from_block(block)))),
        }
    }

    /// The entry of the ready queue that wakes it.
    pub(crate) fn into_entry(self) -> Entry {
        match self.0 {
            Kind::Place(task, taken) => Entry::WakePlace(task, taken.word()),
            Kind::Promise(promise) => Entry::WakePromise(promise),
        }
    }

    /// Ends the wait: the task goes on one hop later. `false` when it was woken or cancelled before. Mirrors `fut.set_result`.
    pub fn wake(&self) -> bool {
        match &self.0 {
            Kind::Place(task, taken) => task.place.get() == *taken && wake(task.erased().clone()),
            Kind::Promise(promise) => promise.set_result(()).is_ok(),
        }
    }

    /// Whether it was woken or cancelled. Mirrors `fut.done()`.
    pub fn is_done(&self) -> bool {
        match &self.0 {
            Kind::Place(task, taken) => task.place.get() != *taken,
            Kind::Promise(promise) => promise.done(),
        }
    }

    /// Whether it was cancelled. Mirrors `fut.cancelled()`.
    pub fn is_cancelled(&self) -> bool {
        match &self.0 {
            Kind::Place(task, taken) => task.place.get() == taken.cancelled(),
            Kind::Promise(promise) => promise.cancelled(),
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
            (Kind::Place(a, a_taken), Kind::Place(b, b_taken)) => a_taken == b_taken && a.is(b),
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

/// Ends the wait that is under way in this block, if it was neither woken nor cancelled before.
pub(crate) fn wake(wait: Ref) -> bool {
    match wait.into_task() {
        Ok(task) => {
            let waits = task.place.get().is_taken();
            if waits {
                task.place.set(task.place.get().woken());
                let forward = task.take_forward();
                current::wake(task);
                if let Some(forward) = forward {
                    forward.wake();
                }
            }
            waits
        }
        Err(promise) => wake_promise(&promise),
    }
}

#[cold]
fn wake_promise(promise: &Ref) -> bool {
    promise
        .downcast()
        .is_some_and(|block| Promise::from_block(block).set_result(()).is_ok())
}

/// Whether it was woken or cancelled.
#[inline]
pub(crate) fn is_done(wait: &Ref) -> bool {
    match wait.heading::<TaskHead>() {
        Some(task) => !task.place.get().is_taken(),
        None => wait.head().done(),
    }
}

/// Whether it was cancelled.
#[inline]
pub(crate) fn is_cancelled(wait: &Ref) -> bool {
    match wait.heading::<TaskHead>() {
        Some(task) => task.place.get().is_cancelled(),
        None => wait.head().cancelled(),
    }
}

/// The waiting end of a [`Waiter`]: the leaf of a coroutine that waits in a queue.
///
/// Made to be part of a future: `poll` it, and put the [`Waiter`] that it hands out into the queue from which it will be woken. Dropping
/// it ends the wait; the owner must take the waiter out of its queue, and pass on what it had been [`granted`](Parking::granted).
pub struct Parking {
    place: &'static Location<'static>,
    /// Has a destructor only while the wait is under way, and that is this struct's own.
    state: ManuallyDrop<State>,
}

enum State {
    New,
    /// In the place of this task, as its suspension of this number.
    InPlace(u32, TaskRef),
    /// With a promise of its own.
    Apart(Box<(Promise<()>, Waiting)>),
    /// It is over; the waiter had been woken.
    Granted,
    /// It is over; the waiter was cancelled, or left.
    Lost,
}

// A task that waits is as small as it can be.
const _: () = assert!(size_of::<Parking>() == 24);

impl Parking {
    /// A wait that has not begun. `place` is shown in reports as the place where the task stands.
    pub fn new(place: &'static Location<'static>) -> Parking {
        Parking {
            place,
            state: ManuallyDrop::new(State::New),
        }
    }

    /// Waits. At the first call `enqueue` gets the waiter, and the task is parked.
    ///
    /// # Errors
    /// Cancelled, when the task was cancelled: before it was woken, or ([`granted`](Parking::granted)) after. Runtime, when no loop runs.
    pub fn poll(&mut self, context: &mut Context<'_>, enqueue: impl FnOnce(Waiter)) -> Poll<Result<()>> {
        if let State::New = *self.state {
            let block = current::polled_by(context, |by| self.begin(by))?;
            Waiter::under_way(&block).map(enqueue);
            if let State::InPlace(..) = *self.state {
                return Poll::Pending;
            }
        }
        match self.resume(context) {
            Poll::Ready((outcome, _)) => Poll::Ready(outcome),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Takes the task's place, or makes a promise. Returns the block in which the wait is under way.
    #[inline(always)]
    pub(crate) fn begin(&mut self, by: Polled<'_>) -> Result<Ref> {
        if let Polled::Direct(task) = by
            && task.place.get().is_free()
        {
            task.place.set(task.place.get().taken());
            self.state = ManuallyDrop::new(State::InPlace(task.park_in_place(self.place), task.clone()));
            return Ok(task.erased().clone());
        }
        self.begin_apart(by)
    }

    #[cold]
    fn begin_apart(&mut self, by: Polled<'_>) -> Result<Ref> {
        if by.loop_id() == 0 {
            return Err(Error::runtime("no running event loop"));
        }
        let promise = Promise::new();
        let block = promise.block.erased().clone();
        self.state = ManuallyDrop::new(State::Apart(Box::new((promise, Waiting::new(self.place)))));
        Ok(block)
    }

    /// Looks whether a wait that has begun is over. Returns also the block in which it was under way.
    #[inline(always)]
    pub(crate) fn resume(&mut self, context: &mut Context<'_>) -> Poll<(Result<()>, Option<Ref>)> {
        let State::InPlace(park, task) = &*self.state else {
            return self.resume_apart(context);
        };
        // What ends the wait stands in the task's head: who polls does not matter.
        let place = task.place.get();
        let outcome = match current::take_delivery(*park) {
            None if place.is_woken() => Ok(()),
            None if place.is_taken() => {
                self.park_again(context);
                return Poll::Pending;
            }
            None => Err(task.take_message()),
            Some(cancelled) => Err(cancelled),
        };
        Poll::Ready((outcome, self.end_in_place(place.is_woken())))
    }

    /// Polled although nothing has happened.
    #[cold]
    fn park_again(&mut self, context: &mut Context<'_>) {
        let State::InPlace(park, task) = &mut *self.state else {
            return;
        };
        current::polled_by(context, |by| match by {
            Polled::Direct(now) if now.is(task) => *park = task.park_in_place(self.place),
            // The future was moved away from the task in whose place it began to wait.
            _ => task.set_forward(Some(context.waker().clone())),
        });
    }

    #[cold]
    fn resume_apart(&mut self, context: &mut Context<'_>) -> Poll<(Result<()>, Option<Ref>)> {
        let State::Apart(wait) = &mut *self.state else {
            return Poll::Ready((Ok(()), None));
        };
        let (promise, waiting) = &mut **wait;
        let outcome = ready!(waiting.poll(promise.block.erased(), context)).and_then(|()| promise.take_result());
        let granted = promise.done() && !promise.cancelled();
        Poll::Ready((outcome, self.end_apart(granted)))
    }

    /// Whether the waiter was woken; a wait that failed all the same, or is dropped, must pass on what it was woken for.
    pub fn granted(&self) -> bool {
        match &*self.state {
            State::New | State::Lost => false,
            State::InPlace(_, task) => task.place.get().is_woken(),
            State::Apart(wait) => wait.0.done() && !wait.0.cancelled(),
            State::Granted => true,
        }
    }

    /// Whether `waiter` is the one that this wait handed out.
    pub fn is(&self, waiter: &Waiter) -> bool {
        match (&*self.state, &waiter.0) {
            (State::InPlace(_, task), Kind::Place(theirs, taken)) => task.is(theirs) && task.place.get().taken_now() == *taken,
            (State::Apart(wait), Kind::Promise(theirs)) => wait.0.ptr_eq(theirs),
            _ => false,
        }
    }

    /// Where the task stands, for reports.
    pub fn place(&self) -> &'static Location<'static> {
        self.place
    }

    /// Whether it has begun and is not over.
    pub fn is_parked(&self) -> bool {
        matches!(*self.state, State::InPlace(..) | State::Apart(_))
    }

    #[inline]
    pub(crate) fn is_in_place(&self) -> bool {
        matches!(*self.state, State::InPlace(..))
    }

    /// Ends the wait early. Returns the block in which it was under way.
    pub(crate) fn leave(&mut self) -> Option<Ref> {
        match &*self.state {
            State::InPlace(park, task) => task.unpark(*park),
            State::Apart(_) => {}
            State::New | State::Granted | State::Lost => return None,
        }
        self.end(self.granted())
    }

    fn end(&mut self, granted: bool) -> Option<Ref> {
        if let State::Apart(_) = &*self.state {
            return self.end_apart(granted);
        }
        self.end_in_place(granted)
    }

    /// Puts an end to the wait. Returns what it was.
    #[inline(always)]
    fn over(&mut self, granted: bool) -> State {
        let over = if granted { State::Granted } else { State::Lost };
        std::mem::replace(&mut *self.state, over)
    }

    #[inline(always)]
    fn end_in_place(&mut self, granted: bool) -> Option<Ref> {
        let State::InPlace(_, task) = self.over(granted) else {
            return None;
        };
        task.place.set(task.place.get().freed());
        task.set_forward(None);
        Some(task.into_erased())
    }

    #[cold]
    fn end_apart(&mut self, granted: bool) -> Option<Ref> {
        let State::Apart(wait) = self.over(granted) else { return None };
        let (promise, mut waiting) = *wait;
        waiting.leave(promise.block.erased());
        Some(promise.block.erased().clone())
    }
}

impl Drop for Parking {
    #[inline]
    fn drop(&mut self) {
        if self.is_parked() {
            self.leave();
        }
    }
}

impl fmt::Debug for Parking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Parking at {}>", self.place)
    }
}
