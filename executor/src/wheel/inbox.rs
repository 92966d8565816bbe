//! The inbox of a loop: the only thing that other threads touch.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use crate::block::exception::ExceptionContext;
use crate::ground::caught::catch;
use crate::ground::error::{Error, Result};
use crate::ground::mailbox::{Mailbox, Nudge};
use crate::ground::tally::Tally;
use crate::ground::ticket::Ticket;

#[cfg(test)]
mod tests;

/// What another thread can ask of a loop.
pub(crate) enum Letter {
    /// Run the task with this ticket, if it still exists.
    Wake(Ticket),
    /// Call this, in the loop's thread.
    Call(Box<dyn FnOnce() + Send>),
}

pub(crate) type Inbox = Mailbox<Letter, dyn Nudge>;

/// What a program that waits in a loop's stead wants called.
pub(crate) type OnWake = Arc<dyn Fn() + Send + Sync>;

/// Ends the loop's wait for events, and tells whoever waits in its stead.
pub(crate) struct Bell {
    waker: mio::Waker,
    on_wake: Arc<Mutex<Option<OnWake>>>,
}

impl Bell {
    pub(crate) fn new(waker: mio::Waker, on_wake: Arc<Mutex<Option<OnWake>>>) -> Bell {
        Bell { waker, on_wake }
    }
}

impl Nudge for Bell {
    fn nudge(&self) {
        // It fails when the loop's poll is gone, and then there is nobody to wake.
        let _ = self.waker.wake();
        let on_wake = self.on_wake.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // In somebody's thread, who only wakes a task: no panic of another's goes there.
        if let Some(Err(payload)) = on_wake.map(|on_wake| catch(|| on_wake())) {
            ExceptionContext::of_panic("on_wake", payload).print();
        }
    }
}

/// What all threads know of loops, by the ids that tickets know them by.
#[derive(Default)]
struct Loops {
    /// How a ticket finds its loop from another thread.
    inboxes: HashMap<u16, Arc<Inbox>>,
    /// The copies of wakers that have outlived their loop, until the next loop with its id takes over.
    copies: HashMap<u16, Tally>,
}

static LOOPS: Mutex<Option<Loops>> = Mutex::new(None);

fn with_loops<R>(f: impl FnOnce(&mut Loops) -> R) -> R {
    let mut loops = LOOPS.lock().unwrap_or_else(PoisonError::into_inner);
    f(loops.get_or_insert_default())
}

/// By which tickets know a new loop.
pub(crate) struct Registered {
    pub(crate) id: u16,
    /// No loop before had this id.
    pub(crate) is_first: bool,
    /// The copies of wakers of those that had it, by the words of their tickets.
    pub(crate) copies: Tally,
}

/// Gives a new loop an id.
pub(crate) fn register(inbox: Arc<Inbox>) -> Result<Registered> {
    // Ids are handed out in turn, so that the tickets of a loop that is gone reach nobody for as long as possible. 0 is no loop.
    static HANDED_OUT: Mutex<u64> = Mutex::new(0);
    const IDS: u64 = Ticket::LOOPS as u64 - 1;
    let mut handed_out = HANDED_OUT.lock().unwrap_or_else(PoisonError::into_inner);
    with_loops(|loops| {
        for _ in 0..IDS {
            let is_first = *handed_out < IDS;
            let id = (*handed_out % IDS + 1) as u16;
            *handed_out += 1;
            if let Entry::Vacant(place) = loops.inboxes.entry(id) {
                place.insert(inbox);
                let copies = loops.copies.remove(&id).unwrap_or_default();
                return Ok(Registered { id, is_first, copies });
            }
        }
        Err(Error::runtime(format!("{IDS} event loops exist already; close some")).without_place())
    })
}

/// The loop is closed, and so many copies of its tasks' wakers are left.
pub(crate) fn unregister(id: u16, mut copies: Tally) {
    // Letters may own user's closures: they are dropped outside the lock.
    let inbox = with_loops(|loops| {
        let inbox = loops.inboxes.remove(&id);
        if let Some(inbox) = &inbox {
            copies.add_all(inbox.take_counts());
        }
        if !copies.is_empty() {
            loops.copies.insert(id, copies);
        }
        inbox
    });
    drop(inbox);
}

/// Counts a copy of the ticket's waker outside of its loop's thread, or after the loop.
pub(crate) fn count(ticket: Ticket, change: isize) {
    let asleep = with_loops(|loops| {
        let (id, word) = (ticket.loop_id(), ticket.word());
        if let Some(inbox) = loops.inboxes.get(&id) {
            return inbox.count(word, change).then(|| inbox.clone());
        }
        let copies = loops.copies.entry(id).or_default();
        copies.add(word, change);
        if copies.is_empty() {
            loops.copies.remove(&id);
        }
        None
    });
    // Outside of the lock: whoever waits in the loop's stead may do anything.
    asleep.into_iter().for_each(|inbox| inbox.nudge());
}

/// Wakes the task with this ticket from outside its running loop.
pub(crate) fn wake(ticket: Ticket) {
    let inbox = with_loops(|loops| loops.inboxes.get(&ticket.loop_id()).cloned());
    if let Some(inbox) = inbox {
        // However often it is asked for, it is woken once. A loop that has closed has no tasks any more.
        let _ = inbox.post_once(ticket.word(), Letter::Wake(ticket));
    }
}
