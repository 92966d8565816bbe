//! A waker is a ticket number.
//!
//! `std::task::Waker` must be `Send` and `Sync`, while tasks are neither, and counting references to them atomically would cost more than
//! all the rest of a wake-up. So a waker owns nothing: its data word *is* the ticket, by which the loop finds the task, if it still
//! exists. Copies are only counted, waking a task that is gone does nothing, and there is no lifetime to get wrong.
//!
//! # Invariant
//!
//! - **TICKET**: the data word of a waker with `VTABLE` is a number, a [`Ticket`]'s. It is never dereferenced.

use std::mem::ManuallyDrop;
use std::ptr;
use std::task::{Context, RawWaker, RawWakerVTable, Waker};

use crate::ground::ticket::Ticket;
use crate::wheel::copies;
use crate::wheel::current;
use crate::wheel::inbox;

impl Ticket {
    fn data(self) -> *const () {
        // A pointer is 64 bits wide wherever mio runs on a machine worth a server; elsewhere this does not compile.
        const { assert!(size_of::<*const ()>() == size_of::<u64>(), "kolo needs 64-bit pointers") };
        ptr::without_provenance(self.word() as usize)
    }

    fn from_data(data: *const ()) -> Ticket {
        Ticket::from_word(data.addr() as u64)
    }

    /// The waker of the task with this ticket, to be lent: it is no copy, and not dropped.
    pub(crate) fn waker(self) -> ManuallyDrop<Waker> {
        // SAFETY: TICKET: the functions of VTABLE read the word as a number, keep RawWaker's contract by owning nothing, and may be
        // called on any thread.
        ManuallyDrop::new(unsafe { Waker::new(self.data(), &VTABLE) })
    }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_copy);

fn clone(data: *const ()) -> RawWaker {
    copies::count(Ticket::from_data(data), 1);
    RawWaker::new(data, &VTABLE)
}

fn wake(data: *const ()) {
    wake_by_ref(data);
    drop_copy(data);
}

fn wake_by_ref(data: *const ()) {
    let ticket = Ticket::from_data(data);
    match current::running() {
        Some(event_loop) if event_loop.0.inbox_id == ticket.loop_id() => event_loop.0.wake_ticket(ticket),
        // Another thread's loop, or one that is not running.
        _ => inbox::wake(ticket),
    }
}

/// After it was woken, if it was: so nobody finds that no copy is left and the task not yet woken.
fn drop_copy(data: *const ()) {
    copies::count(Ticket::from_data(data), -1);
}

/// Tells the waker of this poll from others that exist.
pub(crate) fn identity(context: &Context<'_>) -> usize {
    context.waker().data().addr()
}

/// The ticket that this waker is, if it is one of ours.
pub(crate) fn ticket(waker: &Waker) -> Option<Ticket> {
    ptr::eq(waker.vtable(), &VTABLE).then(|| Ticket::from_data(waker.data()))
}
