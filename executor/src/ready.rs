//! The ready queue, and what can stand in it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use crate::handle::{DoneCallback, Scheduled};
use crate::listener::Listener;
use crate::promise::Promise;
use crate::task::TaskRef;
use crate::timeout::Scope;

/// Something to do in the next iteration: one hop.
pub(crate) enum Entry {
    /// A task's first step, or its next one.
    Step(TaskRef),
    /// A wait is over because its time has come: the sleep of a task, the limit of a `wait`. With which use of the task's place it is.
    WakePlace(TaskRef, usize),
    /// The same for a wait that has a promise of its own.
    WakePromise(Promise<()>),
    /// A child of a gather, wait, task group ... is done.
    Notify(Listener, usize),
    /// A deadline of a timeout scope has passed, if it is still the one with this number.
    Expire(Rc<Scope>, usize),
    /// What a user gave to `call_soon`, `call_later`, `call_at`, `add_reader`.
    Call(Rc<Scheduled>),
    /// A done callback.
    Done(Box<DoneCallback>),
}

// Three whole words: a field of half a word has an entry copied in pieces that a processor cannot put together again quickly, which
// costs as much as all the rest of a step.
const _: () = assert!(size_of::<Entry>() == 24);

/// The ready queue: first in, first out.
///
/// Two lists take turns: what is added goes to one, while the iteration runs what stands in the other. Bursts go through more of them, so
/// that the memory of each can be given back as soon as it was run.
#[derive(Default)]
pub(crate) struct Ready {
    lists: [RefCell<List>; 2],
    /// Which of the two is added to.
    adding: Cell<bool>,
    burst: RefCell<Burst>,
    /// Whether there is a burst: the one test that it costs when there is none.
    in_burst: Cell<bool>,
}

/// A list that is filled, then emptied from the front.
///
/// `VecDeque` would do, but it copies what is pushed through memory in pieces of another size than those it was written in, which costs
/// a processor as much as all the rest of a wake-up. Here an entry is written once, straight into its place.
#[derive(Default)]
struct List {
    places: Vec<Option<Entry>>,
    taken: usize,
    filled: usize,
}

#[derive(Default)]
struct Burst {
    /// What was added before all that is in the list now.
    full: VecDeque<List>,
    /// How many of these this iteration runs.
    now: usize,
}

/// So many entries are in one list.
const FULL: usize = 1 << 16;
/// An idle loop keeps so many places.
const KEPT: usize = 1 << 12;

impl List {
    #[inline(always)]
    fn take(&mut self) -> Option<Entry> {
        if self.taken == self.filled {
            return None;
        }
        let place = self.places.get_mut(self.taken)?;
        self.taken += 1;
        place.take()
    }

    fn len(&self) -> usize {
        self.filled - self.taken
    }

    #[inline(always)]
    fn clear(&mut self) {
        (self.taken, self.filled) = (0, 0);
    }
}

/// What an iteration runs. Entries may be added meanwhile: they are for the next one.
pub(crate) struct Now<'a> {
    list: &'a RefCell<List>,
    ready: &'a Ready,
}

impl Iterator for Now<'_> {
    type Item = Entry;

    #[inline(always)]
    fn next(&mut self) -> Option<Entry> {
        loop {
            let entry = self.list.borrow_mut().take();
            if entry.is_some() || !self.ready.in_burst.get() || !self.ready.next_in_burst() {
                return entry;
            }
        }
    }
}

impl Ready {
    #[inline(always)]
    pub(crate) fn push(&self, entry: impl FnOnce() -> Entry) {
        let list = &mut *self.list(self.adding.get()).borrow_mut();
        if list.filled == list.places.len() {
            self.grow(list);
        }
        if let Some(place) = list.places.get_mut(list.filled) {
            list.filled += 1;
            *place = Some(entry());
        }
    }

    /// Makes room by doubling the list, or by setting it aside.
    #[cold]
    fn grow(&self, list: &mut List) {
        if list.filled == FULL {
            self.set_aside(list);
        }
        let places = (2 * list.places.len()).clamp(64, FULL);
        list.places.resize_with(places, || None);
    }

    #[cold]
    fn set_aside(&self, list: &mut List) {
        self.burst.borrow_mut().full.push_back(std::mem::take(list));
        self.in_burst.set(true);
    }

    /// Begins an iteration. Returns what is ready now, and only that.
    #[inline(always)]
    pub(crate) fn begin(&self) -> Now<'_> {
        self.list(!self.adding.get()).borrow_mut().clear();
        if self.in_burst.get() {
            self.begin_in_burst();
        } else {
            self.adding.set(!self.adding.get());
        }
        self.now()
    }

    /// What is left of the iteration.
    #[inline(always)]
    pub(crate) fn now(&self) -> Now<'_> {
        Now {
            list: self.list(!self.adding.get()),
            ready: self,
        }
    }

    #[cold]
    fn begin_in_burst(&self) {
        self.set_aside(&mut self.list(self.adding.get()).borrow_mut());
        let burst = &mut *self.burst.borrow_mut();
        burst.now = burst.full.len();
    }

    #[cold]
    fn next_in_burst(&self) -> bool {
        let burst = &mut *self.burst.borrow_mut();
        let Some(now) = burst.now.checked_sub(1) else { return false };
        burst.now = now;
        let next = burst.full.pop_front().unwrap_or_default();
        self.in_burst.set(!burst.full.is_empty());
        self.list(!self.adding.get()).replace(next);
        true
    }

    /// Ends an iteration early: what it has not run goes first in the next one.
    #[cold]
    pub(crate) fn interrupt(&self) {
        let rest = self.list(!self.adding.get()).take();
        if rest.len() > 0 {
            self.burst.borrow_mut().full.push_front(rest);
            self.in_burst.set(true);
        }
    }

    #[inline(always)]
    fn list(&self, which: bool) -> &RefCell<List> {
        &self.lists[usize::from(which)]
    }

    /// Gives the memory of a burst back, for a loop that has nothing to do.
    pub(crate) fn shrink(&self) {
        for list in &self.lists {
            let list = &mut *list.borrow_mut();
            if list.len() == 0 && list.places.len() > KEPT {
                *list = List::default();
            }
        }
    }

    /// How many are ready, between two iterations.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        let list = self.list(self.adding.get()).borrow().len();
        if self.in_burst.get() {
            list + self.len_set_aside()
        } else {
            list
        }
    }

    #[cold]
    fn len_set_aside(&self) -> usize {
        self.burst.borrow().full.iter().map(List::len).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
