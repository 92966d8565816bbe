//! Who is told when a child is done: gather, wait, shield, as_completed, task groups.

use std::rc::{Rc, Weak};

use crate::block::head::{AnyPromise, CallbackKey};
use crate::block::raw::Ref;
use crate::block::task::TaskHead;
use crate::ground::weak_list::WeakList;

/// Something that waits for several promises. It is called one hop after each is done, in the loop, under no borrow.
pub(crate) trait Listen {
    /// `index` is the number under which the listener registered itself with that child.
    fn notify(&self, index: u32);

    /// The promises that it owns and is told of, and which own it until then: at the end of the loop they are parted.
    fn owned(&self) -> &[AnyPromise] {
        &[]
    }

    /// An await of this promise was dropped: maybe nobody is left for whom the listener does anything.
    fn await_dropped(&self, promise: &Ref) {
        let _ = promise;
    }

    /// The promises that it is told of, for reports. Some may be done.
    fn told_of(&self) -> Vec<AnyPromise> {
        self.owned().to_vec()
    }

    /// Of a listener that a shield has: what is behind the shield, for reports.
    fn shielded(&self) -> Option<AnyPromise> {
        None
    }

    /// Who goes on because of what the listener is told, for reports: a task, or whoever awaits a promise.
    fn awaiter(&self) -> Option<Ref> {
        None
    }
}

/// A shared listener. A thin pointer, because callbacks and entries of the ready queue hold one beside a number.
#[derive(Clone)]
pub(crate) struct Listener(Rc<Box<dyn Listen>>);

impl Listener {
    pub(crate) fn new(listen: impl Listen + 'static) -> Listener {
        Listener(Rc::new(Box::new(listen)))
    }

    pub(crate) fn notify(&self, index: u32) {
        self.0.notify(index);
    }

    pub(crate) fn awaiter(&self) -> Option<Ref> {
        self.0.awaiter()
    }

    pub(crate) fn told_of(&self) -> Vec<AnyPromise> {
        self.0.told_of()
    }

    pub(crate) fn shielded(&self) -> Option<AnyPromise> {
        self.0.shielded()
    }

    pub(crate) fn await_dropped(&self, promise: &Ref) {
        self.0.await_dropped(promise);
    }

    /// Tells listeners apart.
    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }

    /// Is not told of this promise any more.
    pub(crate) fn leave(&self, promise: &AnyPromise) {
        let removed = promise.0.head().callbacks.remove(CallbackKey::Notify(self.address()));
        drop(removed);
    }

    pub(crate) fn downgrade(&self) -> WeakListener {
        WeakListener(Rc::downgrade(&self.0))
    }
}

/// Which listener it was, without keeping it.
pub(crate) struct WeakListener(Weak<Box<dyn Listen>>);

impl WeakListener {
    pub(crate) fn await_dropped(&self, promise: &Ref) {
        if let Some(listener) = self.0.upgrade() {
            listener.await_dropped(promise);
        }
    }

    /// See [`Listener::leave`].
    pub(crate) fn leave(&self, promise: &AnyPromise) {
        if let Some(listener) = self.0.upgrade() {
            Listener(listener).leave(promise);
        }
    }
}

/// The listeners of one loop that may own promises which nobody else has, and which so would keep each other for ever: these ties are cut at
/// the end of the loop.
#[derive(Default)]
pub(crate) struct Ties(WeakList<Box<dyn Listen>>);

impl Ties {
    /// Notes a listener of these promises. Of tasks of the loop with this id it need not know: the loop parts from all of them at its end.
    /// Another loop may have done so already.
    pub(crate) fn note(&self, loop_id: u16, listener: &Listener, promises: &[AnyPromise]) {
        let parted_from = |promise: &AnyPromise| promise.0.is::<TaskHead>() && promise.0.head().loop_id.get() == loop_id;
        if !promises.iter().all(parted_from) {
            self.0.add(Rc::downgrade(&listener.0));
        }
    }

    pub(crate) fn cut(&self) {
        for listener in self.0.all().into_iter().map(Listener) {
            listener.0.owned().iter().for_each(|promise| listener.leave(promise));
        }
    }
}

/// The listeners of one loop of whom nothing leads to them that waits for what they are told, for reports: of a wait, a group.
#[derive(Default)]
pub(crate) struct Tellers(WeakList<Box<dyn Listen>>);

impl Tellers {
    pub(crate) fn note(&self, listener: &Listener) {
        self.0.add(Rc::downgrade(&listener.0));
    }

    pub(crate) fn all(&self) -> Vec<Listener> {
        self.0.all().into_iter().map(Listener).collect()
    }
}
