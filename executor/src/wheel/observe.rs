//! What observers are told, and how.

use std::rc::Rc;

use crate::block::callback::CallbackToken;
use crate::block::observer::Observer;
use crate::block::task::{AnyTask, TaskRef};
use crate::ground::attention::OBSERVED;
use crate::wheel::core::Core;

impl Core {
    /// Tells the observers, if there are any. Nothing of the loop is borrowed meanwhile.
    #[inline]
    pub(crate) fn observe(&self, tell: impl Fn(&dyn Observer)) {
        if self.attention.is_on(OBSERVED) {
            self.tell_observers(tell);
        }
    }

    #[cold]
    #[inline(never)]
    fn tell_observers(&self, tell: impl Fn(&dyn Observer)) {
        // They may do anything.
        self.reactor.note_deed();
        let observers = self.observers.borrow().clone();
        for observer in observers.iter() {
            self.guard("observer", || tell(&**observer));
        }
    }

    /// Tells of a step that was queued.
    #[inline]
    pub(crate) fn observe_woken(&self, task: &TaskRef) {
        self.observe(|observer| observer.woken(&AnyTask::of(task), self.current_task().as_ref().map(AnyTask::of).as_ref()));
    }

    /// Tells of a callback that was scheduled.
    #[inline]
    pub(crate) fn observe_scheduled(&self, callback: CallbackToken) {
        self.observe(|observer| observer.callback_scheduled(callback, self.current_task().as_ref().map(AnyTask::of).as_ref()));
    }

    pub(crate) fn add_observer(&self, observer: Rc<dyn Observer>) {
        self.change_observers(|observers| observers.push(observer));
    }

    /// `false`: it was not there.
    pub(crate) fn remove_observer<O: Observer + ?Sized>(&self, observer: &Rc<O>) -> bool {
        let ours = Rc::as_ptr(observer).cast::<()>();
        let mut found = false;
        self.change_observers(|observers| {
            let index = observers.iter().position(|other| Rc::as_ptr(other).cast() == ours);
            found = index.map(|index| observers.remove(index)).is_some();
        });
        found
    }

    fn change_observers(&self, change: impl FnOnce(&mut Vec<Rc<dyn Observer>>)) {
        let mut observers = self.observers.borrow().to_vec();
        change(&mut observers);
        self.attention.turn(OBSERVED, !observers.is_empty());
        // Those of before may be dropped with it: not under the borrow.
        let before = self.observers.replace(observers.into());
        drop(before);
    }
}

/// A callback that is being called: its end is told when this is dropped, after a panic too.
pub(crate) struct Called<'a>(&'a Core, CallbackToken);

impl Core {
    /// Tells of a callback that is called now.
    #[inline]
    pub(crate) fn observe_call(&self, callback: CallbackToken) -> Option<Called<'_>> {
        self.attention.is_on(OBSERVED).then(|| {
            self.tell_observers(|observer| observer.callback_begins(callback));
            Called(self, callback)
        })
    }
}

impl Drop for Called<'_> {
    fn drop(&mut self) {
        self.0.observe(|observer| observer.callback_ends(self.1));
    }
}
