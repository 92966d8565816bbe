//! A waker is a ticket number.
//!
//! `std::task::Waker` must be `Send` and `Sync`, while tasks are neither, and counting references to them atomically would cost more than
//! all the rest of a wake-up. So a waker owns nothing: its data word *is* the ticket, by which the loop finds the task, if it still
//! exists. Cloning and dropping do nothing to it, waking a task that is gone does nothing, and there is no lifetime to get wrong.
//!
//! # Invariant
//!
//! - **TICKET**: the data word of a waker with `VTABLE` is a number, a [`Ticket`]'s. It is never dereferenced.

use std::mem::ManuallyDrop;
use std::ptr;
use std::task::{Context, RawWaker, RawWakerVTable, Waker};

use crate::ground::ticket::Ticket;
use crate::wheel::current;
use crate::wheel::inbox::{self, Letter};

impl Ticket {
    fn data(self) -> *const () {
        // A pointer is 64 bits wide wherever mio runs on a machine worth a server; elsewhere this does not compile.
        const { assert!(size_of::<*const ()>() == size_of::<u64>(), "kolo needs 64-bit pointers") };
        ptr::without_provenance(self.word() as usize)
    }

    fn from_data(data: *const ()) -> Ticket {
        Ticket::from_word(data.addr() as u64)
    }

    /// The waker of the task with this ticket. Dropping it would do nothing, and is left out.
    pub(crate) fn waker(self) -> ManuallyDrop<Waker> {
        // SAFETY: TICKET: the functions of VTABLE read the word as a number, keep RawWaker's contract by owning nothing, and may be
        // called on any thread.
        ManuallyDrop::new(unsafe { Waker::new(self.data(), &VTABLE) })
    }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, |_| {});

fn clone(data: *const ()) -> RawWaker {
    // Whoever keeps a copy may wake the task from anywhere at any time: no proof of deadlock can count it as stuck. The first copy is made during
    // the task's own step, of the waker that is lent to it: by the task itself, or by another thread to which it lends the waker on.
    let ticket = Ticket::from_data(data);
    let by_itself = current::with_task(|task| {
        let task = task.filter(|task| task.ticket.get() == ticket);
        task.map(|task| task.flags.share_waker()).is_some()
    });
    if !by_itself && !runs_here(ticket) {
        inbox::post(ticket, Letter::Shared(ticket));
    }
    RawWaker::new(data, &VTABLE)
}

fn wake(data: *const ()) {
    let ticket = Ticket::from_data(data);
    match current::running() {
        Some(event_loop) if event_loop.0.inbox_id == ticket.loop_id() => event_loop.0.wake_ticket(ticket),
        // Another thread's loop, or one that is not running.
        _ => inbox::post(ticket, Letter::Wake(ticket)),
    }
}

/// Whether the ticket's loop runs on this thread.
fn runs_here(ticket: Ticket) -> bool {
    current::with_running(|running| running.is_some_and(|event_loop| event_loop.0.inbox_id == ticket.loop_id()))
}

/// Tells the waker of this poll from others that exist.
pub(crate) fn identity(context: &Context<'_>) -> usize {
    context.waker().data().addr()
}

/// The ticket that this waker is, if it is one of ours.
pub(crate) fn ticket(waker: &Waker) -> Option<Ticket> {
    ptr::eq(waker.vtable(), &VTABLE).then(|| Ticket::from_data(waker.data()))
}
