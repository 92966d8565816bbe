//! `Lock`: one task at a time.

use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::rc::{Rc, Weak};

use kolo_executor::primitive::{Claim, WaitQueue};
use kolo_executor::{Error, Result};

use crate::repr::describe;

/// A lock that one task at a time can hold. Mirrors `asyncio.Lock`.
///
/// A handle: clones are the same lock. It has no owner: whoever likes may release it, and a task that acquires it twice waits for itself
/// for ever. Tasks get it in the order in which they asked for it.
///
/// It is for what must stay as it is across an await. Between two awaits nobody else runs, so that a `Cell` or a `RefCell` is enough for the rest.
/// A `std::sync::Mutex` that is held across an await is a trap: the next task that wants it stops the whole thread, with the loop in it, and so
/// nobody is left to release it; no report of a deadlock comes, because kolo is not asked (clippy's `await_holding_lock` warns of it). A `RefCell`
/// that is borrowed across an await has the next one panic that borrows it.
///
/// ```
/// use kolo::{Lock, Result, create_task, run, sleep};
///
/// async fn worker(name: &str, lock: Lock) -> Result<()> {
///     let _held = lock.hold().await?;
///     println!("{name} begins");
///     sleep(0.01).await?;
///     println!("{name} ends");
///     Ok(())
/// }
///
/// run(async {
///     let lock = Lock::new();
///     let first = create_task(worker("first", lock.clone()));
///     let second = create_task(worker("second", lock.clone()));
///     first.await?;
///     second.await
/// })
/// .unwrap();
/// ```
#[doc(alias = "Mutex")]
#[derive(Clone)]
pub struct Lock(Rc<State>);

struct State {
    locked: Cell<bool>,
    /// Counts the times it was acquired, and says which one it is now: a guard releases its own hold and no other.
    acquired: Cell<u64>,
    hold: Cell<u64>,
    waiters: WaitQueue,
}

impl Lock {
    /// A lock that nobody holds.
    pub fn new() -> Lock {
        Lock(Rc::new_cyclic(|lock| State::new(WaitQueue::part_of(lock, "Lock.acquire"))))
    }

    /// The lock within another primitive, which stands for it in reports.
    pub(crate) fn part_of<T: fmt::Debug + 'static>(owner: &Weak<T>, kind: &'static str) -> Lock {
        Lock(Rc::new(State::new(WaitQueue::part_of(owner, kind))))
    }

    /// Whether it is held. A lock that was released for a waiter counts as free until that one runs.
    pub fn locked(&self) -> bool {
        self.0.locked.get()
    }

    /// Waits until the lock is free, then takes it. [`release`](Lock::release) gives it back. Mirrors `Lock.acquire`.
    ///
    /// ```
    /// use kolo::{Lock, run};
    ///
    /// run(async {
    ///     let lock = Lock::new();
    ///     lock.acquire().await?;
    ///     assert!(lock.locked());
    ///     lock.release()?;
    ///     assert!(lock.release().is_err()); // nobody holds it
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// Cancelled; Runtime, when it has to wait and the lock belongs to another loop.
    ///
    /// # Cancel safety
    /// Nothing is held afterwards, and the place in the queue is lost. A lock that was already on its way to this waiter goes to the next
    /// one.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<()>> {
        self.acquire_at(Location::caller())
    }

    pub(crate) fn acquire_at(&self, site: &'static Location<'static>) -> impl Future<Output = Result<()>> {
        Acquire { lock: self, site }.wait_at(site)
    }

    /// Gives the lock back, for the waiter that is first. It need not be the task that acquired it. Mirrors `Lock.release`.
    ///
    /// # Errors
    /// Runtime, when nobody holds it.
    #[track_caller]
    pub fn release(&self) -> Result<()> {
        if !self.locked() {
            return Err(Error::runtime("Lock is not acquired."));
        }
        self.0.locked.set(false);
        self.0.waiters.note_given_back();
        self.0.waiters.wake_first();
        Ok(())
    }

    /// [`acquire`](Lock::acquire) for as long as the guard lives: `let _held = lock.hold().await?;` is `async with lock:`.
    ///
    /// The guard needs a name: `let _ = lock.hold().await?;` drops it at once, and protects nothing; `let _held = ...` keeps it to the end of the
    /// block. See [`Held`].
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    ///
    /// use kolo::{Lock, gather, run, sleep};
    ///
    /// run(async {
    ///     let (lock, account) = (Lock::new(), Rc::new(Cell::new(100)));
    ///     gather((0..10).map(|_| {
    ///         let (lock, account) = (lock.clone(), account.clone());
    ///         async move {
    ///             let _held = lock.hold().await?;
    ///             let before = account.get();
    ///             sleep(0.001).await?; // nobody else changes it meanwhile
    ///             account.set(before - 10);
    ///             Ok(())
    ///         }
    ///     }))
    ///     .await?;
    ///     assert_eq!(account.get(), 0);
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// As `acquire`.
    ///
    /// # Cancel safety
    /// As `acquire`.
    #[doc(alias("lock", "__aenter__"))]
    #[track_caller]
    pub fn hold(&self) -> impl Future<Output = Result<Held>> {
        self.hold_at(Location::caller())
    }

    pub(crate) fn hold_at(&self, site: &'static Location<'static>) -> impl Future<Output = Result<Held>> {
        let acquire = Acquire { lock: self, site };
        let held = |acquire: &Acquire<'_>, ()| Held {
            lock: acquire.lock.clone(),
            hold: acquire.lock.0.hold.get(),
        };
        acquire.giving(held).wait_at(site)
    }

    /// Gives the lock back for a while. Dropped meanwhile, the guard of this hold has nothing to release.
    pub(crate) fn suspend_hold(&self) -> Result<Suspended> {
        let hold = self.0.hold.get();
        self.release().map(|()| Suspended { hold })
    }

    /// The lock was acquired again, for the guard that it had.
    pub(crate) fn resume_hold(&self, suspended: Suspended) {
        self.0.hold.set(suspended.hold);
    }
}

/// The claim of [`Lock::acquire`].
struct Acquire<'a> {
    lock: &'a Lock,
    site: &'static Location<'static>,
}

impl Claim for Acquire<'_> {
    type Output = ();

    #[inline]
    fn queue(&self) -> &WaitQueue {
        &self.lock.0.waiters
    }
    #[inline]
    fn take(&mut self, woken: bool) -> Option<Result<()>> {
        let State { locked, waiters, .. } = &*self.lock.0;
        // Nobody may overtake a live waiter, even while the lock is free: it is on its way to the first of them.
        let ours = woken || !locked.get() && !waiters.any_live();
        ours.then(|| {
            self.lock.0.begin_hold(self.site);
            Ok(())
        })
    }
    fn pass_on(&mut self, _woken: bool) {
        if !self.lock.locked() {
            self.queue().wake_first();
        }
    }
}

/// A hold that was given up for a while.
pub(crate) struct Suspended {
    hold: u64,
}

impl State {
    fn new(waiters: WaitQueue) -> State {
        State {
            locked: Cell::new(false),
            acquired: Cell::new(0),
            hold: Cell::new(0),
            waiters,
        }
    }

    fn begin_hold(&self, site: &'static Location<'static>) {
        self.locked.set(true);
        self.acquired.set(self.acquired.get() + 1);
        self.hold.set(self.acquired.get());
        self.waiters.note_taken(site);
    }
}

impl Default for Lock {
    fn default() -> Lock {
        Lock::new()
    }
}

/// `<Lock [unlocked]>`, `<Lock [locked, waiters:2]>`: asyncio's words.
impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        describe(&self.waiters, f, if self.locked.get() { "locked" } else { "unlocked" })
    }
}

/// A lock that is held; from [`Lock::hold`] and [`Condition::hold`](crate::Condition::hold). Dropping it releases the lock, unless that
/// was done before.
///
/// It needs a name. `let _ = lock.hold().await?`, and `lock.hold().await?` as a statement, drop it at once and protect nothing: of the second the
/// compiler warns, of the first only if it is asked to, by `#![warn(let_underscore_drop)]`.
///
/// ```
/// use kolo::{Lock, run};
///
/// run(async {
///     let lock = Lock::new();
///     let held = lock.hold().await?;
///     assert!(lock.locked());
///     drop(held); // before the end of the block
///     let _ = lock.hold().await?; // a mistake
///     assert!(!lock.locked());
///     Ok(())
/// })
/// .unwrap();
/// ```
#[doc(alias("MutexGuard", "__aexit__"))]
#[must_use = "the lock is released when the guard is dropped: `let _held = ...` keeps it to the end of the block, `let _ = ...` drops it at once"]
pub struct Held {
    lock: Lock,
    hold: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        // Somebody may have released it already, and somebody else may hold it by now.
        if self.lock.locked() && self.lock.0.hold.get() == self.hold {
            let _ = self.lock.release();
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Held {:?}>", self.lock)
    }
}
