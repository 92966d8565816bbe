//! What is true or not of a task, in one word, and how that changes.

use std::cell::Cell;

/// Some flags, and above them the count of requests to cancel.
pub(crate) struct Flags(Cell<u32>);

/// It stands in the ready queue. Never while it runs, unless it was woken meanwhile.
const QUEUED: u32 = 1;
/// The next step begins by delivering a cancellation. Not while a leaf or a promise has already taken it.
const MUST_CANCEL: u32 = 2;
/// The step that runs delivers a cancellation, and the leaf has not taken it yet. Only while it runs.
const DELIVERS: u32 = 4;
/// It stands at a leaf of ours. Otherwise it runs, has not begun, or waits for something that cannot return an error of ours.
const PARKED: u32 = 8;
/// The leaf that was the last to park it did so in its berth.
const IN_BERTH: u32 = 16;
/// It goes on one hop after this step, come what may. Only while it runs.
const YIELDED: u32 = 32;
/// A copy of its waker exists, or existed when that was last asked.
const WAKER_SHARED: u32 = 64;
/// Somebody else is to be woken together with it.
const ALSO_WAKES: u32 = 128;
/// Nobody is to be told that it was pending when its loop was closed.
const OWNED_BY_RUN: u32 = 256;
/// It has never been polled.
const NEW: u32 = 512;
/// It stands at leaves beside the last one. Only until its next step.
const BESIDE: u32 = 1024;
/// It stands at leaves beneath a combinator.
const BENEATH: u32 = 2048;
/// One request to cancel.
const REQUEST: u32 = 4096;

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

    fn has(&self, flag: u32) -> bool {
        self.0.get() & flag != 0
    }

    /// Sets some and clears some at once: one store where several would wait for each other.
    fn change(&self, set: u32, clear: u32) {
        self.0.set(self.0.get() & !clear | set);
    }

    fn take(&self, flag: u32) -> bool {
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
    fn begin_cancelled(&self, flags: u32) -> Begun {
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

    #[inline]
    pub(crate) fn park(&self) {
        self.change(PARKED, IN_BERTH);
    }

    #[inline]
    pub(crate) fn park_in_berth(&self) {
        self.change(PARKED | IN_BERTH, 0);
    }

    #[inline]
    pub(crate) fn park_for_a_hop(&self) {
        self.change(PARKED | YIELDED, IN_BERTH);
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

    pub(crate) fn requests(&self) -> u32 {
        self.0.get() / REQUEST
    }

    /// A million requests are as good as more.
    pub(crate) fn add_request(&self) {
        self.0.set(self.0.get().checked_add(REQUEST).unwrap_or(self.0.get()));
    }

    /// As many again as [`add_request`](Flags::add_request) would in `count` calls.
    #[cold]
    pub(crate) fn add_requests(&self, count: u32) {
        let room = (u32::MAX - self.0.get()) / REQUEST;
        self.0.set(self.0.get() + REQUEST * count.min(room));
    }

    pub(crate) fn take_back_request(&self) {
        self.0.set(self.0.get().checked_sub(REQUEST).unwrap_or(self.0.get()));
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
