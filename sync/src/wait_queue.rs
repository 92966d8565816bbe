//! `WaitQueue`: who waits, and in which order they are woken. Every primitive stands on this page.

use std::collections::VecDeque;
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};

use kolo_executor::{Binding, Error, Holder, Parking, Resource, Result, Waiter};

use crate::line::{Holders, Line};

/// The tasks that wait for something, first come, first served.
///
/// This is asyncio's `self._waiters = collections.deque()` with all that its primitives do to it. A task that [waits](WaitQueue::wait)
/// stands in the queue until it *runs* again, woken or cancelled: in between its entry is done but still there, and those who come later
/// can see that somebody is on the way.
///
/// A queue belongs to the loop in which a task first waits in it. From then on the loop's reports show who waits there, for what
/// (`kind`, such as `"Gate.pass"`), and whoever was said to [have taken](WaitQueue::note_taken) the thing.
///
/// ```
/// use std::cell::Cell;
/// use std::rc::Rc;
///
/// use kolo_executor::{Result, create_task, run, sleep};
/// use kolo_sync::WaitQueue;
///
/// /// A gate that lets one task pass for each coin.
/// struct Gate {
///     coins: Cell<u32>,
///     waiters: WaitQueue,
/// }
///
/// impl Gate {
///     fn pass(&self) -> impl Future<Output = Result<()>> {
///         let take_coin = |_woken| {
///             let left = self.coins.get().checked_sub(1)?;
///             self.coins.set(left);
///             Some(Ok(()))
///         };
///         // Who was woken and will not take the coin wakes the next one.
///         let pass_on = |woken| {
///             if woken {
///                 self.waiters.wake(1);
///             }
///         };
///         self.waiters.wait(take_coin, pass_on)
///     }
///
///     fn insert_coin(&self) {
///         self.coins.set(self.coins.get() + 1);
///         self.waiters.wake(1);
///     }
/// }
///
/// run(async {
///     let gate = Rc::new(Gate { coins: Cell::new(0), waiters: WaitQueue::new("Gate.pass") });
///     let visitor = create_task({
///         let gate = gate.clone();
///         async move { gate.pass().await }
///     });
///     sleep(0).await?;
///     assert_eq!(gate.waiters.len(), 1);
///     gate.insert_coin();
///     visitor.await
/// })
/// .unwrap();
/// ```
pub struct WaitQueue(Rc<Shared>);

struct Shared {
    kind: &'static str,
    /// The primitive that this is a queue of; by itself a queue is its own.
    owner: Option<Weak<dyn fmt::Debug>>,
    binding: Binding,
    line: Line,
    holders: Holders,
}

impl WaitQueue {
    /// An empty queue. `kind` says what a task does that waits in it, such as `"Gate.pass"`.
    pub fn new(kind: &'static str) -> WaitQueue {
        WaitQueue::with_owner(kind, None)
    }

    /// An empty queue of `owner`, whose `Debug` text stands for it in errors and reports, and whose handles count.
    pub fn part_of<T: fmt::Debug + 'static>(owner: &Weak<T>, kind: &'static str) -> WaitQueue {
        WaitQueue::with_owner(kind, Some(owner.clone()))
    }

    fn with_owner(kind: &'static str, owner: Option<Weak<dyn fmt::Debug>>) -> WaitQueue {
        WaitQueue(Rc::new(Shared {
            kind,
            owner,
            binding: Binding::new(),
            line: Line::default(),
            holders: Holders::default(),
        }))
    }

    /// Waits until `take` gives something.
    ///
    /// `take(false)` is tried first, and the task does not wait at all if there is something to take; then the task waits, and each time
    /// it runs because it was woken, `take(true)` is tried. When that gives nothing the task waits again, at the end of the queue.
    ///
    /// `pass_on` is called when a wait ends otherwise: cancelled, or dropped, as by a foreign `select!`. It is told whether the waiter had
    /// been woken before that; then what it was woken for has to be passed on. The waiter is out of the queue by then.
    ///
    /// # Errors
    /// What `take` gives; Cancelled; Runtime, when it has to wait and no loop runs, or the queue [belongs](WaitQueue::bind) to another.
    ///
    /// # Cancel safety
    /// The place in the queue is lost.
    #[track_caller]
    pub fn wait<T>(
        &self,
        take: impl FnMut(bool) -> Option<Result<T>>,
        pass_on: impl FnMut(bool),
    ) -> impl Future<Output = Result<T>> {
        self.wait_at(Location::caller(), take, pass_on)
    }

    /// [`wait`](WaitQueue::wait) that is shown in reports as standing at `place`.
    pub fn wait_at<T>(
        &self,
        place: &'static Location<'static>,
        take: impl FnMut(bool) -> Option<Result<T>>,
        pass_on: impl FnMut(bool),
    ) -> impl Future<Output = Result<T>> {
        Wait {
            queue: self,
            parking: Parking::new(place),
            take,
            pass_on,
        }
    }

    /// Makes this a queue of the running loop. [`wait`](WaitQueue::wait) does it when it has to wait.
    ///
    /// # Errors
    /// Runtime, when no loop runs, and when it belongs to another loop.
    pub fn bind(&self) -> Result<()> {
        let shared = &self.0;
        let ours = shared.binding.bind(|| Rc::downgrade(shared) as Weak<dyn Resource>)?;
        if ours {
            return Ok(());
        }
        Err(Error::runtime(format!("{shared:?} is bound to a different event loop")))
    }

    /// Wakes the first waiter, if that was not done before: whoever is first and on the way already is enough.
    pub fn wake_first(&self) {
        if let Some(first) = self.0.line.get(0) {
            first.wake();
        }
    }

    /// Wakes the first `n` of those that are neither woken nor cancelled, and says how many these were.
    pub fn wake(&self, n: usize) -> usize {
        let mut woken = 0;
        let mut index = 0;
        while woken < n
            && let Some(waiter) = self.0.line.get(index)
        {
            woken += usize::from(waiter.wake());
            index += 1;
        }
        woken
    }

    /// Wakes all that are neither woken nor cancelled.
    pub fn wake_all(&self) {
        self.wake(usize::MAX);
    }

    /// Takes waiters out of the queue, from the front, up to the first that is neither woken nor cancelled, and wakes that one. `false`:
    /// there was none.
    pub fn pop(&self) -> bool {
        while let Some(waiter) = self.0.line.pop_front() {
            if waiter.wake() {
                return true;
            }
        }
        false
    }

    /// How many stand in the queue: those that wait, and those that were woken or cancelled and have not run since.
    pub fn len(&self) -> usize {
        self.0.line.with(VecDeque::len)
    }

    /// Whether nobody stands in the queue.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether anybody stands in the queue who was not cancelled: who waits, or was woken and has not run since.
    pub fn any_live(&self) -> bool {
        self.0.line.with(|line| line.iter().any(|waiter| !waiter.is_cancelled()))
    }

    /// Notes that the running task holds the thing from now on, for reports; [`note_given_back`](WaitQueue::note_given_back) ends it.
    pub fn note_taken(&self, since: &'static Location<'static>) {
        if let Some(holder) = Holder::current(since) {
            self.0.holders.add(holder);
        }
    }

    /// Notes that the thing was released: by the running task if it was among the holders, else on behalf of the one that held it for the
    /// longest time.
    pub fn note_given_back(&self) {
        self.0.holders.remove(|| Holder::current(Location::caller()));
    }

    /// Writes asyncio's repr of a primitive: its name, its `state`, and how many wait if any do.
    pub(crate) fn describe(&self, f: &mut fmt::Formatter<'_>, state: impl fmt::Display) -> fmt::Result {
        let name = self.0.kind.split('.').next().unwrap_or_default();
        match self.len() {
            0 => write!(f, "<{name} [{state}]>"),
            waiters => write!(f, "<{name} [{state}, waiters:{waiters}]>"),
        }
    }
}

impl fmt::Debug for WaitQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<WaitQueue of {} [{}]>", self.0.kind, self.len())
    }
}

/// The primitive that the queue is part of.
impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.owner.as_ref().and_then(Weak::upgrade) {
            Some(owner) => owner.fmt(f),
            None => write!(f, "<WaitQueue of {} [{}]>", self.kind, self.line.with(VecDeque::len)),
        }
    }
}

impl Resource for Shared {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn waiters(&self) -> Vec<Waiter> {
        self.line.with(|line| line.iter().cloned().collect())
    }

    fn holders(&self) -> Vec<Holder> {
        self.holders.all()
    }

    fn handles(&self) -> Option<usize> {
        self.owner.as_ref().map(Weak::strong_count)
    }
}

/// The future of [`WaitQueue::wait`].
struct Wait<'a, T, P: FnMut(bool)> {
    queue: &'a WaitQueue,
    parking: Parking,
    take: T,
    pass_on: P,
}

// Nothing in it is ever pinned.
impl<T, P: FnMut(bool)> Unpin for Wait<'_, T, P> {}

impl<T, V, P> Future for Wait<'_, T, P>
where
    T: FnMut(bool) -> Option<Result<V>>,
    P: FnMut(bool),
{
    type Output = Result<V>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<V>> {
        let Wait {
            queue,
            parking,
            take,
            pass_on,
        } = &mut *self;
        if !parking.is_parked() {
            if let Some(outcome) = take(false) {
                return Poll::Ready(outcome);
            }
            if !queue.0.binding.is_to_loop_of(context) {
                queue.bind()?;
            }
        }
        let line = &queue.0.line;
        loop {
            let outcome = ready!(parking.poll(context, |waiter| line.push(waiter)));
            line.remove(parking);
            if let Err(error) = outcome {
                pass_on(parking.granted());
                return Poll::Ready(Err(error));
            }
            if let Some(outcome) = take(true) {
                return Poll::Ready(outcome);
            }
            *parking = Parking::new(parking.place());
        }
    }
}

impl<T, P: FnMut(bool)> Drop for Wait<'_, T, P> {
    fn drop(&mut self) {
        if self.parking.is_parked() {
            self.queue.0.line.remove(&self.parking);
            (self.pass_on)(self.parking.granted());
        }
    }
}
