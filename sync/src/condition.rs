//! `Condition`: waiting, under a lock, for something to change.

use std::fmt;
use std::panic::Location;
use std::rc::{Rc, Weak};

use kolo_executor::primitive::{Claim, WaitQueue};
use kolo_executor::{Error, Result};

use crate::repr::describe;
use crate::{Held, Lock};

/// A lock, and a queue of tasks that wait under it until another one, holding the lock, tells them to look again. Mirrors
/// `asyncio.Condition`.
///
/// A handle: clones are the same condition. Several conditions can share one lock.
///
/// ```
/// use std::cell::RefCell;
/// use std::rc::Rc;
///
/// use kolo::{Condition, Result, create_task, run};
///
/// async fn consumer(condition: Condition, stock: Rc<RefCell<Vec<u32>>>) -> Result<u32> {
///     let _held = condition.hold().await?;
///     condition.wait_for(|| !stock.borrow().is_empty()).await?;
///     Ok(stock.borrow_mut().remove(0))
/// }
///
/// run(async {
///     let condition = Condition::new();
///     let stock = Rc::new(RefCell::new(Vec::new()));
///     let consumer = create_task(consumer(condition.clone(), stock.clone()));
///     {
///         let _held = condition.hold().await?;
///         stock.borrow_mut().push(42);
///         condition.notify(1)?;
///     }
///     assert_eq!(consumer.await?, 42);
///     Ok(())
/// })
/// .unwrap();
/// ```
#[doc(alias = "Condvar")]
#[derive(Clone)]
pub struct Condition(Rc<State>);

struct State {
    lock: Lock,
    waiters: WaitQueue,
}

impl Condition {
    /// A condition with a lock of its own.
    pub fn new() -> Condition {
        Condition(Rc::new_cyclic(|condition| State {
            lock: Lock::part_of(condition, "Condition.acquire"),
            waiters: WaitQueue::part_of(condition, "Condition.wait"),
        }))
    }

    /// A condition under this lock, which others may use as well. Mirrors `asyncio.Condition(lock)`.
    ///
    /// ```
    /// use kolo::{Condition, Lock, run};
    ///
    /// run(async {
    ///     let lock = Lock::new();
    ///     let [not_empty, not_full] = [(); 2].map(|()| Condition::with_lock(lock.clone()));
    ///     let _held = lock.hold().await?;
    ///     not_empty.notify(1)?;
    ///     not_full.notify_all()
    /// })
    /// .unwrap();
    /// ```
    pub fn with_lock(lock: Lock) -> Condition {
        Condition(Rc::new_cyclic(|condition| State {
            lock,
            waiters: WaitQueue::part_of(condition, "Condition.wait"),
        }))
    }

    /// The condition within another primitive, which stands for it in reports.
    pub(crate) fn part_of<T: fmt::Debug + 'static>(owner: &Weak<T>, kind: &'static str) -> Condition {
        Condition(Rc::new(State {
            lock: Lock::part_of(owner, kind),
            waiters: WaitQueue::part_of(owner, kind),
        }))
    }

    /// See [`Lock::locked`].
    pub fn locked(&self) -> bool {
        self.0.lock.locked()
    }

    /// See [`Lock::acquire`].
    ///
    /// # Errors
    /// As there.
    ///
    /// # Cancel safety
    /// As there.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<()>> {
        self.0.lock.acquire()
    }

    /// See [`Lock::release`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn release(&self) -> Result<()> {
        self.0.lock.release()
    }

    /// See [`Lock::hold`], and [`Held`] for why `let _ = condition.hold().await?` holds nothing.
    ///
    /// # Errors
    /// As there.
    ///
    /// # Cancel safety
    /// As there.
    #[track_caller]
    pub fn hold(&self) -> impl Future<Output = Result<Held>> {
        self.0.lock.hold()
    }

    pub(crate) fn hold_at(&self, site: &'static Location<'static>) -> impl Future<Output = Result<Held>> {
        self.0.lock.hold_at(site)
    }

    /// Gives the lock up, waits until it is notified, and takes the lock back, which is held again when this returns, whatever it returns.
    /// Mirrors `Condition.wait`.
    ///
    /// It may return although nothing has changed, because a notification was passed on: look again, or use
    /// [`wait_for`](Condition::wait_for).
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    ///
    /// use kolo::{Condition, create_task, run, sleep};
    ///
    /// run(async {
    ///     let (condition, fuel) = (Condition::new(), Rc::new(Cell::new(0)));
    ///     let (changed, tank) = (condition.clone(), fuel.clone());
    ///     let driver = create_task(async move {
    ///         let _held = changed.hold().await?;
    ///         while tank.get() == 0 {
    ///             changed.wait().await?;
    ///         }
    ///         Ok(tank.get())
    ///     });
    ///     sleep(0).await?;
    ///     condition.acquire().await?; // as `hold`, until `release`
    ///     fuel.set(40);
    ///     condition.notify(1)?;
    ///     condition.release()?;
    ///     assert_eq!(driver.await?, 40);
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// Runtime, when nobody holds the lock, and when the condition belongs to another loop; Cancelled, once the lock is held again.
    ///
    /// # Cancel safety
    /// The lock is held again; the place in the queue is lost; another waiter is notified instead. Dropped while it waits, as by a foreign
    /// `select!`, it notifies another waiter, but cannot take the lock back: the guard of a [`hold`](Condition::hold) knows that, code
    /// that releases by hand must not.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = Result<()>> {
        self.wait_at(Location::caller())
    }

    async fn wait_at(&self, site: &'static Location<'static>) -> Result<()> {
        let State { lock, waiters } = &*self.0;
        if !lock.locked() {
            return Err(Error::runtime("cannot wait on un-acquired lock").at(site));
        }
        waiters.bind().map_err(|error| error.at(site))?;
        let hold = lock.suspend_hold()?;
        // However this ends other than well, it may have been notified: then somebody else is.
        let notification = PassOn(waiters);
        let mut outcome = Notification(waiters).wait_at(site).await;
        loop {
            match lock.acquire_at(site).await {
                Ok(()) => break,
                // The lock is taken back even so. The last cancellation is the one that is told of.
                Err(error) if error.is_cancelled() => outcome = Err(error),
                Err(error) => return Err(error),
            }
        }
        lock.resume_hold(hold);
        if outcome.is_ok() {
            notification.keep();
        }
        outcome
    }

    /// Waits until `predicate` is true: looks, and looks again after each notification. Mirrors `Condition.wait_for`.
    ///
    /// # Errors
    /// As [`wait`](Condition::wait); a predicate that is true at once needs no lock.
    ///
    /// # Cancel safety
    /// As `wait`.
    #[doc(alias("wait_while", "wait_until"))]
    #[track_caller]
    pub fn wait_for(&self, predicate: impl FnMut() -> bool) -> impl Future<Output = Result<()>> {
        self.wait_for_at(Location::caller(), predicate)
    }

    pub(crate) async fn wait_for_at(&self, site: &'static Location<'static>, mut predicate: impl FnMut() -> bool) -> Result<()> {
        while !predicate() {
            self.wait_at(site).await?;
        }
        Ok(())
    }

    /// Notifies the first `n` tasks that wait and were not notified yet, or all if they are fewer. They go on when they get the lock.
    /// Mirrors `Condition.notify`.
    ///
    /// # Errors
    /// Runtime, when nobody holds the lock.
    #[doc(alias = "notify_one")]
    #[track_caller]
    pub fn notify(&self, n: usize) -> Result<()> {
        if !self.locked() {
            return Err(Error::runtime("cannot notify on un-acquired lock"));
        }
        self.0.waiters.wake(n);
        Ok(())
    }

    /// Notifies all, whoever holds the lock.
    pub(crate) fn wake_all(&self) {
        self.0.waiters.wake_all();
    }

    /// Notifies all tasks that wait. Mirrors `Condition.notify_all`.
    ///
    /// # Errors
    /// As [`notify`](Condition::notify).
    #[track_caller]
    pub fn notify_all(&self) -> Result<()> {
        self.notify(usize::MAX)
    }
}

/// The claim of [`Condition::wait`].
struct Notification<'a>(&'a WaitQueue);

impl Claim for Notification<'_> {
    type Output = ();

    #[inline]
    fn queue(&self) -> &WaitQueue {
        self.0
    }
    #[inline]
    fn take(&mut self, woken: bool) -> Option<Result<()>> {
        woken.then_some(Ok(()))
    }
    /// That is left to [`PassOn`], because the wait for the lock may fail as well.
    fn pass_on(&mut self, _woken: bool) {}
}

/// Notifies another waiter when it is dropped.
struct PassOn<'a>(&'a WaitQueue);

impl PassOn<'_> {
    fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for PassOn<'_> {
    fn drop(&mut self) {
        self.0.wake(1);
    }
}

impl Default for Condition {
    fn default() -> Condition {
        Condition::new()
    }
}

/// `<Condition [locked, waiters:1]>`: asyncio's words.
impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let locked = self.lock.locked();
        describe(&self.waiters, f, if locked { "locked" } else { "unlocked" })
    }
}
