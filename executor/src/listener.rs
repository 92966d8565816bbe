//! Who is told when a child is done: gather, wait, shield, as_completed, task groups.

use std::rc::{Rc, Weak};

use crate::park::Waiter;
use crate::promise::AnyPromise;

/// Something that waits for several promises. It is called one hop after each is done, in the loop, under no borrow.
pub(crate) trait Listen {
    /// `index` is the number under which the listener registered itself with that child.
    fn notify(&self, index: u32);

    /// Who waits for what the listener is told, for reports.
    fn awaiter(&self) -> Option<Awaiter> {
        None
    }
}

/// Who waits for a listener: a task in its place, or whoever awaits a promise.
pub(crate) enum Awaiter {
    Waiter(Waiter),
    Promise(AnyPromise),
}

/// A shared listener. A thin pointer, so that an entry of the ready queue stays two words wide.
#[derive(Clone)]
pub(crate) struct Listener(Rc<Box<dyn Listen>>);

impl Listener {
    pub(crate) fn new(listen: impl Listen + 'static) -> Listener {
        Listener(Rc::new(Box::new(listen)))
    }

    pub(crate) fn notify(&self, index: u32) {
        self.0.notify(index);
    }

    pub(crate) fn awaiter(&self) -> Option<Awaiter> {
        self.0.awaiter()
    }

    pub(crate) fn is(&self, other: &Listener) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn downgrade(&self) -> WeakListener {
        WeakListener(Rc::downgrade(&self.0))
    }
}

/// Which listener it was, without keeping it.
pub(crate) struct WeakListener(Weak<Box<dyn Listen>>);

impl WeakListener {
    pub(crate) fn is(&self, listener: &Listener) -> bool {
        std::ptr::addr_eq(self.0.as_ptr(), Rc::as_ptr(&listener.0))
    }
}
