//! What is true or not of a task, in one word.

use std::cell::Cell;

/// Some flags, and above them the count of requests to cancel.
#[derive(Default)]
pub(super) struct Flags(Cell<u32>);

/// It stands in the ready queue.
pub(super) const QUEUED: u32 = 1;
/// The next step begins by delivering a cancellation.
pub(super) const MUST_CANCEL: u32 = 2;
/// It stands at a leaf of ours. Otherwise it runs, has not begun, or waits for something that cannot return an error of ours.
pub(super) const PARKED: u32 = 4;
/// The leaf at which it is parked uses the task's own parking place.
pub(super) const IN_PLACE: u32 = 8;
/// It goes on one hop after this step, come what may.
pub(super) const YIELDED: u32 = 16;
/// A copy of its waker exists or existed.
pub(super) const WAKER_SHARED: u32 = 32;
/// Somebody else is to be woken together with it.
pub(super) const FORWARDS: u32 = 64;
/// Nobody is to be told that it was pending when its loop was closed.
pub(super) const OWNED_BY_RUN: u32 = 128;
/// One request to cancel.
const REQUEST: u32 = 256;

impl Flags {
    pub(super) fn get(&self) -> u32 {
        self.0.get()
    }

    /// Sets some and clears some at once: one store where several would wait for each other.
    pub(super) fn change(&self, set: u32, clear: u32) {
        self.0.set(self.0.get() & !clear | set);
    }

    pub(super) fn has(&self, flag: u32) -> bool {
        self.get() & flag != 0
    }

    pub(super) fn set(&self, flag: u32) {
        self.change(flag, 0);
    }

    pub(super) fn clear(&self, flag: u32) {
        self.change(0, flag);
    }

    pub(super) fn take(&self, flag: u32) -> bool {
        let had = self.has(flag);
        self.clear(flag);
        had
    }

    pub(super) fn requests(&self) -> u32 {
        self.get() / REQUEST
    }

    /// 16 million requests are as good as more.
    pub(super) fn add_request(&self) {
        self.0.set(self.get().checked_add(REQUEST).unwrap_or(self.get()));
    }

    pub(super) fn take_back_request(&self) {
        self.0.set(self.get().checked_sub(REQUEST).unwrap_or(self.get()));
    }
}
