//! Values that tell whether they live, and destructors that do things.

use std::cell::Cell;
use std::rc::Rc;

/// Sets a flag when it is dropped: tells whether what owns it still lives.
#[derive(Default)]
pub(crate) struct DropFlag(Rc<Cell<bool>>);

impl DropFlag {
    /// The flag, and what sets it.
    pub(crate) fn new() -> (Rc<Cell<bool>>, DropFlag) {
        let flag = DropFlag::default();
        (flag.0.clone(), flag)
    }
}

impl Drop for DropFlag {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

/// Counts the values that are alive: whatever kolo is given must be dropped in the end, once.
#[derive(Clone, Default)]
pub(crate) struct Living(Rc<Cell<usize>>);

impl Living {
    pub(crate) fn new() -> Living {
        Living::default()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.get()
    }

    /// One more.
    pub(crate) fn one(&self) -> Life {
        self.0.set(self.0.get() + 1);
        Life(self.clone())
    }
}

/// A value that is counted while it lives.
pub(crate) struct Life(Living);

impl Clone for Life {
    fn clone(&self) -> Life {
        self.0.one()
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let living = self.0.count();
        assert!(living > 0, "a value was dropped twice");
        self.0.0.set(living - 1);
    }
}

/// Does something when it is dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// In a closure: has it own the value.
pub(crate) fn keep<T>(_: &T) {}
