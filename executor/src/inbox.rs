//! The inbox of a loop: the only thing that other threads touch.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::waker::Ticket;

/// What another thread can ask of a loop.
pub(crate) enum Letter {
    /// Run the task with this ticket, if it still exists.
    Wake(Ticket),
    /// Call this, in the loop's thread.
    Call(Box<dyn FnOnce() + Send>),
}

/// How to get a loop out of its wait for events.
pub(crate) trait Nudge: Send + Sync {
    fn nudge(&self);
}

impl Nudge for mio::Waker {
    fn nudge(&self) {
        // It fails when the loop's poll is gone, and then there is nobody to wake.
        let _ = self.wake();
    }
}

/// A queue of letters for a loop that may be asleep.
///
/// No wake-up is lost: the sender posts the letter, *then* looks whether the loop sleeps; the loop says that it will sleep, *then* looks
/// for letters. Whichever comes second sees the other. (Both are sequentially consistent.)
pub(crate) struct Inbox<N: ?Sized = dyn Nudge> {
    /// `None`: the loop is closed.
    letters: Mutex<Option<Vec<Letter>>>,
    /// Whether there are letters: so that a busy loop need not take the lock in every iteration. Ctrl-C sets it too, because it has to be
    /// looked at as often.
    full: Arc<AtomicBool>,
    asleep: AtomicBool,
    nudge: N,
}

impl<N: Nudge> Inbox<N> {
    pub(crate) fn new(nudge: N) -> Self {
        Inbox {
            letters: Mutex::new(Some(Vec::new())),
            full: Arc::new(AtomicBool::new(false)),
            asleep: AtomicBool::new(false),
            nudge,
        }
    }
}

impl<N: Nudge + ?Sized> Inbox<N> {
    /// Called from any thread. The letter comes back when the loop is closed.
    pub(crate) fn post(&self, letter: Letter) -> Result<(), Letter> {
        match &mut *self.lock() {
            Some(letters) => letters.push(letter),
            None => return Err(letter),
        }
        self.full.store(true, Ordering::SeqCst);
        // One nudge is enough for any number of letters.
        if self.asleep.swap(false, Ordering::SeqCst) {
            self.nudge.nudge();
        }
        Ok(())
    }

    /// Called by the loop: whether it should look into it.
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// For a signal handler, which cannot post a letter: says that it is full.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        self.full.clone()
    }

    /// Called by the loop: what has come since the last time, in order.
    pub(crate) fn collect(&self) -> Vec<Letter> {
        let mut letters = self.lock();
        self.full.store(false, Ordering::SeqCst);
        letters.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Called by the loop when it closes: what nobody will read any more.
    pub(crate) fn close(&self) -> Vec<Letter> {
        self.lock().take().unwrap_or_default()
    }

    /// Called by the loop before it waits for events. `false`: there are letters, it must not.
    pub(crate) fn fall_asleep(&self) -> bool {
        self.asleep.store(true, Ordering::SeqCst);
        let may_sleep = !self.full.load(Ordering::SeqCst);
        if !may_sleep {
            self.wake_up();
        }
        may_sleep
    }

    pub(crate) fn wake_up(&self) {
        self.asleep.store(false, Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Letter>>> {
        // No user code runs under this lock, so a poisoned one is as good as any.
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
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
            if !loops.contains_key(&id) {
                loops.insert(id, inbox);
                return Ok(id);
            }
        }
        Err(Error::runtime(format!(
            "{} event loops exist already; close some",
            Ticket::LOOPS - 1
        )))
    })
}

pub(crate) fn unregister(id: u16) {
    // Letters may own user's closures: they are dropped outside the lock.
    let inbox = with_loops(|loops| loops.remove(&id));
    drop(inbox);
}

/// Wakes a task from outside its running loop.
pub(crate) fn wake(ticket: Ticket) {
    let inbox = with_loops(|loops| loops.get(&ticket.loop_id()).cloned());
    if let Some(inbox) = inbox {
        // A loop that has closed has no tasks any more.
        let _ = inbox.post(Letter::Wake(ticket));
    }
}
