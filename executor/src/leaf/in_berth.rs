//! A wait in the task's berth: the way that costs no allocation.

use std::panic::Location;
use std::task::{Context, Poll};

use crate::block::raw::Ref;
use crate::block::task::TaskRef;
use crate::ground::error::Result;
use crate::leaf::polled::{Polled, polled_by};
use crate::leaf::waiter::Waiter;

/// A wait in the berth of this task. What ends it stands in the task's head: who polls does not matter.
pub(super) struct InBerth(TaskRef);

impl InBerth {
    /// Takes the berth. `None`: the task waits in it already, it is used up, or nobody polls who has one.
    #[inline(always)]
    pub(super) fn begin(by: Polled<'_>, site: &'static Location<'static>) -> Option<InBerth> {
        let Polled::Direct(task) = by else { return None };
        task.berth.set(task.berth.get().take()?);
        task.park_in_berth(site);
        Some(InBerth(task.clone()))
    }

    #[inline(always)]
    pub(super) fn resume(&self, site: &'static Location<'static>, context: &Context<'_>) -> Poll<Result<()>> {
        let InBerth(task) = self;
        let berth = task.berth.get();
        Poll::Ready(match task.take_delivery_in_berth() {
            Some(cancelled) => Err(cancelled),
            None if berth.is_woken() => Ok(()),
            None if berth.is_taken() => {
                self.park_again(site, context);
                return Poll::Pending;
            }
            None => Err(task.take_message()),
        })
    }

    /// Polled although nothing has happened.
    #[cold]
    fn park_again(&self, site: &'static Location<'static>, context: &Context<'_>) {
        polled_by(context, |by| match by {
            Polled::Direct(now) if now.is(&self.0) => {
                now.unpark_from_berth();
                now.park_in_berth(site);
            }
            // The future was moved away from the task in whose berth it began to wait.
            _ => self.0.also_wake(context.waker().clone()),
        });
    }

    pub(super) fn granted(&self) -> bool {
        self.0.berth.get().is_woken()
    }

    /// The task is not suspended by this leaf any more.
    pub(super) fn unpark(&self) {
        self.0.unpark_from_berth();
    }

    pub(super) fn waiter(&self) -> Waiter {
        let InBerth(task) = self;
        Waiter::in_berth(task.clone(), task.berth.get())
    }

    pub(super) fn block(&self) -> &Ref {
        self.0.erased()
    }

    /// Frees the berth.
    #[inline(always)]
    pub(super) fn end(self) {
        let InBerth(task) = self;
        task.berth.set(task.berth.get().free());
        drop(task.take_also_wake());
    }
}
