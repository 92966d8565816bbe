//! `Semaphore` and `BoundedSemaphore`: so many tasks at a time.

use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::rc::Rc;

use kolo_executor::primitive::{Claim, WaitQueue};
use kolo_executor::{Error, Result};

use crate::repr::describe;

/// A number of permits, of which each task takes one and gives it back. Mirrors `asyncio.Semaphore`.
///
/// A handle: clones are the same semaphore. Tasks get permits in the order in which they asked for them. Releasing more often than
/// acquiring adds permits; [`BoundedSemaphore`] does not allow that.
///
/// ```
/// use kolo::{Result, Semaphore, gather, run, sleep};
///
/// async fn download(page: u32, limit: Semaphore) -> Result<u32> {
///     let _permit = limit.hold().await?;
///     sleep(0.01).await?;
///     Ok(page)
/// }
///
/// let pages = run(async {
///     // Two downloads at a time.
///     let limit = Semaphore::new(2)?;
///     gather((1..=4).map(|page| download(page, limit.clone()))).await
/// });
/// assert_eq!(pages.unwrap(), [1, 2, 3, 4]);
/// ```
#[derive(Clone)]
pub struct Semaphore(Rc<State>);

struct State {
    /// The permits that are neither taken nor on their way to a waiter.
    value: Cell<usize>,
    waiters: WaitQueue,
}

impl Semaphore {
    /// A semaphore with `value` permits, a whole number of any type.
    ///
    /// # Errors
    /// Value, when it is below zero.
    #[track_caller]
    pub fn new(value: impl TryInto<usize>) -> Result<Semaphore> {
        Semaphore::of_kind(value, "Semaphore.acquire")
    }

    #[track_caller]
    fn of_kind(value: impl TryInto<usize>, kind: &'static str) -> Result<Semaphore> {
        let Ok(value) = value.try_into() else {
            return Err(Error::value("Semaphore initial value must be >= 0"));
        };
        Ok(Semaphore(Rc::new_cyclic(|semaphore| State {
            value: Cell::new(value),
            waiters: WaitQueue::part_of(semaphore, kind),
        })))
    }

    /// How many permits are left, not counting those that are on their way to a waiter.
    #[doc(alias = "available_permits")]
    pub fn value(&self) -> usize {
        self.0.value.get()
    }

    /// Whether [`acquire`](Semaphore::acquire) would have to wait: there is no permit, or others were first. Mirrors `Semaphore.locked`.
    ///
    /// ```
    /// use kolo::{Semaphore, run};
    ///
    /// run(async {
    ///     let semaphore = Semaphore::new(1)?;
    ///     if !semaphore.locked() {
    ///         let _permit = semaphore.hold().await?; // does not wait
    ///         assert!(semaphore.locked());
    ///     }
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn locked(&self) -> bool {
        self.value() == 0 || self.0.waiters.any_live()
    }

    /// Waits for a permit and takes it; [`release`](Semaphore::release) gives it back. Mirrors `Semaphore.acquire`.
    ///
    /// # Errors
    /// Cancelled; Runtime, when it has to wait and the semaphore belongs to another loop.
    ///
    /// # Cancel safety
    /// Nothing is held afterwards, and the place in the queue is lost. A permit that was already on its way to this waiter goes to the
    /// next one.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<()>> {
        self.acquire_at(Location::caller())
    }

    fn acquire_at(&self, site: &'static Location<'static>) -> impl Future<Output = Result<()>> {
        Acquire { semaphore: self, site }.wait_at(site)
    }

    /// As many permits as a word counts are as good as more.
    fn give_back_one(&self) {
        self.0.value.set(self.value().saturating_add(1));
    }

    /// Gives what permits there are to those that wait.
    fn hand_out(&self) {
        while self.value() > 0 && self.hand_out_one() {}
    }

    /// Gives a permit, of which there is one, to the first that waits. It is taken from the value before that one is woken, so that nobody else
    /// takes it: neither before that one runs, nor whoever is told of the wake-up.
    fn hand_out_one(&self) -> bool {
        let value = &self.0.value;
        value.set(value.get() - 1);
        let given = self.0.waiters.wake(1) > 0;
        if !given {
            value.set(value.get() + 1);
        }
        given
    }

    /// Gives a permit back, to the waiter that is first. Mirrors `Semaphore.release`.
    #[doc(alias = "add_permits")]
    pub fn release(&self) {
        self.give_back_one();
        self.0.waiters.note_given_back();
        self.hand_out_one();
    }

    /// [`acquire`](Semaphore::acquire) for as long as the guard lives: `let _permit = semaphore.hold().await?;` is `async with
    /// semaphore:`.
    ///
    /// The guard needs a name: `let _ = semaphore.hold().await?;` drops it at once. See [`Permit`].
    ///
    /// # Errors
    /// As `acquire`.
    ///
    /// # Cancel safety
    /// As `acquire`.
    #[doc(alias("acquire_owned", "__aenter__"))]
    #[track_caller]
    pub fn hold(&self) -> impl Future<Output = Result<Permit>> {
        self.hold_at(usize::MAX, Location::caller())
    }

    /// `bound`: with so many permits the guard has nothing to release.
    fn hold_at(&self, bound: usize, site: &'static Location<'static>) -> impl Future<Output = Result<Permit>> {
        let acquire = Acquire { semaphore: self, site };
        let permit = move |acquire: &Acquire<'_>, ()| Permit(acquire.semaphore.clone(), bound);
        acquire.giving(permit).wait_at(site)
    }
}

/// The claim of [`Semaphore::acquire`].
struct Acquire<'a> {
    semaphore: &'a Semaphore,
    site: &'static Location<'static>,
}

impl Claim for Acquire<'_> {
    type Output = ();

    #[inline]
    fn queue(&self) -> &WaitQueue {
        &self.semaphore.0.waiters
    }
    #[inline]
    fn take(&mut self, woken: bool) -> Option<Result<()>> {
        let State { value, waiters } = &*self.semaphore.0;
        if woken {
            // The permit was taken for it already. There may be more, for which others had to wait only because they came later.
            self.semaphore.hand_out();
        } else if self.semaphore.locked() {
            return None;
        } else {
            value.set(value.get() - 1);
        }
        waiters.note_taken(self.site);
        Some(Ok(()))
    }
    fn pass_on(&mut self, woken: bool) {
        if woken {
            self.semaphore.give_back_one();
        }
        self.semaphore.hand_out();
    }
}

/// `<Semaphore [unlocked, value:1]>`, `<Semaphore [locked, waiters:2]>`: asyncio's words.
impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let locked = self.value.get() == 0 || self.waiters.any_live();
        if locked {
            return describe(&self.waiters, f, "locked");
        }
        describe(&self.waiters, f, format_args!("unlocked, value:{}", self.value.get()))
    }
}

/// A semaphore that refuses to have more permits than it had at first. Mirrors `asyncio.BoundedSemaphore`.
///
/// ```
/// use kolo::{BoundedSemaphore, run};
///
/// run(async {
///     let semaphore = BoundedSemaphore::new(1)?;
///     semaphore.acquire().await?;
///     semaphore.release()?;
///     let error = semaphore.release().unwrap_err();
///     assert_eq!(error.message(), "BoundedSemaphore released too many times");
///     Ok(())
/// })
/// .unwrap();
/// ```
#[derive(Clone)]
pub struct BoundedSemaphore {
    semaphore: Semaphore,
    bound: usize,
}

impl BoundedSemaphore {
    /// A semaphore with `value` permits, a whole number of any type, and never more.
    ///
    /// # Errors
    /// Value, when it is below zero.
    #[track_caller]
    pub fn new(value: impl TryInto<usize>) -> Result<BoundedSemaphore> {
        let semaphore = Semaphore::of_kind(value, "BoundedSemaphore.acquire")?;
        let bound = semaphore.value();
        Ok(BoundedSemaphore { semaphore, bound })
    }

    /// See [`Semaphore::value`].
    pub fn value(&self) -> usize {
        self.semaphore.value()
    }

    /// See [`Semaphore::locked`].
    pub fn locked(&self) -> bool {
        self.semaphore.locked()
    }

    /// See [`Semaphore::acquire`].
    ///
    /// # Errors
    /// As there.
    ///
    /// # Cancel safety
    /// As there.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<()>> {
        self.semaphore.acquire()
    }

    /// Gives a permit back, to the waiter that is first. Mirrors `BoundedSemaphore.release`.
    ///
    /// # Errors
    /// Value, when all permits are there already.
    #[track_caller]
    pub fn release(&self) -> Result<()> {
        if self.value() >= self.bound {
            return Err(Error::value("BoundedSemaphore released too many times"));
        }
        self.semaphore.release();
        Ok(())
    }

    /// See [`Semaphore::hold`].
    ///
    /// # Errors
    /// As there.
    ///
    /// # Cancel safety
    /// As there.
    #[track_caller]
    pub fn hold(&self) -> impl Future<Output = Result<Permit>> {
        self.semaphore.hold_at(self.bound, Location::caller())
    }
}

impl fmt::Debug for BoundedSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.semaphore.fmt(f)
    }
}

/// A permit that is held; from [`Semaphore::hold`] and [`BoundedSemaphore::hold`]. Dropping it releases the permit.
///
/// It needs a name. `let _ = semaphore.hold().await?`, and `semaphore.hold().await?` as a statement, give the permit back at once: of the second the
/// compiler warns, of the first only if it is asked to, by `#![warn(let_underscore_drop)]`.
///
/// ```
/// use kolo::{Semaphore, run};
///
/// run(async {
///     let semaphore = Semaphore::new(2)?;
///     let _one = semaphore.hold().await?;
///     let another = semaphore.hold().await?;
///     assert_eq!(semaphore.value(), 0);
///     drop(another); // before the end of the block
///     assert_eq!(semaphore.value(), 1);
///     Ok(())
/// })
/// .unwrap();
/// ```
#[doc(alias("SemaphorePermit", "SemaphoreGuard"))]
#[must_use = "the permit is released when the guard is dropped: `let _permit = ...` keeps it to the end of the block, `let _ = ...` drops it at once"]
pub struct Permit(Semaphore, usize);

impl Drop for Permit {
    fn drop(&mut self) {
        // Of a bounded semaphore somebody may have released it already.
        let Permit(semaphore, bound) = self;
        if semaphore.value() < *bound {
            semaphore.release();
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Permit of {:?}>", self.0)
    }
}
