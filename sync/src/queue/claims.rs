//! What tasks want that wait at a queue: room, an item, the end of the work.

use kolo_executor::Result;
use kolo_executor::primitive::{Claim, WaitQueue};

use crate::queue::AnyQueue;
use crate::storage::Storage;

/// The claim of [`AnyQueue::put`].
pub(super) struct Put<'a, S: Storage> {
    pub(super) queue: &'a AnyQueue<S>,
    pub(super) item: Option<S::Item>,
}

impl<S: Storage + 'static> Claim for Put<'_, S> {
    type Output = ();

    #[inline]
    fn queue(&self) -> &WaitQueue {
        &self.queue.0.putters
    }
    #[inline]
    fn take(&mut self, _woken: bool) -> Option<Result<()>> {
        match self.queue.check_open() {
            Ok(()) => match self.queue.0.put(&mut self.item) {
                Ok(false) => None,
                put => Some(put.map(drop)),
            },
            Err(shut_down) => Some(Err(shut_down.without_place())),
        }
    }
    fn pass_on(&mut self, woken: bool) {
        if woken && !self.queue.full() {
            self.queue().pop();
        }
    }
}

/// The claim of [`AnyQueue::get`].
pub(super) struct Get<'a, S>(pub(super) &'a AnyQueue<S>);

impl<S: Storage + 'static> Claim for Get<'_, S> {
    type Output = S::Item;

    #[inline]
    fn queue(&self) -> &WaitQueue {
        &self.0.0.getters
    }
    #[inline]
    fn take(&mut self, _woken: bool) -> Option<Result<S::Item>> {
        match self.0.0.take() {
            Ok(Some(item)) => Some(Ok(item)),
            Ok(None) => Some(Err(self.0.check_open().err()?.without_place())),
            Err(in_use) => Some(Err(in_use)),
        }
    }
    fn pass_on(&mut self, woken: bool) {
        if woken && !self.0.empty() {
            self.queue().pop();
        }
    }
}

/// The claim of [`AnyQueue::join`].
pub(super) struct Join<'a, S>(pub(super) &'a AnyQueue<S>);

impl<S> Claim for Join<'_, S> {
    type Output = ();

    #[inline]
    fn queue(&self) -> &WaitQueue {
        &self.0.0.joiners
    }
    #[inline]
    fn take(&mut self, woken: bool) -> Option<Result<()>> {
        (woken || self.0.0.unfinished.get() == 0).then_some(Ok(()))
    }
    fn pass_on(&mut self, _woken: bool) {}
}
