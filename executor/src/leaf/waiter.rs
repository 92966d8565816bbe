//! `Waiter`: one wait of one task, as it stands in a queue.

use std::fmt;

use crate::block::raw::Ref;
use crate::block::task::{AnyTask, TaskHead, TaskRef};
use crate::ground::berth::Berth;
use crate::handle::promise::Promise;
use crate::wheel::entry::Entry;
use crate::wheel::wake::wake_berth;

/// One wait of one task, as it stands in the queue of a primitive: pending, then woken or cancelled.
///
/// It is asyncio's `fut` in `self._waiters.append(fut)`. Clones are the same wait.
///
/// A [`Parking`](crate::primitive::Parking) hands it out; the example there keeps one.
#[derive(Clone)]
pub struct Waiter(Kind);

#[derive(Clone)]
enum Kind {
    /// The task's berth, and which use of it.
    Berth(TaskRef, Berth),
    Promise(Promise<()>),
}

impl Waiter {
    /// The wait that has just begun in this task's berth, by this use of it.
    pub(super) fn in_berth(task: TaskRef, taken: Berth) -> Waiter {
        Waiter(Kind::Berth(task, taken))
    }

    /// The wait for this promise.
    pub(super) fn apart(promise: Promise<()>) -> Waiter {
        Waiter(Kind::Promise(promise))
    }

    /// The wait that is under way in this block: a task's in its berth, or that of a promise.
    pub(crate) fn under_way(block: &Ref) -> Option<Waiter> {
        match TaskRef::new(block) {
            Some(task) => Some(Waiter(Kind::Berth(task.clone(), task.berth.get().as_taken()))),
            None => block
                .downcast()
                .map(|block| Waiter(Kind::Promise(Promise::from_block(block)))),
        }
    }

    /// The entry of the ready queue that wakes it.
    pub(crate) fn into_entry(self) -> Entry {
        match self.0 {
            Kind::Berth(task, taken) => Entry::WakeBerth(task, taken.word()),
            Kind::Promise(promise) => Entry::WakePromise(promise.block.erased().clone()),
        }
    }

    /// The block in which it is under way.
    pub(crate) fn block(&self) -> &Ref {
        match &self.0 {
            Kind::Berth(task, _) => task.erased(),
            Kind::Promise(promise) => promise.block.erased(),
        }
    }

    /// Ends the wait: the task goes on one hop later. `false` when it was woken or cancelled before. Mirrors `fut.set_result`.
    ///
    /// ```
    /// use std::cell::RefCell;
    /// use std::panic::Location;
    /// use std::rc::Rc;
    ///
    /// use kolo::primitive::{Parking, Waiter};
    /// use kolo::{create_task, run, sleep};
    ///
    /// run(async {
    ///     let line = Rc::new(RefCell::new(Vec::<Waiter>::new()));
    ///     let enqueue = line.clone();
    ///     let task = create_task(async move {
    ///         let mut parking = Parking::new(Location::caller());
    ///         std::future::poll_fn(|context| parking.poll(context, |waiter| enqueue.borrow_mut().push(waiter))).await
    ///     });
    ///     sleep(0).await?;
    ///     let waiter = line.take().remove(0);
    ///     assert_eq!(waiter.task(), Some(task.as_any_task()));
    ///     assert!(waiter.wake());
    ///     assert!(waiter.is_done() && !waiter.is_cancelled());
    ///     assert!(!waiter.wake()); // once is enough
    ///     task.await
    /// })
    /// .unwrap();
    /// ```
    #[doc(alias = "unpark")]
    pub fn wake(&self) -> bool {
        match &self.0 {
            Kind::Berth(task, taken) => wake_berth(task.clone(), *taken),
            Kind::Promise(promise) => promise.block.erased().fulfil(),
        }
    }

    /// Whether it was woken or cancelled. Mirrors `fut.done()`.
    pub fn is_done(&self) -> bool {
        match &self.0 {
            Kind::Berth(task, taken) => task.berth.get() != *taken,
            Kind::Promise(promise) => promise.done(),
        }
    }

    /// Whether it was cancelled. Mirrors `fut.cancelled()`.
    pub fn is_cancelled(&self) -> bool {
        match &self.0 {
            Kind::Berth(task, taken) => task.berth.get() == taken.cancelled(),
            Kind::Promise(promise) => promise.cancelled(),
        }
    }

    /// The task that waits; `None` when a foreign executor does, or a foreign combinator with wakers of its own.
    pub fn task(&self) -> Option<AnyTask> {
        match &self.0 {
            Kind::Berth(task, _) => Some(AnyTask::of(task)),
            Kind::Promise(promise) => promise.as_any().awaiters().pop(),
        }
    }
}

/// Two handles are equal when they are of the same wait.
impl PartialEq for Waiter {
    fn eq(&self, other: &Waiter) -> bool {
        match (&self.0, &other.0) {
            (Kind::Berth(a, a_taken), Kind::Berth(b, b_taken)) => a_taken == b_taken && a.is(b),
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

/// Whether it was woken or cancelled.
#[inline]
pub(crate) fn is_done(wait: &Ref) -> bool {
    match wait.own::<TaskHead>() {
        Some(task) => !task.berth.get().is_taken(),
        None => wait.head().done(),
    }
}

/// Whether it was cancelled.
#[inline]
pub(crate) fn is_cancelled(wait: &Ref) -> bool {
    match wait.own::<TaskHead>() {
        Some(task) => task.berth.get().is_cancelled(),
        None => wait.head().cancelled(),
    }
}
