//! Deposits: values that stay where they are, and are asked for by a number.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Values of any types. A number is given once, and so never leads to another value than its own.
#[derive(Default)]
pub(crate) struct Deposits {
    values: RefCell<BTreeMap<u64, Rc<dyn Any>>>,
    given: Cell<u64>,
}

impl Deposits {
    pub(crate) fn put(&self, value: Rc<dyn Any>) -> u64 {
        let number = self.given.get() + 1;
        self.given.set(number);
        self.values.borrow_mut().insert(number, value);
        number
    }

    pub(crate) fn get<T: 'static>(&self, number: u64) -> Option<Rc<T>> {
        let value = self.values.borrow().get(&number).cloned();
        value?.downcast().ok()
    }

    /// The value comes back, to be dropped outside of the borrow.
    #[must_use]
    pub(crate) fn remove(&self, number: u64) -> Option<Rc<dyn Any>> {
        self.values.borrow_mut().remove(&number)
    }

    /// All of them, in the order in which they came.
    pub(crate) fn take(&self) -> impl Iterator<Item = Rc<dyn Any>> + use<> {
        self.values.take().into_values()
    }
}
