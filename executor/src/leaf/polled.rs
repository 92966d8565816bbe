//! By whom a leaf is polled.
//!
//! A leaf of ours needs no waker: it looks which task runs, and leaves *that* where it will be woken from. This holds as long as the task
//! polls it with its own waker. Under another one, within a combinator that has wakers of its own, that waker has to be woken, or the
//! combinator would not poll the leaf again.

use std::panic::Location;
use std::task::Context;

use crate::block::raw::Ref;
use crate::block::task::TaskRef;
use crate::wheel::current;
use crate::wheel::waker;

#[derive(Clone, Copy)]
pub(super) enum Polled<'a> {
    /// By this task, with its own waker.
    Direct(&'a TaskRef),
    /// Within this task, under the waker of a foreign combinator.
    Indirect(&'a TaskRef),
    /// In a callback, or outside of a loop: by a foreign executor.
    Outside,
}

/// Tells `leaf` by whom it is polled: one look at the thread's variable for all that a leaf does.
#[inline(always)]
pub(super) fn polled_by<R>(context: &Context<'_>, leaf: impl FnOnce(Polled<'_>) -> R) -> R {
    current::with_task(|task| {
        leaf(match task {
            Some(task) if waker::ticket(context.waker()) == Some(task.ticket.get()) => Polled::Direct(task),
            Some(task) => Polled::Indirect(task),
            None => Polled::Outside,
        })
    })
}

impl<'a> Polled<'a> {
    pub(super) fn task(self) -> Option<&'a TaskRef> {
        match self {
            Polled::Direct(task) | Polled::Indirect(task) => Some(task),
            Polled::Outside => None,
        }
    }

    /// The loop in which it is polled; 0 outside of one.
    #[inline]
    pub(super) fn loop_id(self) -> u16 {
        match self.task() {
            Some(task) => task.loop_id(),
            None => current::with_running(|running| running.map_or(0, |event_loop| event_loop.0.id)),
        }
    }

    /// Notes that the task waits for `promise`, where it did so before as number `before`. Returns the number of this suspension.
    #[inline]
    pub(super) fn park_on(self, promise: &Ref, before: u64, site: &'static Location<'static>, context: &Context<'_>) -> u64 {
        match self {
            Polled::Direct(task) => task.park_on(before, promise.clone(), site),
            Polled::Indirect(task) => task.park_beneath(before, promise.clone(), waker::identity(context), site),
            Polled::Outside => 0,
        }
    }

    /// Notes that the task goes on one hop later. Returns the number of this suspension.
    #[inline(always)]
    pub(super) fn park_and_wake(self, site: &'static Location<'static>, context: &Context<'_>) -> u64 {
        match self {
            Polled::Direct(task) => task.park_for_a_hop(site),
            Polled::Indirect(task) => {
                context.waker().wake_by_ref();
                task.park(site)
            }
            Polled::Outside => {
                context.waker().wake_by_ref();
                0
            }
        }
    }
}
