//! The leaves at which a task stands, beyond the one that was the last to suspend it.

use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};

/// Nearly every task stands at one leaf, and its head says at which. A combinator has it stand at several, in one of two ways:
///
/// ```text
///   join!, select!, join_all          poll all of them in every step, with the task's own waker: side by side
///   FuturesUnordered, join_all of     poll in a step only those that were woken, each with a waker of its own: these stand
///   more than 30, buffer_unordered    beneath the combinator until they end, whatever the task does in the meantime
/// ```
///
/// `P` is what a leaf waits for. Each is known by the number of the suspension.
pub(crate) struct Leaves<P> {
    /// In the order in which the last step has polled them; without the last of them.
    beside: Vec<(u64, Place<P>)>,
    beneath: BTreeMap<u64, Beneath<P>>,
    /// How many requests to cancel were made for parts of the task alone that have not ended since.
    requests: u32,
    /// How many of these parts are being polled.
    polled: u32,
}

/// Suspensions that came one after the other, by their numbers.
#[derive(Clone, Copy, Default)]
pub(crate) struct Interval {
    /// The number of the last one before them.
    after: u64,
    last: u64,
}

impl Interval {
    pub(crate) const ALL: Interval = Interval {
        after: 0,
        last: u64::MAX,
    };

    #[inline(always)]
    pub(crate) fn after(after: u64, last: u64) -> Interval {
        Interval { after, last }
    }

    pub(crate) fn up_to(self, last: u64) -> Interval {
        Interval { last, ..self }
    }

    #[inline(always)]
    pub(crate) fn is_empty(self) -> bool {
        self.after == self.last
    }

    /// Whether the suspension with this number is the last of them.
    pub(crate) fn end_with(self, number: u64) -> bool {
        self.last == number && !self.is_empty()
    }

    pub(crate) fn contains(self, number: u64) -> bool {
        self.bounds().contains(&number)
    }

    fn bounds(self) -> (Bound<u64>, Bound<u64>) {
        // Not in the other order, which no range may have.
        (Bound::Excluded(self.after), Bound::Included(self.last.max(self.after)))
    }
}

/// Where a leaf waits.
#[derive(Clone)]
pub(crate) enum Place<P> {
    Promise(P),
    Berth,
}

struct Beneath<P> {
    promise: P,
    /// Tells the waker from others that exist.
    waker: usize,
}

impl<P> Default for Leaves<P> {
    fn default() -> Leaves<P> {
        Leaves {
            beside: Vec::new(),
            beneath: BTreeMap::new(),
            requests: 0,
            polled: 0,
        }
    }
}

impl<P: Clone> Leaves<P> {
    pub(crate) fn add_beside(&mut self, number: u64, place: Place<P>) {
        self.beside.push((number, place));
    }

    /// The leaf that was suspended with this number has left. What it waited for, if it was one of these.
    pub(crate) fn remove_beside(&mut self, number: u64) -> Option<Place<P>> {
        let found = self.beside.binary_search_by_key(&number, |leaf| leaf.0).ok()?;
        Some(self.beside.remove(found).1)
    }

    /// The same for the leaf in the task's berth.
    pub(crate) fn remove_berth(&mut self) -> bool {
        let found = self.beside.iter().position(|(_, place)| matches!(place, Place::Berth));
        found.map(|found| self.beside.remove(found)).is_some()
    }

    pub(crate) fn none_beside(&self) -> bool {
        self.beside.is_empty()
    }

    /// Another step begins. What these have waited for, to be dropped by the caller.
    #[must_use]
    pub(crate) fn clear_beside(&mut self) -> Vec<(u64, Place<P>)> {
        std::mem::take(&mut self.beside)
    }

    pub(crate) fn add_beneath(&mut self, number: u64, promise: P, waker: usize) {
        self.beneath.insert(number, Beneath { promise, waker });
    }

    pub(crate) fn remove_beneath(&mut self, number: u64) -> Option<P> {
        self.beneath.remove(&number).map(|leaf| leaf.promise)
    }

    pub(crate) fn none_beneath(&self) -> bool {
        self.beneath.is_empty()
    }

    /// Where the leaves beside the last wait that are of this interval, in their order.
    pub(crate) fn beside(&self, interval: Interval) -> Vec<Place<P>> {
        let beside = self.beside.iter().filter(|(number, _)| interval.contains(*number));
        beside.map(|(_, place)| place.clone()).collect()
    }

    /// What the leaves beneath combinators wait for that are of this interval, in their order.
    pub(crate) fn beneath(&self, interval: Interval) -> Vec<P> {
        let beneath = self.beneath.range(interval.bounds());
        beneath.map(|(_, leaf)| leaf.promise.clone()).collect()
    }

    /// Whether any leaf of this interval was polled with another waker than `waker`.
    pub(crate) fn any_beneath_another(&self, interval: Interval, waker: usize) -> bool {
        self.beneath.range(interval.bounds()).any(|(_, leaf)| leaf.waker != waker)
    }

    /// A part of the task alone is asked to be cancelled.
    pub(crate) fn add_request(&mut self) {
        self.requests += 1;
    }

    pub(crate) fn remove_request(&mut self) {
        self.requests = self.requests.saturating_sub(1);
    }

    pub(crate) fn begin_poll(&mut self) {
        self.polled += 1;
    }

    pub(crate) fn end_poll(&mut self) {
        self.polled = self.polled.saturating_sub(1);
    }

    /// How many requests were made for parts within which whoever asks is not.
    pub(crate) fn requests_elsewhere(&self) -> u32 {
        self.requests.saturating_sub(self.polled)
    }
}
