//! `Barrier`: tasks that wait for each other.

use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::rc::Rc;

use kolo_executor::{Error, Kind, Result};

use crate::Condition;

/// A point that a fixed number of tasks pass together. Mirrors `asyncio.Barrier`.
///
/// A handle: clones are the same barrier. It *fills* until all are there, then *drains* until all have left, and can be used again.
/// Whoever comes while it drains waits for the next round.
///
/// ```
/// use kolo::{Barrier, Result, gather, run, sleep};
///
/// async fn runner(seconds: f64, start: Barrier) -> Result<usize> {
///     sleep(seconds).await?;
///     start.wait().await
/// }
///
/// let places = run(async {
///     let start = Barrier::new(3)?;
///     gather([0.01, 0.03, 0.02].map(|seconds| runner(seconds, start.clone()))).await
/// });
/// assert_eq!(places.unwrap(), [0, 2, 1]);
/// ```
#[derive(Clone)]
pub struct Barrier(Rc<State>);

struct State {
    parties: usize,
    phase: Cell<Phase>,
    /// How many are inside.
    count: Cell<usize>,
    /// Notified when the phase changes.
    condition: Condition,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Filling,
    Draining,
    /// It was reset while tasks were inside, and they have not all left.
    Resetting,
    Broken,
}

impl Barrier {
    /// A barrier for so many tasks, a whole number of any type.
    ///
    /// # Errors
    /// Value, when it is below one.
    #[track_caller]
    pub fn new(parties: impl TryInto<usize>) -> Result<Barrier> {
        let parties: usize = parties.try_into().unwrap_or(0);
        if parties == 0 {
            return Err(Error::value("parties must be > 0"));
        }
        Ok(Barrier(Rc::new_cyclic(|barrier| State {
            parties,
            phase: Cell::new(Phase::Filling),
            count: Cell::new(0),
            condition: Condition::part_of(barrier, "Barrier.wait"),
        })))
    }

    /// How many tasks it takes to pass.
    pub fn parties(&self) -> usize {
        self.0.parties
    }

    /// How many tasks wait for the others; none while it drains.
    ///
    /// ```
    /// use kolo::{Barrier, create_task, run, sleep};
    ///
    /// run(async {
    ///     let start = Barrier::new(2)?;
    ///     let runner = start.clone();
    ///     let task = create_task(async move { runner.wait().await });
    ///     sleep(0).await?;
    ///     assert_eq!((start.n_waiting(), start.parties()), (1, 2));
    ///     start.wait().await?;
    ///     task.await.map(drop)
    /// })
    /// .unwrap();
    /// ```
    pub fn n_waiting(&self) -> usize {
        match self.0.phase.get() {
            Phase::Filling => self.0.count.get(),
            Phase::Draining | Phase::Resetting | Phase::Broken => 0,
        }
    }

    /// Whether it was [aborted](Barrier::abort), and not reset since.
    pub fn broken(&self) -> bool {
        self.0.phase.get() == Phase::Broken
    }

    /// Waits until all are there, and returns the number of tasks that came before this one. The last does not wait, and goes on first.
    /// Mirrors `Barrier.wait`; `async with barrier as index:` is `let index = barrier.wait().await?`, since nothing happens at its end.
    ///
    /// # Errors
    /// BrokenBarrier, when it is or becomes broken, or is reset while this task is inside; Cancelled; Runtime, when it has to wait and the
    /// barrier belongs to another loop.
    ///
    /// # Cancel safety
    /// The task counts as not there, and the others go on waiting; two of them may then get the same index, as in asyncio.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = Result<usize>> {
        let site = Location::caller();
        async move {
            let barrier = &*self.0;
            let _held = barrier.condition.hold_at(site).await?;
            barrier.enter(site).await?;
            let _inside = Inside(barrier);
            let index = barrier.count.replace(barrier.count.get() + 1);
            if index + 1 == barrier.parties {
                barrier.change(Phase::Draining)?;
            } else {
                barrier.wait_for_others(site).await?;
            }
            Ok(index)
        }
    }

    /// Makes it as new: the tasks that are inside get BrokenBarrier, and it fills again once they have left. Mends a broken one. Mirrors
    /// `Barrier.reset`.
    ///
    /// # Errors
    /// Cancelled; Runtime, when it has to wait and the barrier belongs to another loop.
    ///
    /// # Cancel safety
    /// The barrier stays as it is.
    #[track_caller]
    pub fn reset(&self) -> impl Future<Output = Result<()>> {
        let site = Location::caller();
        async move {
            let _held = self.0.condition.hold_at(site).await?;
            let empty = self.0.count.get() == 0;
            self.0.change(if empty { Phase::Filling } else { Phase::Resetting })
        }
    }

    /// Breaks it: all that wait, and all that will, get BrokenBarrier, until it is [reset](Barrier::reset). Mirrors `Barrier.abort`.
    ///
    /// ```
    /// use kolo::{Barrier, Kind, create_task, run, sleep};
    ///
    /// run(async {
    ///     let start = Barrier::new(2)?;
    ///     let waiting = create_task({
    ///         let start = start.clone();
    ///         async move { start.wait().await }
    ///     });
    ///     sleep(0).await?;
    ///     start.abort().await?;
    ///     assert_eq!(waiting.await.unwrap_err().kind(), Kind::BrokenBarrier);
    ///     start.reset().await?; // as new
    ///     assert!(!start.broken());
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// As `reset`.
    ///
    /// # Cancel safety
    /// As `reset`.
    #[track_caller]
    pub fn abort(&self) -> impl Future<Output = Result<()>> {
        let site = Location::caller();
        async move {
            let _held = self.0.condition.hold_at(site).await?;
            self.0.change(Phase::Broken)
        }
    }
}

impl State {
    fn change(&self, phase: Phase) -> Result<()> {
        self.phase.set(phase);
        self.condition.notify_all()
    }

    /// Waits until those of the round before have left.
    async fn enter(&self, site: &'static Location<'static>) -> Result<()> {
        let free = || !matches!(self.phase.get(), Phase::Draining | Phase::Resetting);
        self.condition.wait_for_at(site, free).await?;
        match self.phase.get() {
            Phase::Broken => Err(Error::new(Kind::BrokenBarrier, "Barrier aborted").at(site)),
            _ => Ok(()),
        }
    }

    async fn wait_for_others(&self, site: &'static Location<'static>) -> Result<()> {
        let over = || self.phase.get() != Phase::Filling;
        self.condition.wait_for_at(site, over).await?;
        match self.phase.get() {
            Phase::Broken | Phase::Resetting => Err(Error::new(Kind::BrokenBarrier, "Abort or reset of barrier").at(site)),
            Phase::Filling | Phase::Draining => Ok(()),
        }
    }
}

/// A task inside. The last that leaves lets in those that wait for the next round.
struct Inside<'a>(&'a State);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let barrier = self.0;
        barrier.count.set(barrier.count.get() - 1);
        if barrier.count.get() == 0 {
            if matches!(barrier.phase.get(), Phase::Draining | Phase::Resetting) {
                barrier.phase.set(Phase::Filling);
            }
            barrier.condition.wake_all();
        }
    }
}

/// `<Barrier [filling, waiters:2/5]>`, `<Barrier [broken]>`: asyncio's words.
impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (phase, waiting) = match self.phase.get() {
            Phase::Filling => ("filling", self.count.get()),
            Phase::Draining => ("draining", 0),
            Phase::Resetting => ("resetting", 0),
            Phase::Broken => return f.write_str("<Barrier [broken]>"),
        };
        write!(f, "<Barrier [{phase}, waiters:{waiting}/{}]>", self.parties)
    }
}
