//! To wake: to queue a task's next step.

use std::task::Waker;

use crate::block::raw::Ref;
use crate::block::task::{TaskHead, TaskRef};
use crate::ground::berth::Berth;
use crate::ground::ticket::Ticket;
use crate::wheel::core::Core;
use crate::wheel::current;
use crate::wheel::entry::Entry;
use crate::wheel::report;

/// Queues the next step of a task, unless it is queued already. It is dropped if its loop is gone.
///
/// [`current::with_loop_of`] would do, but what it calls in two places is not made part of this function, which is on the way of every
/// wake-up.
#[inline(never)]
pub(crate) fn wake(task: TaskRef) {
    let left = current::with_running(|running| match running {
        Some(event_loop) if event_loop.0.id == task.loop_id() => {
            event_loop.0.wake_task(task);
            None
        }
        _ => Some(task),
    });
    if let Some(task) = left {
        wake_elsewhere(task);
    }
}

#[cold]
fn wake_elsewhere(task: TaskRef) {
    if let Some(event_loop) = current::elsewhere(task.loop_id()) {
        event_loop.0.wake_task(task);
    }
}

impl Core {
    #[inline(always)]
    fn wake_task(&self, task: TaskRef) {
        if !task.done() && !task.flags.is_queued() && !self.is_closed() {
            self.queue_step(task);
        }
    }

    /// Queues a step of a task that has none in the queue.
    #[inline(always)]
    pub(crate) fn queue_step(&self, task: TaskRef) {
        task.flags.queue();
        self.observe_woken(&task);
        self.ready.push(|| Entry::Step(task));
    }

    /// Queues the next step of the task with this ticket, if it still exists.
    pub(crate) fn wake_ticket(&self, ticket: Ticket) {
        let task = self.tasks.borrow().get(ticket).cloned();
        if let Some(task) = task {
            self.wake_task(task);
        }
    }
}

/// Ends the wait that is under way in this block, a task's in its berth or that of a promise, if it was neither woken nor cancelled before.
pub(crate) fn wake_wait(wait: Ref) -> bool {
    match wait.into_kind::<TaskHead>() {
        Ok(task) => {
            let waits = task.berth.get().is_taken();
            if waits {
                end_wait(task);
            }
            waits
        }
        Err(promise) => promise.fulfil(),
    }
}

/// Ends the wait in a task's berth, if it is still this one.
pub(crate) fn wake_berth(task: TaskRef, taken: Berth) -> bool {
    let waits = task.berth.get() == taken;
    if waits {
        end_wait(task);
    }
    waits
}

#[inline(always)]
fn end_wait(task: TaskRef) {
    task.berth.set(task.berth.get().woken());
    wake_with_others(task);
}

/// Wakes a task whose wait in its berth is over, and whoever is to be woken with it.
#[inline(always)]
pub(crate) fn wake_with_others(task: TaskRef) {
    match task.flags.also_wakes() {
        false => wake(task),
        true => wake_both(task),
    }
}

#[cold]
#[inline(never)]
fn wake_both(task: TaskRef) {
    let (loop_id, also) = (task.loop_id(), task.take_also_wake());
    wake(task);
    also.into_iter().for_each(|waker| wake_foreign(loop_id, waker));
}

/// Wakes one who is not ours, for what belongs to the loop with this id. Others wait as well, and are woken whatever this one does.
#[cold]
pub(crate) fn wake_foreign(loop_id: u16, waker: Waker) {
    // It may do anything.
    current::with_running(|running| {
        if let Some(event_loop) = running {
            event_loop.0.reactor.note_deed();
        }
    });
    report::guard(loop_id, "waker", || waker.wake());
}
