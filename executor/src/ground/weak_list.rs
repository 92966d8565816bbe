//! A list of what belongs to a loop and may go before it.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

/// Weak handles, in the order in which they came.
pub(crate) struct WeakList<T: ?Sized> {
    known: RefCell<Vec<Weak<T>>>,
    /// How many survived when it was last looked which are gone.
    alive: Cell<usize>,
}

impl<T: ?Sized> Default for WeakList<T> {
    fn default() -> Self {
        WeakList {
            known: RefCell::default(),
            alive: Cell::default(),
        }
    }
}

impl<T: ?Sized> WeakList<T> {
    pub(crate) fn add(&self, handle: Weak<T>) {
        let mut known = self.known.borrow_mut();
        // Looked through only when it has doubled, which costs each of them a constant.
        if known.len() > 16 + 2 * self.alive.get() {
            known.retain(|handle| handle.strong_count() > 0);
            self.alive.set(known.len());
        }
        known.push(handle);
    }

    /// Those that still exist.
    pub(crate) fn all(&self) -> Vec<Rc<T>> {
        self.known.borrow().iter().filter_map(Weak::upgrade).collect()
    }
}
