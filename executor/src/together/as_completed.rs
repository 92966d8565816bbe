//! `as_completed`: results in the order in which they come.

use std::cell::{Cell, RefCell};
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::block::head::{AnyPromise, Callback};
use crate::block::listener::{Listen, Listener};
use crate::block::raw::Ref;
use crate::ground::error::{Awaited, Error, Result};
use crate::ground::time::Limit;
use crate::leaf::parking::Parking;
use crate::leaf::waiter::Waiter;
use crate::together::ensure::{EnsureFuture, LoopOf};
use crate::together::several::Several;
use crate::wheel::current;
use crate::wheel::entry::Entry;
use crate::wheel::timer::Timer;

/// Gives the outcomes of `awaitables` in the order in which they are done. Mirrors `asyncio.as_completed`.
///
/// Coroutines become tasks here and now. It is a [`Stream`] of outcomes, and [`next`](AsCompleted::next) takes them one by one;
/// [`next_done`](AsCompleted::next_done) gives the task instead of its outcome, as `async for` does. What is given twice counts once.
///
/// ```
/// use kolo::{as_completed, run, sleep_with};
///
/// run(async {
///     let mut results = as_completed([0.02, 0.01].map(|delay| sleep_with(delay, delay)));
///     assert_eq!(results.next().await.unwrap()?, 0.01);
///     assert_eq!(results.next().await.unwrap()?, 0.02);
///     assert!(results.next().await.is_none());
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Panics
/// When no loop runs on this thread, and nothing that is given belongs to one.
///
/// # Cancel safety
/// Dropping it, or cancelling the waiting task, leaves what runs alone. A cancelled `next` counts as one: there is one less to come.
#[doc(alias("FuturesUnordered", "select_all", "race"))]
#[track_caller]
pub fn as_completed<S: Several<One: EnsureFuture>>(awaitables: S) -> AsCompleted<S::One> {
    let mut event_loop = LoopOf::new("as_completed", current::running());
    let mut seen = HashSet::new();
    let mut handles = Vec::new();
    let mut promises = Vec::new();
    for awaitable in awaitables {
        let handle = event_loop.ensure(awaitable);
        let promise = S::One::any(&handle);
        if seen.insert(promise.0.address()) {
            handles.push(handle);
            promises.push(Some(promise));
        }
    }
    let event_loop = event_loop.expect();
    let left = handles.len();
    let state = Rc::new(State {
        loop_id: event_loop.0.id,
        todo: Cell::new(left),
        promises: RefCell::new(promises),
        done: RefCell::default(),
        waiter: RefCell::default(),
        timer: Cell::new(None),
    });
    let listener = Listener::new(state.clone());
    event_loop.0.tellers.note(&listener);
    let mut refused = None;
    for (index, promise) in state.promises.borrow().iter().flatten().enumerate() {
        match promise.0.head().claim(event_loop.0.id) {
            Ok(()) => promise.0.add_callback(Callback::Notify(listener.clone(), index as u32)),
            Err(foreign) => refused = Some(foreign),
        }
    }
    AsCompleted {
        refused,
        handles,
        state,
        listener,
        left,
        parking: None,
        site: Location::caller(),
    }
}

/// Outcomes in the order of their coming; from [`as_completed`].
///
/// ```
/// use kolo::{as_completed, create_task, run, sleep_with};
///
/// run(async {
///     let tasks = [create_task(sleep_with(0.02, "tortoise")), create_task(sleep_with(0.01, "hare"))];
///     tasks[1].set_name("lane 2");
///     let mut finish = as_completed(&tasks).timeout(10);
///     let winner = finish.next_done().await?.unwrap();
///     assert_eq!(winner.name(), "lane 2");
///     Ok(())
/// })
/// .unwrap();
/// ```
#[must_use = "the tasks run, but nobody waits for them"]
pub struct AsCompleted<A: EnsureFuture> {
    /// One of them belongs to another loop: the only outcome is this error.
    refused: Option<Error>,
    handles: Vec<A::Handle>,
    state: Rc<State>,
    listener: Listener,
    /// How many `next` have not begun yet.
    left: usize,
    /// The wait of the `next` that has begun.
    parking: Option<Parking>,
    site: &'static Location<'static>,
}

impl<A: EnsureFuture> Unpin for AsCompleted<A> {}

struct State {
    loop_id: u16,
    /// How many are not done.
    todo: Cell<usize>,
    /// Those that are not done. None when nobody takes outcomes any more.
    promises: RefCell<Vec<Option<AnyPromise>>>,
    /// Who is done, in order; `None` for one that was late.
    done: RefCell<VecDeque<Option<u32>>>,
    waiter: RefCell<Option<Waiter>>,
    timer: Cell<Option<Timer>>,
}

/// The number under which the timer is told, which no child has.
const LATE: u32 = u32::MAX;

impl State {
    fn put(&self, item: Option<u32>) {
        self.done.borrow_mut().push_back(item);
        let waiter = self.waiter.take();
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }

    fn disarm(&self) {
        if let Some(timer) = self.timer.take() {
            timer.disarm();
        }
    }

    /// Takes the callbacks off those that are not done. Returns how many these were.
    fn leave(&self, listener: &Listener) -> usize {
        let promises = self.promises.take();
        self.todo.set(0);
        let mut left = 0;
        for promise in promises.iter().flatten() {
            listener.leave(promise);
            left += 1;
        }
        left
    }
}

impl Listen for Rc<State> {
    fn notify(&self, index: u32) {
        // After the timeout nobody is waited for any more.
        if self.todo.get() == 0 {
            return;
        }
        let promise = self.promises.borrow_mut().get_mut(index as usize).and_then(Option::take);
        drop(promise);
        self.todo.set(self.todo.get() - 1);
        self.put(Some(index));
        if self.todo.get() == 0 {
            self.disarm();
        }
    }

    fn told_of(&self) -> Vec<AnyPromise> {
        self.promises.borrow().iter().flatten().cloned().collect()
    }

    fn awaiter(&self) -> Option<Ref> {
        self.waiter.borrow().as_ref().map(|waiter| waiter.block().clone())
    }
}

/// Tells the state that the time is over.
struct Late(Rc<State>, Listener);

impl Listen for Late {
    fn notify(&self, _: u32) {
        for _ in 0..self.0.leave(&self.1) {
            self.0.put(None);
        }
    }
}

impl<A: EnsureFuture> AsCompleted<A> {
    /// From `timeout` seconds after this call on, each outcome that is not there is a timeout; `None` is no limit. To be called at
    /// once.
    ///
    /// # Panics
    /// When `timeout` is NaN.
    #[track_caller]
    pub fn timeout(self, timeout: impl Limit) -> Self {
        let Ok(timeout) = timeout.limit("timeout") else {
            panic!("as_completed: the timeout is NaN (not a number)")
        };
        if let Some(timeout) = timeout.filter(|_| self.state.todo.get() > 0) {
            let late = Entry::Notify(Listener::new(Late(self.state.clone(), self.listener.clone())), LATE as usize);
            let timer = current::with_loop_of(self.state.loop_id, |event_loop| Timer::after(&event_loop.0, timeout, late));
            self.state.timer.set(timer);
        }
        self
    }

    /// Waits for the next outcome; `None` when all were given. Mirrors `for next in as_completed(...): await next`.
    ///
    /// # Errors
    /// Those of what is awaited, within the outcome; Timeout; Cancelled.
    ///
    /// # Cancel safety
    /// No outcome is lost; a cancelled `next` counts as one, a dropped one does not.
    #[doc(alias = "join_next")]
    // asyncio's loop over it reads `for next in ...`, and a Stream's extension has the same name.
    #[allow(clippy::should_implement_trait)]
    #[track_caller]
    pub fn next(&mut self) -> impl Future<Output = Option<Result<A::Value>>> {
        self.site = Location::caller();
        let mut next = Next(self);
        async move { next.index().await.map(|index| next.0.outcome(index?)) }
    }

    /// Waits for the next to be done, and gives its handle; `None` when all were given. Mirrors `async for task in as_completed(...)`.
    ///
    /// # Errors
    /// Timeout; Cancelled.
    ///
    /// # Cancel safety
    /// As [`next`](AsCompleted::next).
    #[track_caller]
    pub fn next_done(&mut self) -> impl Future<Output = Result<Option<A::Handle>>>
    where
        A::Handle: Clone,
    {
        self.site = Location::caller();
        let mut next = Next(self);
        async move { Ok(next.index().await.transpose()?.map(|index| next.0.handles[index].clone())) }
    }

    fn outcome(&self, index: usize) -> Result<A::Value> {
        let handle = &self.handles[index];
        A::any(handle).0.hand_out(A::outcome(handle), Awaited::At(self.site))
    }

    /// Which is the next that is done.
    fn poll_index(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<usize>>> {
        if let Some(error) = self.refused.take() {
            self.left = 0;
            return Poll::Ready(Some(Err(error)));
        }
        if self.parking.is_none() {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            self.left -= 1;
        }
        loop {
            if let Some(parking) = &mut self.parking {
                let outcome = ready!(parking.poll(context, |waiter| drop(self.state.waiter.replace(Some(waiter)))));
                self.parking = None;
                if let Err(error) = outcome {
                    self.state.waiter.take();
                    return Poll::Ready(Some(Err(error)));
                }
            }
            let item = self.state.done.borrow_mut().pop_front();
            match item {
                Some(Some(index)) => return Poll::Ready(Some(Ok(index as usize))),
                Some(None) => return Poll::Ready(Some(Err(Error::timeout().at(self.site)))),
                None => self.parking = Some(Parking::new(self.site)),
            }
        }
    }
}

/// One `next` under way. Dropped before its end it has taken nothing.
struct Next<'a, A: EnsureFuture>(&'a mut AsCompleted<A>);

impl<A: EnsureFuture> Next<'_, A> {
    async fn index(&mut self) -> Option<Result<usize>> {
        std::future::poll_fn(|context| self.0.poll_index(context)).await
    }
}

impl<A: EnsureFuture> Drop for Next<'_, A> {
    fn drop(&mut self) {
        if self.0.parking.take().is_some() {
            self.0.left += 1;
        }
    }
}

impl<A: EnsureFuture> Drop for AsCompleted<A> {
    fn drop(&mut self) {
        self.state.leave(&self.listener);
        self.state.disarm();
    }
}

impl<A: EnsureFuture> Stream for AsCompleted<A> {
    type Item = Result<A::Value>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.poll_index(context));
        Poll::Ready(item.map(|index| self.outcome(index?)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.left + usize::from(self.parking.is_some());
        (left, Some(left))
    }
}

impl<A: EnsureFuture> fmt::Debug for AsCompleted<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<AsCompleted left={}>", self.left)
    }
}
