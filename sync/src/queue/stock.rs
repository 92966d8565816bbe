//! The items of a queue, and how many there are.

use std::cell::{Cell, RefCell, RefMut};
use std::fmt;

use kolo_executor::{Error, Result};

use crate::storage::Storage;

/// Items are compared, shown, and kept in a storage of the user's: all user code, which may look at the very queue. So how many there are is
/// known apart from them, and who wants to put or take one meanwhile gets an error.
#[derive(Default)]
pub(super) struct Stock<S> {
    items: RefCell<S>,
    count: Cell<usize>,
}

impl<S: Storage> Stock<S> {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.count.get()
    }

    /// # Errors
    /// Runtime, while the items are being compared or shown.
    #[inline]
    pub(super) fn put(&self, item: S::Item) -> Result<()> {
        self.open()?.items.put(item);
        Ok(())
    }

    /// # Errors
    /// Runtime, while the items are being compared or shown.
    #[inline]
    pub(super) fn take(&self) -> Result<Option<S::Item>> {
        Ok(self.open()?.items.take())
    }

    /// All of them, to be dropped.
    ///
    /// # Errors
    /// Runtime, while the items are being compared or shown.
    pub(super) fn take_all(&self) -> Result<S> {
        Ok(std::mem::take(&mut self.open()?.items))
    }

    #[inline]
    fn open(&self) -> Result<Open<'_, S>> {
        let count = &self.count;
        match self.items.try_borrow_mut() {
            Ok(items) => Ok(Open { items, count }),
            Err(_) => Err(in_use()),
        }
    }
}

#[cold]
fn in_use() -> Error {
    Error::runtime("an item that is being compared or shown cannot put into its own queue, or take from it").without_place()
}

/// The items while they are worked on. Afterwards they are counted, even when user code has panicked.
struct Open<'a, S: Storage> {
    items: RefMut<'a, S>,
    count: &'a Cell<usize>,
}

impl<S: Storage> Drop for Open<'_, S> {
    #[inline]
    fn drop(&mut self) {
        self.count.set(self.items.len());
    }
}

/// `[1, 2, 3]`; within one of the items, whose text may contain that of the queue, `[...]`.
impl<S: Storage<Item: fmt::Debug>> fmt::Debug for Stock<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(open) = self.open() else { return f.write_str("[...]") };
        let mut items = Vec::new();
        open.items.for_each(&mut |item| items.push(format!("{item:?}")));
        write!(f, "[{}]", items.join(", "))
    }
}
