//! The ready queue, and what can stand in it.

use std::cell::RefCell;
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
    /// A wait is over because its time has come: the sleep of a task, the limit of a `wait`.
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
#[derive(Default)]
pub(crate) struct Ready(RefCell<Ring>);

/// An idle loop keeps so many places.
const KEPT: usize = 4096;

/// A ring of places, a power of two of them.
///
/// `VecDeque` would do, but it copies what is pushed through memory in pieces of another size than those it was written in, which costs
/// a processor as much as all the rest of a wake-up. Here an entry is written once, straight into its place.
#[derive(Default)]
struct Ring {
    places: Vec<Option<Entry>>,
    first: usize,
    len: usize,
}

impl Ring {
    /// Makes room by doubling the ring.
    #[cold]
    fn grow(&mut self) {
        let mut places = Vec::with_capacity((self.places.len() * 2).max(64));
        while let Some(entry) = self.pop() {
            places.push(Some(entry));
        }
        self.first = 0;
        self.len = places.len();
        places.resize_with(places.capacity().next_power_of_two(), || None);
        self.places = places;
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<Entry> {
        let entry = self.places.get_mut(self.first)?.take();
        let taken = usize::from(entry.is_some());
        self.first = (self.first + taken) & (self.places.len() - 1);
        self.len -= taken;
        entry
    }
}

impl Ready {
    #[inline(always)]
    pub(crate) fn push(&self, entry: impl FnOnce() -> Entry) {
        let ring = &mut *self.0.borrow_mut();
        if ring.len == ring.places.len() {
            ring.grow();
        }
        let last = (ring.first + ring.len) & (ring.places.len() - 1);
        if let Some(place) = ring.places.get_mut(last) {
            ring.len += 1;
            *place = Some(entry());
        }
    }

    #[inline(always)]
    pub(crate) fn pop(&self) -> Option<Entry> {
        self.0.borrow_mut().pop()
    }

    /// Gives the memory of a burst back, for a loop that has nothing to do.
    pub(crate) fn shrink(&self) {
        let ring = &mut *self.0.borrow_mut();
        if ring.len == 0 && ring.places.len() > KEPT {
            *ring = Ring::default();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
