//! `wait`: until some or all of several are done, without cancelling any.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::block::head::{AnyPromise, Callback};
use crate::block::listener::{Listen, Listener};
use crate::block::raw::Ref;
use crate::ground::error::{Error, Result};
use crate::ground::time::{Limit, Nanos};
use crate::leaf::parking::Parking;
use crate::leaf::waiter::Waiter;
use crate::together::ensure::Awaitable;
use crate::together::several::Several;
use crate::wheel::current;
use crate::wheel::timer::Timer;

/// When [`wait`] returns.
///
/// ```
/// use kolo::{Error, ReturnWhen, create_task, run, sleep_with, wait};
///
/// run(async {
///     let tasks = [
///         create_task(sleep_with(3600, "late")),
///         create_task(async { Err(Error::value("bad")) }),
///     ];
///     let (done, pending) = wait(&tasks).return_when(ReturnWhen::FirstException).await?;
///     assert_eq!(done[0].error()?.unwrap().message(), "bad");
///     assert_eq!(pending.len(), 1);
///     Ok(())
/// })
/// .unwrap();
/// ```
#[doc(alias = "select")]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ReturnWhen {
    /// When the first is done.
    #[doc(alias = "FIRST_COMPLETED")]
    FirstCompleted,
    /// When the first has failed; cancellations do not count. If none fails, when all are done.
    #[doc(alias = "FIRST_EXCEPTION")]
    FirstException,
    /// When all are done.
    #[doc(alias = "ALL_COMPLETED")]
    #[default]
    AllCompleted,
}

/// Waits until the tasks, promises or gathers in `awaitables` are done, and gives those that are, and those that are not, each in the
/// order given. Mirrors `asyncio.wait`.
///
/// It cancels nothing and raises nothing: look at each that is done. What is given twice counts once.
///
/// ```
/// use kolo::{ReturnWhen, create_task, run, sleep_with, wait};
///
/// run(async {
///     let tasks = [0.01, 3600.0].map(|delay| create_task(sleep_with(delay, delay)));
///     let (done, pending) = wait(&tasks).return_when(ReturnWhen::FirstCompleted).await?;
///     assert_eq!((done.len(), pending.len()), (1, 1));
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Value, when there is nothing to wait for, or the timeout is NaN; Cancelled; Runtime, when no loop runs.
///
/// # Cancel safety
/// Cancelling the waiting task leaves what it waits for alone.
#[doc(alias("select", "select_all", "race"))]
#[track_caller]
pub fn wait<S: Several<One: Awaitable>>(awaitables: S) -> Wait<S::One> {
    let mut seen = HashSet::new();
    let items: Vec<(S::One, AnyPromise)> = awaitables
        .into_iter()
        .map(|item| {
            let promise = item.to_any();
            (item, promise)
        })
        .filter(|(_, promise)| seen.insert(promise.0.address()))
        .collect();
    Wait {
        items,
        timeout: Ok(None),
        return_when: ReturnWhen::default(),
        parking: Parking::new(Location::caller()),
        state: None,
    }
}

/// The future of [`wait`].
///
/// ```
/// use kolo::{create_task, run, sleep_with, wait};
///
/// run(async {
///     let tasks = [0.01, 3600.0].map(|delay| create_task(sleep_with(delay, delay)));
///     let (done, pending) = wait(&tasks).timeout(0.05).await?;
///     assert_eq!(done[0].result()?, 0.01);
///     for late in pending {
///         late.cancel(); // `wait` itself cancels nothing
///     }
///     Ok(())
/// })
/// .unwrap();
/// ```
#[must_use = "a wait begins when it is awaited"]
pub struct Wait<A> {
    items: Vec<(A, AnyPromise)>,
    timeout: Result<Option<Nanos>>,
    return_when: ReturnWhen,
    parking: Parking,
    /// There while it waits.
    state: Option<(Rc<State>, Listener)>,
}

impl<A> Unpin for Wait<A> {}

struct State {
    promises: Vec<AnyPromise>,
    left: Cell<usize>,
    return_when: ReturnWhen,
    waiter: RefCell<Option<Waiter>>,
    timer: Cell<Option<Timer>>,
}

impl State {
    fn disarm(&self) {
        if let Some(timer) = self.timer.take() {
            timer.disarm();
        }
    }
}

impl Listen for Rc<State> {
    fn notify(&self, index: u32) {
        self.left.set(self.left.get().saturating_sub(1));
        let over = self.left.get() == 0
            || match self.return_when {
                ReturnWhen::AllCompleted => false,
                ReturnWhen::FirstCompleted => true,
                ReturnWhen::FirstException => matches!(self.promises[index as usize].error(), Ok(Some(_))),
            };
        if over {
            self.disarm();
            let waiter = self.waiter.borrow().clone();
            if let Some(waiter) = waiter {
                waiter.wake();
            }
        }
    }

    fn told_of(&self) -> Vec<AnyPromise> {
        self.promises.clone()
    }

    fn awaiter(&self) -> Option<Ref> {
        self.waiter.borrow().as_ref().map(|waiter| waiter.block().clone())
    }
}

impl<A> Wait<A> {
    /// Returns after `timeout` seconds at the latest, which is no error; `None` is no limit.
    #[track_caller]
    pub fn timeout(mut self, timeout: impl Limit) -> Wait<A> {
        self.timeout = timeout.limit("timeout");
        self
    }

    /// Returns when this has happened; [`ReturnWhen::AllCompleted`] unless told otherwise.
    pub fn return_when(mut self, return_when: ReturnWhen) -> Wait<A> {
        self.return_when = return_when;
        self
    }

    fn begin(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        if self.items.is_empty() {
            return Poll::Ready(Err(Error::value("Set of Tasks/Futures is empty.").at(self.parking.site())));
        }
        let timeout = self.timeout.clone()?;
        let event_loop = current::demand()?;
        let state = Rc::new(State {
            promises: self.items.iter().map(|(_, promise)| promise.clone()).collect(),
            left: Cell::new(self.items.len()),
            return_when: self.return_when,
            waiter: RefCell::new(None),
            timer: Cell::new(None),
        });
        let poll = self.parking.poll(context, |waiter| {
            if let Some(timeout) = timeout {
                let timer = Timer::after(&event_loop.0, timeout, waiter.clone().into_entry());
                state.timer.set(Some(timer));
            }
            state.waiter.replace(Some(waiter));
        });
        let listener = Listener::new(state.clone());
        event_loop.0.tellers.note(&listener);
        for (index, promise) in state.promises.iter().enumerate() {
            promise.0.head().bind(event_loop.0.id);
            promise.0.add_callback(Callback::Notify(listener.clone(), index as u32));
        }
        self.state = Some((state, listener));
        poll
    }

    fn end(&mut self) {
        let Some((state, listener)) = self.state.take() else { return };
        state.disarm();
        state.waiter.replace(None);
        state.promises.iter().for_each(|promise| listener.leave(promise));
    }
}

impl<A> Future for Wait<A> {
    type Output = Result<(Vec<A>, Vec<A>)>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let poll = match this.state {
            None => this.begin(context),
            Some(_) => this.parking.poll(context, |_| {}),
        };
        let outcome = std::task::ready!(poll);
        this.end();
        outcome?;
        let (done, pending): (Vec<_>, Vec<_>) = this.items.drain(..).partition(|(_, promise)| promise.done());
        let without_promises = |items: Vec<(A, AnyPromise)>| items.into_iter().map(|(item, _)| item).collect();
        Poll::Ready(Ok((without_promises(done), without_promises(pending))))
    }
}

impl<A> Drop for Wait<A> {
    fn drop(&mut self) {
        self.end();
    }
}

impl<A> fmt::Debug for Wait<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Wait for {} {:?}>", self.items.len(), self.return_when)
    }
}
