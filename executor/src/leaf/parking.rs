//! Parking: how a task waits in a queue.
//!
//! asyncio's primitives make a future for each wait and keep it in a queue. Here a wait is a future of nothing, without the allocation: every
//! task has a berth of its own, because it stands in one place at a time. Only a task that waits in two places at once, through a foreign
//! `select!` or `join!`, needs a real promise for the second.

use std::fmt;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::task::{Context, Poll, ready};

use crate::block::raw::Ref;
use crate::ground::error::Result;
use crate::leaf::apart::Apart;
use crate::leaf::in_berth::InBerth;
use crate::leaf::polled::{Polled, polled_by};
use crate::leaf::waiter::Waiter;

/// The waiting end of a [`Waiter`]: the leaf of a coroutine that waits in a queue.
///
/// Made to be part of a future: `poll` it, and put the [`Waiter`] that it hands out into the queue from which it will be woken. Dropping
/// it ends the wait; the owner must take the waiter out of its queue, and pass on what it had been [`granted`](Parking::granted).
///
/// ```
/// use std::cell::RefCell;
/// use std::panic::Location;
/// use std::pin::Pin;
/// use std::rc::Rc;
/// use std::task::{Context, Poll};
///
/// use kolo::primitive::{Parking, Waiter};
/// use kolo::{Result, create_task, run, sleep};
///
/// /// A bell for one task.
/// #[derive(Clone, Default)]
/// struct Bell(Rc<RefCell<Option<Waiter>>>);
///
/// /// Waits until it rings.
/// struct Ring(Bell, Parking);
///
/// impl Bell {
///     #[track_caller]
///     fn heard(&self) -> Ring {
///         Ring(self.clone(), Parking::new(Location::caller()))
///     }
///
///     fn ring(&self) {
///         if let Some(waiter) = self.0.take() {
///             waiter.wake();
///         }
///     }
/// }
///
/// impl Future for Ring {
///     type Output = Result<()>;
///
///     fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
///         let Ring(bell, parking) = &mut *self;
///         parking.poll(context, |waiter| drop(bell.0.replace(Some(waiter))))
///     }
/// }
///
/// impl Drop for Ring {
///     fn drop(&mut self) {
///         // Cancelled, or dropped: nobody is to wake it any more.
///         if self.1.is_parked() {
///             self.0.0.take();
///         }
///     }
/// }
///
/// run(async {
///     let bell = Bell::default();
///     let listener = create_task(bell.heard());
///     sleep(0).await?;
///     bell.ring();
///     listener.await
/// })
/// .unwrap();
/// ```
pub struct Parking {
    site: &'static Location<'static>,
    /// Not dropped by itself, because nearly always the wait is over by then, and there is nothing to drop: see `drop`.
    state: ManuallyDrop<State>,
}

enum State {
    New,
    InBerth(InBerth),
    Apart(Box<Apart>),
    /// It is over; the waiter had been woken.
    Granted,
    /// It is over; the waiter was cancelled, or left.
    Lost,
}

// A task that waits is as small as it can be.
const _: () = assert!(size_of::<Parking>() == 24);

impl Parking {
    /// A wait that has not begun. `site` is shown in reports as the place where the task stands.
    pub fn new(site: &'static Location<'static>) -> Parking {
        Parking {
            site,
            state: ManuallyDrop::new(State::New),
        }
    }

    /// Waits. At the first call `enqueue` gets the waiter, and the task is parked.
    ///
    /// # Errors
    /// Cancelled, when the task was cancelled: before it was woken, or ([`granted`](Parking::granted)) after. Runtime, when no loop runs.
    #[inline]
    pub fn poll(&mut self, context: &mut Context<'_>, enqueue: impl FnOnce(Waiter)) -> Poll<Result<()>> {
        if let State::New = *self.state {
            enqueue(polled_by(context, |by| self.begin(by, InBerth::waiter, Apart::waiter))?);
            if self.is_in_berth() {
                return Poll::Pending;
            }
        }
        self.go_on(context)
    }

    /// Looks whether the wait is over, and ends it then.
    fn go_on(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let outcome = ready!(self.resume(context));
        self.end();
        Poll::Ready(outcome)
    }

    /// Takes the task's berth, or makes a promise, and gives what the caller wants of the one or of the other. Neither runs user code: nobody may
    /// look before the wait stands where it will be woken from.
    #[inline(always)]
    pub(super) fn begin<T>(
        &mut self,
        by: Polled<'_>,
        of_berth: impl FnOnce(&InBerth) -> T,
        of_apart: impl FnOnce(&Apart) -> T,
    ) -> Result<T> {
        let Some(wait) = InBerth::begin(by, self.site) else {
            return self.begin_apart(by, of_apart);
        };
        let wanted = of_berth(&wait);
        self.state = ManuallyDrop::new(State::InBerth(wait));
        Ok(wanted)
    }

    #[cold]
    fn begin_apart<T>(&mut self, by: Polled<'_>, of_apart: impl FnOnce(&Apart) -> T) -> Result<T> {
        let wait = Apart::begin(by, self.site)?;
        let wanted = of_apart(&wait);
        self.state = ManuallyDrop::new(State::Apart(wait));
        Ok(wanted)
    }

    /// Looks whether a wait that has begun is over. Then [`end`](Parking::end) is next.
    #[inline(always)]
    pub(super) fn resume(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        match &*self.state {
            State::InBerth(wait) => wait.resume(self.site, context),
            _ => self.resume_apart(context),
        }
    }

    #[cold]
    fn resume_apart(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut *self.state {
            State::Apart(wait) => wait.resume(context),
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Whether the waiter was woken; a wait that failed all the same, or is dropped, must pass on what it was woken for.
    ///
    /// ```
    /// use std::cell::RefCell;
    /// use std::panic::Location;
    /// use std::rc::Rc;
    /// use std::task::Poll;
    ///
    /// use kolo::primitive::{Parking, Waiter};
    /// use kolo::{create_task, run, sleep};
    ///
    /// run(async {
    ///     let bell = Rc::new(RefCell::new(None::<Waiter>));
    ///     let place = bell.clone();
    ///     let listener = create_task(async move {
    ///         let mut parking = Parking::new(Location::caller());
    ///         std::future::poll_fn(|context| {
    ///             let polled = parking.poll(context, |waiter| drop(place.replace(Some(waiter))));
    ///             let waiter = place.borrow();
    ///             if polled.is_pending() {
    ///                 assert!(parking.is(waiter.as_ref().unwrap()) && !parking.granted());
    ///                 println!("waits at {}", parking.site());
    ///             }
    ///             polled
    ///         })
    ///         .await?;
    ///         Ok(parking.granted())
    ///     });
    ///     sleep(0).await?;
    ///     bell.borrow().as_ref().unwrap().wake();
    ///     assert!(listener.await?);
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn granted(&self) -> bool {
        match &*self.state {
            State::New | State::Lost => false,
            State::InBerth(wait) => wait.granted(),
            State::Apart(wait) => wait.granted(),
            State::Granted => true,
        }
    }

    /// Whether `waiter` is the one that this wait handed out.
    pub fn is(&self, waiter: &Waiter) -> bool {
        self.block()
            .is_some_and(|block| Waiter::under_way(block).as_ref() == Some(waiter))
    }

    /// The block in which the wait is under way.
    #[inline(always)]
    pub(super) fn block(&self) -> Option<&Ref> {
        match &*self.state {
            State::InBerth(wait) => Some(wait.block()),
            State::Apart(wait) => Some(wait.block()),
            State::New | State::Granted | State::Lost => None,
        }
    }

    /// Where the task stands, for reports.
    pub fn site(&self) -> &'static Location<'static> {
        self.site
    }

    /// Whether it has begun and is not over.
    pub fn is_parked(&self) -> bool {
        matches!(*self.state, State::InBerth(_) | State::Apart(_))
    }

    #[inline]
    pub(super) fn is_in_berth(&self) -> bool {
        matches!(*self.state, State::InBerth(_))
    }

    /// Ends the wait early.
    pub(super) fn leave(&mut self) {
        if let State::InBerth(wait) = &*self.state {
            wait.unpark();
        }
        self.end();
    }

    /// Ends the wait, if it is under way. It cannot be woken from then on.
    #[inline(always)]
    pub(super) fn end(&mut self) {
        let over = if self.granted() { State::Granted } else { State::Lost };
        if !self.is_parked() {
            return;
        }
        match std::mem::replace(&mut *self.state, over) {
            State::InBerth(wait) => wait.end(),
            State::Apart(wait) => wait.end(),
            State::New | State::Granted | State::Lost => {}
        }
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
        write!(f, "<Parking at {}>", self.site)
    }
}
