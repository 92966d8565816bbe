//! The inbox of a loop: the only thing that other threads touch.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ground::error::{Error, Result};
use crate::ground::mailbox::{Mailbox, Nudge};
use crate::ground::ticket::Ticket;

#[cfg(test)]
mod tests;

/// What another thread can ask of a loop.
pub(crate) enum Letter {
    /// Run the task with this ticket, if it still exists.
    Wake(Ticket),
    /// A copy of the waker of the task with this ticket was made.
    Shared(Ticket),
    /// Call this, in the loop's thread.
    Call(Box<dyn FnOnce() + Send>),
}

pub(crate) type Inbox = Mailbox<Letter, dyn Nudge>;

impl Nudge for mio::Waker {
    fn nudge(&self) {
        // It fails when the loop's poll is gone, and then there is nobody to wake.
        let _ = self.wake();
    }
}

/// The inboxes of all loops, by id: how a ticket finds its loop from another thread.
static LOOPS: Mutex<Option<HashMap<u16, Arc<Inbox>>>> = Mutex::new(None);

fn with_loops<R>(f: impl FnOnce(&mut HashMap<u16, Arc<Inbox>>) -> R) -> R {
    let mut loops = LOOPS.lock().unwrap_or_else(PoisonError::into_inner);
    f(loops.get_or_insert_default())
}

/// Gives a new loop an id.
pub(crate) fn register(inbox: Arc<Inbox>) -> Result<u16> {
    // Ids are handed out in turn, so that the tickets of a loop that is gone reach nobody for as long as possible. 0 is no loop.
    static NEXT: Mutex<u16> = Mutex::new(1);
    let mut next = NEXT.lock().unwrap_or_else(PoisonError::into_inner);
    with_loops(|loops| {
        for _ in 1..Ticket::LOOPS {
            let id = *next;
            *next = if id + 1 == Ticket::LOOPS { 1 } else { id + 1 };
            if let Entry::Vacant(place) = loops.entry(id) {
                place.insert(inbox);
                return Ok(id);
            }
        }
        let most = Ticket::LOOPS - 1;
        Err(Error::runtime(format!("{most} event loops exist already; close some")).without_place())
    })
}

pub(crate) fn unregister(id: u16) {
    // Letters may own user's closures: they are dropped outside the lock.
    let inbox = with_loops(|loops| loops.remove(&id));
    drop(inbox);
}

/// Sends a letter about a task from outside its running loop.
pub(crate) fn post(ticket: Ticket, letter: Letter) {
    let inbox = with_loops(|loops| loops.get(&ticket.loop_id()).cloned());
    if let Some(inbox) = inbox {
        // What a letter says of a task is true once it is read, however often it was said. A loop that has closed has no tasks any more.
        let is_wake = matches!(letter, Letter::Wake(_));
        let _ = inbox.post_once((ticket.word(), is_wake), letter);
    }
}
