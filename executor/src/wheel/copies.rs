//! How many copies of its tasks' wakers exist: who has one may wake the task, from anywhere at any time, and no proof of deadlock can count it
//! as stuck.
//!
//! What the loop's own thread does is counted at once. What other threads do is counted in the loop's inbox, under the lock of its letters:
//! as long as there is something to be read there the loop has not come to a standstill, and when there is not the count is exact. Copies
//! that outlive their loop are counted until they are gone, because the next loop with its id may have a task with such a ticket.

use crate::block::task::TaskRef;
use crate::ground::ticket::Ticket;
use crate::wheel::core::Core;
use crate::wheel::current;
use crate::wheel::inbox;

/// There is one more copy of the ticket's waker, or one less.
pub(crate) fn count(ticket: Ticket, change: isize) {
    let counted = current::with_running(|running| match running {
        Some(event_loop) if event_loop.0.inbox_id == ticket.loop_id() => {
            event_loop.0.count_copies(ticket, change);
            true
        }
        _ => false,
    });
    if !counted {
        count_elsewhere(ticket, change);
    }
}

#[cold]
fn count_elsewhere(ticket: Ticket, change: isize) {
    match current::loop_of_tickets(ticket.loop_id()) {
        Some(event_loop) => event_loop.0.count_copies(ticket, change),
        None => inbox::count(ticket, change),
    }
}

impl Core {
    fn count_copies(&self, ticket: Ticket, change: isize) {
        self.copies.borrow_mut().add(ticket.word(), change);
        if change > 0 {
            self.note_copies(ticket);
        }
    }

    /// So that tasks of which there are none need not be looked up.
    fn note_copies(&self, ticket: Ticket) {
        if let Some(task) = self.tasks.borrow().get(ticket) {
            task.flags.share_waker();
        }
    }

    /// Takes in what other threads have counted.
    pub(crate) fn read_counts(&self) {
        let counts = self.inbox.take_counts();
        counts.grown().for_each(|word| self.note_copies(Ticket::from_word(word)));
        self.copies.borrow_mut().add_all(counts);
    }

    /// Whether something that is not ours may still wake a task. A loop that is woken so asks each time that it falls asleep again, and nearly
    /// always finds the same one, or another that has its row.
    pub(crate) fn any_woken_by_others(&self) -> bool {
        self.read_counts();
        let tasks = self.tasks.borrow();
        let found = tasks.find_from(self.woken_by_others.get(), |task| self.is_woken_by_others(task));
        found.map(|row| self.woken_by_others.set(row)).is_some()
    }

    /// Whether something that is not ours, and cannot be looked into, may still wake this task.
    pub(crate) fn may_be_woken_by_others(&self, task: &TaskRef) -> bool {
        self.read_counts();
        self.is_woken_by_others(task)
    }

    fn is_woken_by_others(&self, task: &TaskRef) -> bool {
        if !task.flags.is_parked() {
            return true;
        }
        if !task.flags.has_shared_waker() {
            return false;
        }
        let has_copies = self.copies.borrow().has(task.ticket.get().word());
        if !has_copies {
            task.flags.unshare_waker();
        }
        has_copies
    }
}
