//! What is ready beyond what one list holds.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use crate::ground::list::List;

/// Full lists, in the order in which they were filled: each goes, and its memory with it, as soon as it was run. One list that grew would
/// keep the memory of the largest burst there ever was.
pub(super) struct Burst<E> {
    lists: RefCell<VecDeque<List<E>>>,
    /// How many of these the iteration that runs has still to run.
    now: Cell<usize>,
    /// Whether there are any: the one test that a burst costs when there is none.
    some: Cell<bool>,
}

impl<E> Default for Burst<E> {
    fn default() -> Self {
        Burst {
            lists: RefCell::default(),
            now: Cell::new(0),
            some: Cell::new(false),
        }
    }
}

impl<E> Burst<E> {
    #[inline(always)]
    pub(super) fn is_some(&self) -> bool {
        self.some.get()
    }

    /// Sets a list aside, behind the others, and leaves an empty one in its place.
    #[cold]
    pub(super) fn set_aside(&self, list: &mut List<E>) {
        self.lists.borrow_mut().push_back(std::mem::take(list));
        self.some.set(true);
    }

    /// Sets a list aside that goes before the others.
    #[cold]
    pub(super) fn set_aside_first(&self, list: List<E>) {
        self.lists.borrow_mut().push_front(list);
        self.some.set(true);
    }

    /// An iteration begins, which is to run all lists that there are now.
    #[cold]
    pub(super) fn begin(&self) {
        self.now.set(self.lists.borrow().len());
    }

    /// The next list of this iteration.
    #[cold]
    pub(super) fn next(&self) -> Option<List<E>> {
        self.now.set(self.now.get().checked_sub(1)?);
        let lists = &mut *self.lists.borrow_mut();
        let next = lists.pop_front().unwrap_or_default();
        self.some.set(!lists.is_empty());
        Some(next)
    }

    #[cold]
    pub(super) fn len(&self) -> usize {
        self.lists.borrow().iter().map(List::len).sum()
    }
}
