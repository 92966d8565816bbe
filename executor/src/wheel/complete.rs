//! To complete: a promise is done, and its callbacks become entries of the ready queue.

use crate::block::callback::DoneCallback;
use crate::block::head::{AnyPromise, Callback, State};
use crate::block::raw::{Ref, TypedRef};
use crate::ground::error::Error;
use crate::wheel::current;
use crate::wheel::entry::Entry;
use crate::wheel::wake::{wake, wake_foreign};

impl Ref {
    /// Runs `callback` one hop after the promise is done, which may be now.
    #[inline(always)]
    pub(crate) fn add_callback(&self, callback: Callback) {
        if self.head().done() {
            self.queue(callback);
        } else {
            self.head().callbacks.push(callback);
        }
    }

    /// The promise is done: moves every callback to the ready queue, in the order in which they were added.
    #[inline]
    pub(crate) fn complete(&self, state: State) {
        self.head().state.set(state);
        self.head().callbacks.drain(|callback| self.queue(callback));
    }

    /// Moves a callback to the ready queue. With the loop gone nobody will ever run it: it is dropped, as the queue was.
    #[inline(always)]
    fn queue(&self, callback: Callback) {
        let loop_id = self.head().loop_id.get();
        match callback {
            Callback::Step(task) => wake(task),
            Callback::Notify(listener, index) => current::queue(loop_id, || Entry::Notify(listener, index as usize)),
            Callback::Wake(waker) => wake_foreign(loop_id, *waker),
            Callback::Call(callback) => self.queue_done(loop_id, callback),
        }
    }

    fn queue_done(&self, loop_id: u16, mut callback: Box<DoneCallback>) {
        callback.promise = Some(AnyPromise(self.clone()));
        current::with_loop_of(loop_id, |event_loop| {
            event_loop.0.observe_scheduled(callback.token);
            event_loop.0.queue(|| Entry::Done(callback));
        });
    }

    /// Completes a pending promise with an error.
    pub(crate) fn fail(&self, error: Error, state: State) {
        self.settle(Some(error));
        self.complete(state);
    }

    /// Completes a promise of nothing, if it is pending.
    #[cold]
    pub(crate) fn fulfil(&self) -> bool {
        let promise = self.downcast().filter(|_| !self.head().done());
        promise.map(|promise| promise.fulfil(())).is_some()
    }
}

impl<T> TypedRef<T> {
    /// Completes a pending promise, whatever it is.
    pub(crate) fn fulfil(&self, value: T) {
        self.put(value);
        self.erased().complete(State::Value);
    }
}
