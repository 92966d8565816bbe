//! What is true or not of a task, in one word, and how that changes.

use std::cell::Cell;

/// Some flags, and above them the count of suspensions, which the same store changes.
pub(crate) struct Flags(Cell<u64>);

/// It stands in the ready queue. Never while it runs, unless it was woken meanwhile.
const QUEUED: u64 = 1;
/// The next step begins by delivering a cancellation. Not while a leaf or a promise has already taken it.
const MUST_CANCEL: u64 = 2;
/// The step that runs delivers a cancellation, and the leaf has not taken it yet. Only while it runs.
const DELIVERS: u64 = 4;
/// It stands at a leaf of ours. Otherwise it runs, has not begun, or waits for something that cannot return an error of ours.
const PARKED: u64 = 8;
/// The leaf that was the last to park it did so in its berth.
const IN_BERTH: u64 = 16;
/// It goes on one hop after this step, come what may. Only while it runs.
const YIELDED: u64 = 32;
/// A copy of its waker exists, or existed when that was last asked.
const WAKER_SHARED: u64 = 64;
/// Somebody else is to be woken together with it.
const ALSO_WAKES: u64 = 128;
/// Nobody is to be told that it was pending when its loop was closed.
const OWNED_BY_RUN: u64 = 256;
/// It has never been polled.
const NEW: u64 = 512;
/// It stands at leaves beside the last one. Only until its next step.
const BESIDE: u64 = 1024;
/// It stands at leaves beneath a combinator.
const BENEATH: u64 = 2048;
/// It was asked to be cancelled, once or more often.
const REQUESTED: u64 = 4096;
/// One suspension. There is room for 2^51: more than one task comes to in three years in which it does nothing else.
const SUSPENSION: u64 = 8192;

/// How a step begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    /// The coroutine goes on.
    GoesOn,
    /// The coroutine goes on, which stood at several leaves.
    GoesOnFromSeveral,
    /// The coroutine goes on, and the leaf at which it stands returns a cancellation.
    Delivers,
    /// It was cancelled where no leaf of ours can tell it: the coroutine is dropped instead of polled.
    Dropped,
}

/// How a step ends that has not ended the task.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suspended {
    /// At a leaf of ours, which will wake it.
    AtLeaf,
    /// At a future that is not ours, or nowhere: whoever has its waker will wake it.
    Elsewhere,
    /// For a hop: it is queued now.
    GoesOn,
}

impl Flags {
    pub(crate) fn new() -> Flags {
        Flags(Cell::new(NEW))
    }

    fn has(&self, flag: u64) -> bool {
        self.0.get() & flag != 0
    }

    /// Sets some and clears some at once: one store where several would wait for each other.
    fn change(&self, set: u64, clear: u64) {
        self.0.set(self.0.get() & !clear | set);
    }

    fn take(&self, flag: u64) -> bool {
        let had = self.has(flag);
        self.change(0, flag);
        had
    }

    // From step to step.

    pub(crate) fn is_queued(&self) -> bool {
        self.has(QUEUED)
    }

    pub(crate) fn queue(&self) {
        self.change(QUEUED, 0);
    }

    #[inline(always)]
    pub(crate) fn begin_step(&self) -> Begun {
        let flags = self.0.get();
        self.change(0, QUEUED | MUST_CANCEL | PARKED | NEW | BESIDE);
        match flags & (MUST_CANCEL | BESIDE) {
            0 => Begun::GoesOn,
            BESIDE => Begun::GoesOnFromSeveral,
            _ => self.begin_cancelled(flags),
        }
    }

    #[cold]
    fn begin_cancelled(&self, flags: u64) -> Begun {
        if flags & (PARKED | BENEATH) == 0 {
            self.change(flags & NEW, 0);
            return Begun::Dropped;
        }
        self.change(DELIVERS, 0);
        Begun::Delivers
    }

    #[inline(always)]
    pub(crate) fn end_step(&self) -> Suspended {
        let flags = self.0.get();
        // Nearly always, and then there is nothing to change.
        if flags & (YIELDED | PARKED) == PARKED {
            return Suspended::AtLeaf;
        }
        let goes_on = flags & (YIELDED | QUEUED) == YIELDED;
        // Elsewhere it is in no berth: a leaf that uses that was moved to another task.
        let left = if flags & PARKED == 0 { IN_BERTH } else { 0 };
        self.change(if goes_on { QUEUED } else { 0 }, YIELDED | left);
        match goes_on {
            true => Suspended::GoesOn,
            false if flags & PARKED == 0 => Suspended::Elsewhere,
            false => Suspended::AtLeaf,
        }
    }

    // At a leaf.

    /// Counts a suspension, and sets some flags and clears some.
    #[inline(always)]
    fn suspend(&self, set: u64, clear: u64) {
        self.0.set((self.0.get() & !clear | set).wrapping_add(SUSPENSION));
    }

    /// How often it was suspended by a leaf of ours: the number of the last suspension.
    #[inline(always)]
    pub(crate) fn suspensions(&self) -> u64 {
        self.0.get() / SUSPENSION
    }

    /// It was suspended so often.
    #[cfg(test)]
    pub(crate) fn count_suspensions_from(&self, number: u64) {
        self.0.set(self.0.get() % SUSPENSION + number * SUSPENSION);
    }

    #[inline]
    pub(crate) fn park(&self) {
        self.suspend(PARKED, IN_BERTH);
    }

    #[inline]
    pub(crate) fn park_in_berth(&self) {
        self.suspend(PARKED | IN_BERTH, 0);
    }

    #[inline]
    pub(crate) fn park_for_a_hop(&self) {
        self.suspend(PARKED | YIELDED, IN_BERTH);
    }

    /// It stands beneath a combinator from now on, and nowhere else that is known.
    pub(crate) fn park_beneath(&self) {
        self.suspend(BENEATH, 0);
    }

    /// The leaf that was the last to park it is dropped. Whether it stands at a leaf all the same.
    pub(crate) fn unpark(&self, at_another: bool) {
        self.change(0, if at_another { IN_BERTH } else { PARKED });
    }

    pub(crate) fn is_parked(&self) -> bool {
        self.has(PARKED)
    }

    pub(crate) fn is_in_berth(&self) -> bool {
        self.has(IN_BERTH)
    }

    /// Whether it was never polled.
    pub(crate) fn is_new(&self) -> bool {
        self.has(NEW)
    }

    // At several.

    pub(crate) fn stand_beside(&self, stands: bool) {
        self.change(if stands { BESIDE } else { 0 }, BESIDE);
    }

    pub(crate) fn stands_beside(&self) -> bool {
        self.has(BESIDE)
    }

    pub(crate) fn stand_beneath(&self, stands: bool) {
        self.change(if stands { BENEATH } else { 0 }, BENEATH);
    }

    pub(crate) fn stands_beneath(&self) -> bool {
        self.has(BENEATH)
    }

    #[inline]
    pub(crate) fn stands_at_several(&self) -> bool {
        self.has(BESIDE | BENEATH)
    }

    // Cancelling.

    pub(crate) fn must_cancel(&self) -> bool {
        self.has(MUST_CANCEL)
    }

    /// The next step delivers a cancellation.
    pub(crate) fn arm(&self) {
        self.change(MUST_CANCEL, 0);
    }

    /// Calls off what [`arm`](Flags::arm) began. Whether it had.
    pub(crate) fn disarm(&self) -> bool {
        self.take(MUST_CANCEL)
    }

    /// Whether the step that runs has a cancellation that no leaf has taken.
    #[inline]
    pub(crate) fn delivers(&self) -> bool {
        self.has(DELIVERS)
    }

    /// A leaf takes the cancellation.
    pub(crate) fn deliver(&self) {
        self.change(0, DELIVERS);
    }

    /// The leaf was not there any more to take the cancellation: the next step delivers it.
    pub(crate) fn keep_undelivered(&self) {
        self.change(MUST_CANCEL, DELIVERS);
    }

    #[inline]
    pub(crate) fn is_requested(&self) -> bool {
        self.has(REQUESTED)
    }

    pub(crate) fn request(&self, requested: bool) {
        self.change(if requested { REQUESTED } else { 0 }, REQUESTED);
    }

    /// Whether a coroutine that is over has left a cancellation to be delivered, or leaves.
    #[inline]
    pub(crate) fn leave_something(&self) -> bool {
        self.has(MUST_CANCEL | BESIDE | BENEATH)
    }

    // What is seldom so.

    pub(crate) fn share_waker(&self) {
        self.change(WAKER_SHARED, 0);
    }

    pub(crate) fn unshare_waker(&self) {
        self.change(0, WAKER_SHARED);
    }

    pub(crate) fn has_shared_waker(&self) -> bool {
        self.has(WAKER_SHARED)
    }

    pub(crate) fn also_wake(&self) {
        self.change(ALSO_WAKES, 0);
    }

    pub(crate) fn also_wakes(&self) -> bool {
        self.has(ALSO_WAKES)
    }

    /// Whether somebody else was to be woken, who is from now on not.
    #[inline]
    pub(crate) fn take_also_wakes(&self) -> bool {
        self.has(ALSO_WAKES) && self.take(ALSO_WAKES)
    }

    pub(crate) fn own_by_run(&self) {
        self.change(OWNED_BY_RUN, 0);
    }

    pub(crate) fn is_owned_by_run(&self) -> bool {
        self.has(OWNED_BY_RUN)
    }
}
