//! At which leaves a task stands, and which of them is told of a cancellation.
//!
//! A leaf of ours that suspends a task says so with one of the four ways to park, and is given the number of this suspension. The head knows
//! the last one: the promise that is waited for, the berth, or a hop. Where a combinator has the task stand at several leaves, the others are
//! kept apart ([`Leaves`]).

use std::panic::Location;

use crate::block::raw::Ref;
use crate::block::task::TaskHead;
use crate::ground::error::Error;
use crate::ground::flags::Begun;
use crate::ground::leaves::{Interval, Leaves, Place};

impl TaskHead {
    /// A step begins: from here on the task stands nowhere, but beneath combinators.
    #[inline(always)]
    pub(crate) fn begin_step(&self) -> Begun {
        self.wait_on_nothing();
        match self.flags.begin_step() {
            Begun::GoesOn => Begun::GoesOn,
            begun => self.begin_seldom(begun),
        }
    }

    #[cold]
    fn begin_seldom(&self, begun: Begun) -> Begun {
        self.stand_beside_nothing();
        match begun {
            Begun::Delivers => self.rare_mut(|rare| rare.told = self.flags.suspensions()),
            Begun::GoesOnFromSeveral => return Begun::GoesOn,
            Begun::GoesOn | Begun::Dropped => {}
        }
        begun
    }

    /// A leaf of ours suspends the task, which waits for `promise`. `before`: the number of the suspension that this one takes the place of.
    /// Returns the number of this suspension.
    #[inline]
    pub(crate) fn park_on(&self, before: u64, promise: Ref, site: &'static Location<'static>) -> u64 {
        if self.flags.is_parked() {
            self.unpark_from(&promise, before);
            self.make_room();
        }
        let before = self.waiting_on.replace(Some(promise));
        self.flags.park();
        drop(before);
        self.note_park(site)
    }

    /// A leaf of ours suspends the task, whose wake-up is on its way. Returns the number of this suspension.
    pub(crate) fn park(&self, site: &'static Location<'static>) -> u64 {
        self.make_room();
        self.flags.park();
        self.note_park(site)
    }

    /// A leaf of ours suspends the task in its berth.
    #[inline]
    pub(crate) fn park_in_berth(&self, site: &'static Location<'static>) {
        self.make_room();
        self.flags.park_in_berth();
        self.note_park(site);
    }

    /// A leaf of ours suspends the task, which goes on one hop after this step. Returns the number of this suspension.
    #[inline]
    pub(crate) fn park_for_a_hop(&self, site: &'static Location<'static>) -> u64 {
        self.make_room();
        self.flags.park_for_a_hop();
        self.note_park(site)
    }

    /// A leaf of ours waits for `promise` beneath a combinator, which has polled it with this waker. `before`: the number of the suspension that
    /// this one takes the place of. Returns the number of this suspension.
    #[cold]
    pub(crate) fn park_beneath(&self, before: u64, promise: Ref, waker: usize, site: &'static Location<'static>) -> u64 {
        self.leave_beneath(before);
        if self.flags.is_parked() {
            self.put_beside();
            self.flags.unpark(true);
        }
        self.flags.park_beneath();
        let number = self.note_park(site);
        self.with_leaves(|leaves| leaves.add_beneath(number, promise, waker));
        number
    }

    /// Where this suspension is, and its number.
    #[inline(always)]
    fn note_park(&self, site: &'static Location<'static>) -> u64 {
        self.parked_at.set(Some(site));
        self.flags.suspensions()
    }

    /// Another leaf, polled before in this step, may have been the last one so far.
    #[inline(always)]
    fn make_room(&self) {
        if self.flags.is_parked() {
            self.put_beside();
        }
    }

    #[cold]
    fn put_beside(&self) {
        let Some(last) = self.take_last() else { return };
        self.flags.stand_beside(true);
        self.with_leaves(|leaves| leaves.add_beside(self.flags.suspensions(), last));
    }

    /// Where the last leaf waits; `None`: only for the next step.
    fn take_last(&self) -> Option<Place<Ref>> {
        match self.waiting_on.take() {
            Some(promise) => Some(Place::Promise(promise)),
            None => self.flags.is_in_berth().then_some(Place::Berth),
        }
    }

    /// Works on the leaves beyond the last. `f` runs no user code.
    fn with_leaves<R>(&self, f: impl FnOnce(&mut Leaves<Ref>) -> R) -> R {
        self.rare_mut(|rare| f(rare.leaves.get_or_insert_default()))
    }

    pub(crate) fn wait_on_nothing(&self) {
        drop(self.waiting_on.take());
    }

    fn stand_beside_nothing(&self) {
        self.flags.stand_beside(false);
        drop(self.rare(|rare| rare.leaves.as_mut().map(|leaves| leaves.clear_beside())));
    }

    /// The task is over: a leaf that was polled and set aside may have left something here, which could own the task.
    pub(crate) fn stand_nowhere(&self) {
        self.wait_on_nothing();
        if self.flags.stands_at_several() {
            self.flags.stand_beside(false);
            self.flags.stand_beneath(false);
            drop(self.rare(|rare| rare.leaves.take()));
        }
    }

    /// What the last leaf waits for, if it does not wait in the berth.
    pub(crate) fn waiting_on(&self) -> Option<Ref> {
        let promise = self.waiting_on.take();
        self.waiting_on.set(promise.clone());
        promise
    }

    /// Where the leaves of this interval wait that the last step has left, in the order in which it polled them.
    #[cold]
    pub(crate) fn places(&self, interval: Interval) -> Vec<Place<Ref>> {
        let mut places = match self.flags.stands_beside() {
            true => self.with_leaves(|leaves| leaves.beside(interval)),
            false => Vec::new(),
        };
        if interval.contains(self.flags.suspensions()) {
            places.extend(match self.waiting_on() {
                Some(promise) => Some(Place::Promise(promise)),
                None => (self.flags.is_parked() && self.flags.is_in_berth()).then_some(Place::Berth),
            });
        }
        places
    }

    /// What the leaves of this interval wait for that stand beneath combinators.
    #[cold]
    pub(crate) fn beneath(&self, interval: Interval) -> Vec<Ref> {
        match self.flags.stands_beneath() {
            true => self.with_leaves(|leaves| leaves.beneath(interval)),
            false => Vec::new(),
        }
    }

    /// The leaf that waited for `promise`, suspended as number `number`, is dropped.
    #[inline]
    pub(crate) fn unpark_from(&self, promise: &Ref, number: u64) {
        if self.flags.stands_at_several() {
            return self.unpark_one_of_several(number);
        }
        if self.flags.suspensions() == number {
            self.flags.unpark(false);
        }
        let waiting_on = self.waiting_on.take().filter(|current| !current.ptr_eq(promise));
        self.waiting_on.set(waiting_on);
    }

    /// The leaf in the berth is dropped.
    pub(crate) fn unpark_from_berth(&self) {
        if self.flags.is_in_berth() {
            self.unpark_last();
        } else if self.flags.stands_beside() {
            self.with_leaves(Leaves::remove_berth);
        }
    }

    #[cold]
    fn unpark_one_of_several(&self, number: u64) {
        let removed = self.with_leaves(|leaves| leaves.remove_beside(number));
        if removed.is_none() && self.flags.suspensions() == number {
            self.unpark_last();
        }
    }

    /// If the task waits for anything now that is ours, then beside it.
    fn unpark_last(&self) {
        let beside = self.flags.stands_beside() && !self.with_leaves(|leaves| leaves.none_beside());
        self.flags.unpark(beside);
        self.wait_on_nothing();
    }

    /// The leaf that was suspended as number `number` has left, beneath whatever combinator it stood.
    #[cold]
    pub(crate) fn leave_beneath(&self, number: u64) {
        if !self.flags.stands_beneath() {
            return;
        }
        let (removed, none_left) = self.with_leaves(|leaves| (leaves.remove_beneath(number), leaves.none_beneath()));
        self.flags.stand_beneath(!none_left);
        drop(removed);
    }

    /// Whether a leaf of this interval stands beneath a combinator that has polled it with another waker than this.
    #[cold]
    pub(crate) fn stands_beneath_another(&self, interval: Interval, waker: usize) -> bool {
        self.flags.stands_beneath() && self.with_leaves(|leaves| leaves.any_beneath_another(interval, waker))
    }

    /// The cancellation that this step delivers, for the leaf that was the last to park: that with the number `number`.
    #[inline]
    pub(crate) fn take_delivery(&self, number: u64) -> Option<Error> {
        if !self.flags.delivers() || self.rare(|rare| rare.told) != number {
            return None;
        }
        Some(self.deliver())
    }

    /// The cancellation that this step delivers, for the leaf in the task's berth, if that was the last to park.
    #[inline]
    pub(crate) fn take_delivery_in_berth(&self) -> Option<Error> {
        if !self.flags.delivers() || !self.flags.is_in_berth() {
            return None;
        }
        Some(self.deliver())
    }

    /// Whether no leaf has suspended it in this step, which delivers a cancellation.
    pub(crate) fn stands_as_before(&self) -> bool {
        self.rare(|rare| rare.told) == self.flags.suspensions()
    }

    #[cold]
    fn deliver(&self) -> Error {
        self.flags.deliver();
        self.take_message()
    }

    // Parts of the task that are cancelled alone.

    /// Notes a request to cancel a part of the task alone.
    pub(crate) fn add_request_for_part(&self) {
        self.add_request();
        self.with_leaves(Leaves::add_request);
    }

    /// That part is over.
    pub(crate) fn remove_request_for_part(&self) {
        self.with_leaves(Leaves::remove_request);
    }

    pub(crate) fn begin_poll_of_part(&self) {
        self.with_leaves(Leaves::begin_poll);
    }

    pub(crate) fn end_poll_of_part(&self) {
        self.with_leaves(Leaves::end_poll);
    }

    /// How many requests to cancel concern whoever asks, who runs in this task: all but those for parts within which he is not.
    #[inline]
    pub(crate) fn requests_here(&self) -> u32 {
        match self.requests() {
            0 => 0,
            requests => requests - self.requests_elsewhere().min(requests),
        }
    }

    #[cold]
    fn requests_elsewhere(&self) -> u32 {
        let elsewhere = self.rare(|rare| rare.leaves.as_ref().map(|leaves| leaves.requests_elsewhere()));
        elsewhere.unwrap_or(0)
    }
}
