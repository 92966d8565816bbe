//! The ready queue: first in, first out.

use std::cell::{Cell, RefCell};

use crate::ground::burst::Burst;
use crate::ground::list::List;

/// Two lists take turns: what is added goes to one, while the iteration runs what stands in the other. What one list cannot hold is set
/// aside as a [`Burst`].
pub(crate) struct Ready<E> {
    lists: [RefCell<List<E>>; 2],
    /// Which of the two is added to.
    adding: Cell<bool>,
    burst: Burst<E>,
}

/// What an iteration runs. Entries may be added meanwhile: they are for the next one.
pub(crate) struct Now<'a, E> {
    list: &'a RefCell<List<E>>,
    ready: &'a Ready<E>,
}

impl<E> Iterator for Now<'_, E> {
    type Item = E;

    #[inline(always)]
    fn next(&mut self) -> Option<E> {
        loop {
            let entry = self.list.borrow_mut().take();
            if entry.is_some() || !self.ready.burst.is_some() || !self.ready.next_of_burst() {
                return entry;
            }
        }
    }
}

impl<E> Default for Ready<E> {
    fn default() -> Self {
        Ready {
            lists: Default::default(),
            adding: Cell::default(),
            burst: Burst::default(),
        }
    }
}

impl<E> Ready<E> {
    /// Adds an entry. Made in cell, because it is copied slowly, see [`List`].
    #[inline(always)]
    pub(crate) fn push(&self, entry: impl FnOnce() -> E) {
        let list = &mut *self.list(self.adding.get()).borrow_mut();
        if list.has_no_cell() {
            self.make_room(list);
        }
        list.push(entry);
    }

    #[cold]
    fn make_room(&self, list: &mut List<E>) {
        if list.is_full() {
            self.burst.set_aside(list);
        }
        list.grow();
    }

    /// Begins an iteration. Returns what is ready now, and only that.
    #[inline(always)]
    pub(crate) fn begin(&self) -> Now<'_, E> {
        self.running().borrow_mut().clear();
        if self.burst.is_some() {
            self.burst.set_aside(&mut self.list(self.adding.get()).borrow_mut());
            self.burst.begin();
        } else {
            self.adding.set(!self.adding.get());
        }
        self.rest()
    }

    /// What the iteration has not run yet.
    #[inline(always)]
    pub(crate) fn rest(&self) -> Now<'_, E> {
        Now {
            list: self.running(),
            ready: self,
        }
    }

    #[cold]
    fn next_of_burst(&self) -> bool {
        let next = self.burst.next();
        next.map(|list| self.running().replace(list)).is_some()
    }

    /// Ends an iteration early: what it has not run goes first in the next one.
    #[cold]
    pub(crate) fn end_early(&self) {
        let rest = self.running().take();
        if rest.len() > 0 {
            self.burst.set_aside_first(rest);
        }
    }

    #[inline(always)]
    fn list(&self, which: bool) -> &RefCell<List<E>> {
        &self.lists[usize::from(which)]
    }

    /// The list that the iteration runs.
    #[inline(always)]
    fn running(&self) -> &RefCell<List<E>> {
        self.list(!self.adding.get())
    }

    /// Gives the memory of a burst back, for a loop that has nothing to do.
    pub(crate) fn shrink(&self) {
        self.lists.iter().for_each(|list| list.borrow_mut().shrink());
    }

    /// How many are ready, between two iterations.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        let list = self.list(self.adding.get()).borrow().len();
        if self.burst.is_some() { list + self.burst.len() } else { list }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
