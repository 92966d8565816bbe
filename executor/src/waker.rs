//! A waker is a ticket number.
//!
//! `std::task::Waker` must be `Send` and `Sync`, while tasks are neither, and counting references to them atomically would cost more than
//! all the rest of a wake-up. So a waker owns nothing: its data word *is* the ticket, by which the loop finds the task, if it still
//! exists. Cloning and dropping do nothing to it, waking a task that is gone does nothing, and there is no lifetime to get wrong.
//!
//! # Invariant
//!
//! - **TICKET**: the data word of a waker with `VTABLE` is a number, made by [`Ticket::new`]. It is never dereferenced.

use std::mem::ManuallyDrop;
use std::ptr;
use std::task::{RawWaker, RawWakerVTable, Waker};

use crate::current;
use crate::inbox;

/// Which loop, which place in its table of tasks, and which of the tasks that had that place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ticket(u64);

const LOOP_BITS: u32 = 14;
const INDEX_BITS: u32 = 28;
const GENERATION_BITS: u32 = 64 - LOOP_BITS - INDEX_BITS;

impl Ticket {
    /// Loop ids are below this.
    pub(crate) const LOOPS: u16 = 1 << LOOP_BITS;
    /// A generation is the task's serial number modulo this: where two million tasks later another one has the same place, a stale ticket
    /// wakes that one, which only looks at what it waits for and goes on waiting.
    pub(crate) const GENERATIONS: u32 = 1 << GENERATION_BITS;
    /// Indices are below this.
    pub(crate) const TASKS: u32 = 1 << INDEX_BITS;

    pub(crate) fn new(loop_id: u16, generation: u32, index: u32) -> Ticket {
        Ticket((u64::from(loop_id) << (64 - LOOP_BITS)) | (u64::from(generation) << INDEX_BITS) | u64::from(index))
    }

    pub(crate) fn loop_id(self) -> u16 {
        (self.0 >> (64 - LOOP_BITS)) as u16
    }

    pub(crate) fn generation(self) -> u32 {
        ((self.0 >> INDEX_BITS) as u32) & (Self::GENERATIONS - 1)
    }

    pub(crate) fn index(self) -> u32 {
        (self.0 as u32) & (Self::TASKS - 1)
    }

    fn data(self) -> *const () {
        // A pointer is 64 bits wide wherever mio runs on a machine worth a server; elsewhere this does not compile.
        const { assert!(size_of::<*const ()>() == size_of::<u64>(), "kolo needs 64-bit pointers") };
        ptr::without_provenance(self.0 as usize)
    }

    fn from_data(data: *const ()) -> Ticket {
        Ticket(data.addr() as u64)
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
    // Whoever keeps a copy may wake the task from anywhere at any time: no proof of deadlock can count it as stuck.
    current::with_task(|task| {
        if let Some(task) = task.filter(|task| task.ticket.get() == Ticket::from_data(data)) {
            task.mark_waker_shared();
        }
    });
    RawWaker::new(data, &VTABLE)
}

fn wake(data: *const ()) {
    let ticket = Ticket::from_data(data);
    match current::core() {
        Some(core) if core.id == ticket.loop_id() => core.wake_ticket(ticket),
        // Another thread's loop, or one that is not running.
        _ => inbox::wake(ticket),
    }
}

/// The ticket that this waker is, if it is one of ours.
pub(crate) fn ticket(waker: &Waker) -> Option<Ticket> {
    ptr::eq(waker.vtable(), &VTABLE).then(|| Ticket::from_data(waker.data()))
}
