//! `Claim`: what a task wants that waits in a queue, and the wait itself.

use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::ground::error::Result;
use crate::leaf::parking::Parking;
use crate::leaf::wait_queue::WaitQueue;

/// What a task wants that waits in a [`WaitQueue`], and how it takes it: one kind of wait of a primitive.
///
/// Where asyncio's primitives write out a wait, here are its parts, because a future that is dropped, as Rust cancels, cannot run an
/// `except` clause:
///
/// ```text
/// async def acquire(self):
///     if self._free and not self._waiters:  ┐ take(false)
///         return ...                        ┘
///     fut = loop.create_future()            ┐
///     self._waiters.append(fut)             │ wait, in the queue
///     try:                                  │
///         try:                              │
///             await fut                     │
///         finally:                          │
///             self._waiters.remove(fut)     ┘
///     except CancelledError:                ┐ pass_on(woken), and also
///         self._wake_up_next()              │ when the future is dropped
///         raise                             ┘
///     return ...                              take(true)
/// ```
pub trait Claim {
    /// What is given in the end.
    type Output;

    /// The queue in which to wait.
    fn queue(&self) -> &WaitQueue;

    /// Takes what it wants, if it is there.
    ///
    /// `take(false)` is tried first, and the task does not wait at all if that gives something; then the task waits, and each time it
    /// runs because it was woken, `take(true)` is tried. When that gives nothing the task waits again, at the end of the queue.
    fn take(&mut self, woken: bool) -> Option<Result<Self::Output>>;

    /// The wait has ended otherwise: it was cancelled, or dropped, as by a foreign `select!`. Had it been `woken` before that, what it
    /// was woken for has to be passed on. It is out of the queue by now.
    fn pass_on(&mut self, woken: bool);

    /// The same claim, which gives what `give` makes of it: a guard instead of nothing.
    fn giving<G, T>(self, give: G) -> Giving<Self, G>
    where
        Self: Sized,
        G: FnMut(&Self, Self::Output) -> T,
    {
        Giving { claim: self, give }
    }

    /// Waits until [`take`](Claim::take) gives something.
    ///
    /// # Errors
    /// What `take` gives; Cancelled; Runtime, when it has to wait and no loop runs, or the queue [belongs](WaitQueue::bind) to another.
    ///
    /// # Cancel safety
    /// The place in the queue is lost.
    #[track_caller]
    fn wait(self) -> Claiming<Self>
    where
        Self: Sized,
    {
        self.wait_at(Location::caller())
    }

    /// [`wait`](Claim::wait) that is shown in reports as standing at `site`.
    fn wait_at(self, site: &'static Location<'static>) -> Claiming<Self>
    where
        Self: Sized,
    {
        Claiming {
            claim: self,
            parking: Parking::new(site),
        }
    }
}

/// A claim that gives something else; from [`Claim::giving`].
///
/// ```
/// use kolo::primitive::{Claim, WaitQueue};
/// use kolo::{Result, run};
///
/// /// Is always there to be taken.
/// struct Free(WaitQueue);
///
/// impl Claim for Free {
///     type Output = u32;
///     fn queue(&self) -> &WaitQueue {
///         &self.0
///     }
///     fn take(&mut self, _woken: bool) -> Option<Result<u32>> {
///         Some(Ok(42))
///     }
///     fn pass_on(&mut self, _woken: bool) {}
/// }
///
/// let free = Free(WaitQueue::new("Free.take"));
/// assert_eq!(run(free.giving(|_, number| format!("no. {number}")).wait()).unwrap(), "no. 42");
/// ```
#[derive(Debug)]
#[must_use = "a claim is made by `wait`"]
pub struct Giving<C, G> {
    claim: C,
    give: G,
}

impl<C, G, T> Claim for Giving<C, G>
where
    C: Claim,
    G: FnMut(&C, C::Output) -> T,
{
    type Output = T;

    #[inline]
    fn queue(&self) -> &WaitQueue {
        self.claim.queue()
    }
    #[inline]
    fn take(&mut self, woken: bool) -> Option<Result<T>> {
        let taken = self.claim.take(woken)?;
        Some(taken.map(|taken| (self.give)(&self.claim, taken)))
    }
    fn pass_on(&mut self, woken: bool) {
        self.claim.pass_on(woken);
    }
}

/// The future of [`Claim::wait`].
#[must_use = "a wait begins when it is awaited"]
#[derive(Debug)]
pub struct Claiming<C: Claim> {
    claim: C,
    parking: Parking,
}

// Nothing in it is ever pinned.
impl<C: Claim> Unpin for Claiming<C> {}

impl<C: Claim> Future for Claiming<C> {
    type Output = Result<C::Output>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<C::Output>> {
        let Claiming { claim, parking } = &mut *self;
        loop {
            let woken = parking.is_parked();
            if woken && let Err(error) = ready!(claim.queue().0.resume(parking, context)) {
                claim.pass_on(parking.granted());
                return Poll::Ready(Err(error));
            }
            if let Some(outcome) = claim.take(woken) {
                return Poll::Ready(outcome.map_err(|error| error.or_at(parking.site())));
            }
            claim.queue().0.enter(parking, context)?;
            if parking.is_in_berth() {
                return Poll::Pending;
            }
        }
    }
}

impl<C: Claim> Drop for Claiming<C> {
    #[inline]
    fn drop(&mut self) {
        if self.parking.is_parked() {
            let woken = self.parking.granted();
            self.claim.queue().0.leave(&mut self.parking);
            self.claim.pass_on(woken);
        }
    }
}
