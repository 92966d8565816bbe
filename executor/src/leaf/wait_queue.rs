//! `WaitQueue`: who waits, and in which order they are woken. Every primitive stands on this page.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};

use crate::block::holders::{Holder, Holders};
use crate::block::raw::Ref;
use crate::block::task::AnyTask;
use crate::ground::crowd::Keyed;
use crate::ground::error::{Error, Result};
use crate::ground::numbers::CLOSED;
use crate::ground::roster::Roster;
use crate::leaf::parking::Parking;
use crate::leaf::polled::polled_by;
use crate::leaf::waiter::{self, Waiter};
use crate::wheel::core::EventLoop;
use crate::wheel::current;
use crate::wheel::resource::Resource;
use crate::wheel::wake::wake_wait;

/// The tasks that wait for something, first come, first served.
///
/// This is asyncio's `self._waiters = collections.deque()` with all that its primitives do to it. A task that waits here, by a [`Claim`](crate::primitive::Claim),
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
/// use kolo::primitive::{Claim, WaitQueue};
/// use kolo::{Result, create_task, run, sleep};
///
/// /// A gate that lets one task pass for each coin.
/// struct Gate {
///     coins: Cell<u32>,
///     waiters: WaitQueue,
/// }
///
/// impl Gate {
///     fn pass(&self) -> impl Future<Output = Result<()>> {
///         Pass(self).wait()
///     }
///
///     fn insert_coin(&self) {
///         self.coins.set(self.coins.get() + 1);
///         self.waiters.wake(1);
///     }
/// }
///
/// /// What a visitor wants.
/// struct Pass<'a>(&'a Gate);
///
/// impl Claim for Pass<'_> {
///     type Output = ();
///
///     fn queue(&self) -> &WaitQueue {
///         &self.0.waiters
///     }
///     fn take(&mut self, _woken: bool) -> Option<Result<()>> {
///         let left = self.0.coins.get().checked_sub(1)?;
///         self.0.coins.set(left);
///         Some(Ok(()))
///     }
///     fn pass_on(&mut self, woken: bool) {
///         // Who was woken and will not take the coin wakes the next one.
///         if woken {
///             self.0.waiters.wake(1);
///         }
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
#[doc(alias("ParkingLot", "Notify"))]
pub struct WaitQueue(pub(super) Rc<Shared>);

/// The queue, as its loop knows it too.
pub(super) struct Shared {
    kind: &'static str,
    /// The primitive that this is a queue of; by itself a queue is its own.
    owner: Option<Weak<dyn fmt::Debug>>,
    /// The loop in which a task first waited; 0 until then.
    loop_id: Cell<u16>,
    /// The blocks in which the waits are under way. Invariant **WOKEN FIRST**: those that were woken stand before those that wait, because a
    /// primitive wakes from the front. One is cloned or taken out before it is woken, because an observer may be told of that.
    line: RefCell<Roster<Ref>>,
    /// Who stands in the line before this number was woken or cancelled.
    woken_before: Cell<usize>,
    /// Who stands in the line before this number was cancelled.
    cancelled_before: Cell<usize>,
    holders: Holders,
}

/// A block stands in a line once.
impl Keyed for Ref {
    type Key = usize;

    fn key(&self) -> usize {
        self.address()
    }
}

impl WaitQueue {
    /// An empty queue. `kind` says what a task does that waits in it, such as `"Gate.pass"`.
    pub fn new(kind: &'static str) -> WaitQueue {
        WaitQueue::with_owner(kind, None)
    }

    /// An empty queue of `owner`, whose `Debug` text stands for it in errors and reports, and whose handles count.
    ///
    /// ```
    /// use std::rc::Rc;
    ///
    /// use kolo::primitive::WaitQueue;
    ///
    /// #[derive(Debug)]
    /// struct Gate {
    ///     waiters: WaitQueue,
    /// }
    ///
    /// let gate = Rc::new_cyclic(|gate| Gate { waiters: WaitQueue::part_of(gate, "Gate.pass") });
    /// assert_eq!(gate.waiters.kind(), "Gate.pass");
    /// ```
    pub fn part_of<T: fmt::Debug + 'static>(owner: &Weak<T>, kind: &'static str) -> WaitQueue {
        WaitQueue::with_owner(kind, Some(owner.clone()))
    }

    fn with_owner(kind: &'static str, owner: Option<Weak<dyn fmt::Debug>>) -> WaitQueue {
        WaitQueue(Rc::new(Shared {
            kind,
            owner,
            loop_id: Cell::new(0),
            line: RefCell::default(),
            woken_before: Cell::new(0),
            cancelled_before: Cell::new(0),
            holders: Holders::default(),
        }))
    }

    /// What a task does that waits in it.
    pub fn kind(&self) -> &'static str {
        self.0.kind
    }

    /// Makes this a queue of the running loop. A [`Claim`](crate::primitive::Claim) does it when it has to wait.
    ///
    /// ```
    /// use kolo::Kind;
    /// use kolo::primitive::WaitQueue;
    ///
    /// let waiters = WaitQueue::new("Gate.pass");
    /// assert_eq!(waiters.bind().unwrap_err().kind(), Kind::Runtime); // no loop runs
    /// kolo::run(async move { waiters.bind() }).unwrap();
    /// ```
    ///
    /// # Errors
    /// Runtime, when no loop runs, and when it belongs to another loop.
    #[track_caller]
    pub fn bind(&self) -> Result<()> {
        let caller = Location::caller();
        current::with_running(|running| self.0.bind(running)).map_err(|error| error.at(caller))
    }

    /// Wakes the first waiter, if that was not done before: whoever is first and on the way already is enough.
    ///
    /// ```
    /// use std::rc::Rc;
    ///
    /// use kolo::primitive::{Claim, WaitQueue};
    /// use kolo::{Result, create_task, run, sleep};
    ///
    /// /// Waits to be woken, whatever for.
    /// struct Woken<'a>(&'a WaitQueue);
    ///
    /// impl Claim for Woken<'_> {
    ///     type Output = ();
    ///     fn queue(&self) -> &WaitQueue {
    ///         self.0
    ///     }
    ///     fn take(&mut self, woken: bool) -> Option<Result<()>> {
    ///         woken.then_some(Ok(()))
    ///     }
    ///     fn pass_on(&mut self, _woken: bool) {}
    /// }
    ///
    /// run(async {
    ///     let queue = Rc::new(WaitQueue::new("Queue.turn"));
    ///     let tasks = [(); 4].map(|()| {
    ///         let queue = queue.clone();
    ///         create_task(async move { Woken(&queue).wait().await })
    ///     });
    ///     sleep(0).await?;
    ///     queue.wake_first();
    ///     queue.wake_first(); // who is first is on the way already
    ///     assert_eq!(queue.wake(1), 1); // the second
    ///     assert!(queue.pop()); // takes those two out, and wakes the third
    ///     assert_eq!(queue.len(), 1);
    ///     assert!(queue.any_live());
    ///     queue.wake_all();
    ///     sleep(0).await?;
    ///     assert!(queue.is_empty() && tasks.iter().all(|task| task.done()));
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    #[inline]
    pub fn wake_first(&self) {
        let first = self.0.line.borrow().front().cloned();
        if let Some(first) = first {
            wake_wait(first);
        }
    }

    /// Wakes the first `n` of those that are neither woken nor cancelled, and says how many these were.
    pub fn wake(&self, n: usize) -> usize {
        let mut woken = 0;
        while woken < n
            && let Some(wait) = self.0.next_to_wake()
        {
            woken += usize::from(wake_wait(wait));
        }
        woken
    }

    /// Wakes all that are neither woken nor cancelled.
    pub fn wake_all(&self) {
        // Not those that begin to wait meanwhile.
        self.wake(self.len());
    }

    /// Takes waiters out of the queue, from the front, up to the first that is neither woken nor cancelled, and wakes that one. `false`:
    /// there was none.
    #[inline]
    pub fn pop(&self) -> bool {
        let mut line = self.0.line.borrow_mut();
        let first = line.pop_from_queue();
        let more = first.is_some() || line.is_crowd();
        drop(line);
        first.is_some_and(wake_wait) || more && self.0.pop_next()
    }

    /// How many stand in the queue: those that wait, and those that were woken or cancelled and have not run since.
    pub fn len(&self) -> usize {
        self.0.line.borrow().len()
    }

    /// Whether nobody stands in the queue.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.line.borrow().is_empty()
    }

    /// Whether anybody stands in the queue who was not cancelled: who waits, or was woken and has not run since.
    #[inline]
    pub fn any_live(&self) -> bool {
        !self.is_empty() && self.0.any_live()
    }

    /// Notes that the running task holds the thing from now on, for reports; [`note_given_back`](WaitQueue::note_given_back) ends it.
    ///
    /// ```
    /// use std::panic::Location;
    ///
    /// use kolo::primitive::WaitQueue;
    /// use kolo::run;
    ///
    /// run(async {
    ///     let places = WaitQueue::new("Parking.place");
    ///     places.note_taken(Location::caller()); // "held by Task-1 since src/main.rs:6" in a report of a deadlock
    ///     places.note_given_back();
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
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
            None => write!(f, "<WaitQueue of {} [{}]>", self.kind, self.line.borrow().len()),
        }
    }
}

impl Shared {
    fn bind(self: &Rc<Self>, running: Option<&EventLoop>) -> Result<()> {
        let event_loop = running.ok_or_else(|| Error::runtime("no running event loop"))?;
        if self.loop_id.get() == 0 {
            self.loop_id.set(event_loop.0.id);
            let known = Rc::downgrade(self);
            event_loop.0.queues.add(known);
        }
        if self.loop_id.get() != event_loop.0.id {
            return Err(Error::runtime(format!("{self:?} is bound to a different event loop")));
        }
        Ok(())
    }

    /// Has a task wait at the end of the queue.
    pub(super) fn enter(self: &Rc<Self>, parking: &mut Parking, context: &mut Context<'_>) -> Result<()> {
        polled_by(context, |by| {
            let loop_id = by.loop_id();
            if loop_id == 0 || loop_id != self.loop_id.get() {
                current::with_running(|running| self.bind(running)).map_err(|error| error.at(parking.site()))?;
            }
            let wait = parking.begin(by, |wait| wait.block().clone(), |wait| wait.block().clone())?;
            self.line.borrow_mut().push(wait);
            Ok(())
        })
    }

    /// Looks whether a wait is over; then it is out of the queue, and `Ok` if it was woken.
    pub(super) fn resume(&self, parking: &mut Parking, context: &mut Context<'_>) -> Poll<Result<()>> {
        let outcome = ready!(parking.resume(context));
        self.remove(parking);
        parking.end();
        Poll::Ready(outcome)
    }

    /// Ends a wait early.
    #[cold]
    pub(super) fn leave(&self, parking: &mut Parking) {
        self.remove(parking);
        parking.leave();
    }

    /// Takes a wait that is about to end out of the queue, if it is still there. First that, because with the wait a foreign waker may go,
    /// whose end may do anything: wake this very wait, or panic.
    #[inline(always)]
    fn remove(&self, parking: &Parking) {
        let Some(wait) = parking.block() else { return };
        let woken = parking.granted();
        let mut line = self.line.borrow_mut();
        let removed = match line.front() {
            // Whoever was woken nearly always stands first.
            Some(first) if first.ptr_eq(wait) => line.pop_front(),
            // WOKEN FIRST: were it still there, it would not be behind one that waits. It was popped.
            Some(first) if woken && !waiter::is_done(first) => None,
            None => None,
            _ => line.remove(wait.key()),
        };
        drop(line);
        drop(removed);
    }

    fn any_live(&self) -> bool {
        // Nearly always the first.
        let first = self.line.borrow().front().map(|first| !waiter::is_cancelled(first));
        first.is_some_and(|live| live || self.any_live_behind())
    }

    /// The same when the first was cancelled.
    #[cold]
    fn any_live_behind(&self) -> bool {
        let line = self.line.borrow();
        while let Some((number, wait)) = line.at_or_after(self.cancelled_before.get()) {
            if !waiter::is_cancelled(wait) {
                return true;
            }
            self.cancelled_before.set(number + 1);
        }
        false
    }

    /// The first that may be neither woken nor cancelled, which whoever asks is to wake.
    #[inline]
    fn next_to_wake(&self) -> Option<Ref> {
        let line = self.line.borrow();
        let (number, wait) = line.at_or_after(self.woken_before.get())?;
        self.woken_before.set(number + 1);
        Some(wait.clone())
    }

    #[cold]
    fn pop_next(&self) -> bool {
        loop {
            let first = self.line.borrow_mut().pop_front();
            let Some(first) = first else { return false };
            if wake_wait(first) {
                return true;
            }
        }
    }
}

impl Resource for Shared {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn waiting(&self) -> Vec<Option<AnyTask>> {
        let waiters: Vec<Waiter> = self.line.borrow().iter().filter_map(Waiter::under_way).collect();
        waiters.iter().filter(|waiter| !waiter.is_done()).map(Waiter::task).collect()
    }

    fn has(&self, wait: &Ref) -> bool {
        self.line.borrow_mut().has(wait.key())
    }

    fn holders(&self) -> Vec<Holder> {
        self.holders.all()
    }

    fn loop_is_closed(&self) {
        self.loop_id.set(CLOSED);
    }

    fn handles(&self) -> Option<usize> {
        self.owner.as_ref().map(Weak::strong_count)
    }
}
