//! The ready queue, and what can stand in it.

use std::cell::RefCell;
use std::rc::Rc;

use crate::handle::{DoneCallback, Scheduled};
use crate::listener::Listener;
use crate::promise::Promise;
use crate::task::{Place, TaskRef};
use crate::timeout::Scope;

/// Something to do in the next iteration: one hop.
pub(crate) enum Entry {
    /// A task's first step, or its next one.
    Step(TaskRef),
    /// A wait is over because its time has come: the sleep of a task, the limit of a `wait`.
    WakePlace(TaskRef, Place),
    /// The same for a wait that has a promise of its own.
    WakePromise(Promise<()>),
    /// A child of a gather, wait, task group ... is done.
    Notify(Listener, u32),
    /// A deadline of a timeout scope has passed, if it is still the one with this number.
    Expire(Rc<Scope>, u32),
    /// What a user gave to `call_soon`, `call_later`, `call_at`, `add_reader`.
    Call(Rc<Scheduled>),
    /// A done callback.
    Done(Box<DoneCallback>),
}

// A task that is ready takes two words.
const _: () = assert!(size_of::<Entry>() == 16);

/// The ready queue: first in, first out.
///
/// An iteration takes all that is there, and runs it while what is added for the next one goes to the other of two vectors. Bursts come in
/// several vectors, each of which is given back as soon as it was run.
#[derive(Default)]
pub(crate) struct Ready(RefCell<Queue>);

#[derive(Default)]
struct Queue {
    /// Those that came first, `FULL` in each; nearly always none.
    full: Vec<Vec<Entry>>,
    last: Vec<Entry>,
    /// An empty one, to be the next `last`.
    spare: Vec<Entry>,
}

const FULL: usize = 1 << 16;
/// An idle loop keeps so many places.
const KEPT: usize = 1 << 12;

impl Ready {
    #[inline(always)]
    pub(crate) fn push(&self, entry: Entry) {
        let queue = &mut *self.0.borrow_mut();
        queue.last.push(entry);
        if queue.last.len() == FULL {
            queue.begin_another();
        }
    }

    /// Takes everything out, as vectors in their order.
    pub(crate) fn take(&self) -> impl Iterator<Item = Vec<Entry>> + use<> {
        let queue = &mut *self.0.borrow_mut();
        let spare = std::mem::take(&mut queue.spare);
        let last = std::mem::replace(&mut queue.last, spare);
        std::mem::take(&mut queue.full).into_iter().chain([last])
    }

    /// Puts back what was taken and not run, before all that came since.
    pub(crate) fn put_back(&self, entries: impl Iterator<Item = Vec<Entry>>) {
        let queue = &mut *self.0.borrow_mut();
        let since = std::mem::take(&mut queue.full);
        queue.full = entries.chain(since).filter(|entries| !entries.is_empty()).collect();
    }

    /// Keeps the memory of a vector that was run, or gives it back.
    pub(crate) fn recycle(&self, empty: Vec<Entry>) {
        let queue = &mut *self.0.borrow_mut();
        if empty.capacity() > queue.spare.capacity() {
            queue.spare = empty;
        }
    }

    /// Gives the memory of a burst back, for a loop that has nothing to do.
    pub(crate) fn shrink(&self) {
        let queue = &mut *self.0.borrow_mut();
        for entries in [&mut queue.last, &mut queue.spare] {
            if entries.is_empty() && entries.capacity() > KEPT {
                *entries = Vec::new();
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        let queue = self.0.borrow();
        queue.full.iter().map(Vec::len).sum::<usize>() + queue.last.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        let queue = self.0.borrow();
        queue.last.is_empty() && queue.full.is_empty()
    }
}

impl Queue {
    #[cold]
    fn begin_another(&mut self) {
        let full = std::mem::replace(&mut self.last, Vec::with_capacity(FULL));
        self.full.push(full);
    }
}
