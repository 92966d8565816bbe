//! Who is told when a child is done: gather, wait, shield, as_completed, task groups.

use std::rc::{Rc, Weak};

use crate::park::Waiter;
use crate::promise::{AnyPromise, Callback};
use crate::weak_list::WeakList;

/// Something that waits for several promises. It is called one hop after each is done, in the loop, under no borrow.
pub(crate) trait Listen {
    /// `index` is the number under which the listener registered itself with that child.
    fn notify(&self, index: u32);

    /// The promises that it owns and is told of, and which own it until then: at the end of the loop they are parted.
    fn owned(&self) -> &[AnyPromise] {
        &[]
    }

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

    fn is(&self, other: &Listener) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Is not told of this promise any more.
    pub(crate) fn leave(&self, promise: &AnyPromise) {
        let ours = |callback: &Callback| matches!(callback, Callback::Notify(theirs, _) if theirs.is(self));
        let removed = promise.0.head().remove_callback(ours);
        drop(removed);
    }

    pub(crate) fn downgrade(&self) -> WeakListener {
        WeakListener(Rc::downgrade(&self.0))
    }
}

/// Which listener it was, without keeping it.
pub(crate) struct WeakListener(Weak<Box<dyn Listen>>);

impl WeakListener {
    /// See [`Listener::leave`].
    pub(crate) fn leave(&self, promise: &AnyPromise) {
        if let Some(listener) = self.0.upgrade() {
            Listener(listener).leave(promise);
        }
    }
}

/// The listeners of one loop that may own promises which nobody else has, and which so would keep each other for ever.
#[derive(Default)]
pub(crate) struct Circles(WeakList<Box<dyn Listen>>);

impl Circles {
    /// Notes a listener of these promises. Of tasks it need not know: the loop parts from all of them at its end.
    pub(crate) fn note(&self, listener: &Listener, promises: &[AnyPromise]) {
        if promises.iter().any(|promise| !promise.is_task()) {
            self.0.add(Rc::downgrade(&listener.0));
        }
    }

    /// Opens them all.
    pub(crate) fn part(&self) {
        for listener in self.0.all().into_iter().map(Listener) {
            listener.0.owned().iter().for_each(|promise| listener.leave(promise));
        }
    }
}
