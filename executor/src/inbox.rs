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
/// No wake-up is lost, because a lock stands around the last look before the loop falls asleep, and around the posting of a letter:
/// either the letter is seen, or whoever posts it finds the loop asleep and nudges it.
pub(crate) struct Inbox<N: ?Sized = dyn Nudge> {
    state: Mutex<State>,
    /// Whether there are letters: so that a busy loop need not take the lock in every iteration. Ctrl-C sets it too, because it has to be
    /// looked at as often.
    full: Arc<AtomicBool>,
    nudge: N,
}

struct State {
    /// `None`: the loop is closed.
    letters: Option<Vec<Letter>>,
    asleep: bool,
}

impl<N: Nudge> Inbox<N> {
    pub(crate) fn new(nudge: N) -> Self {
        Inbox {
            state: Mutex::new(State {
                letters: Some(Vec::new()),
                asleep: false,
            }),
            full: Arc::new(AtomicBool::new(false)),
            nudge,
        }
    }
}

impl<N: Nudge + ?Sized> Inbox<N> {
    /// Called from any thread. The letter comes back when the loop is closed.
    pub(crate) fn post(&self, letter: Letter) -> Result<(), Letter> {
        let mut state = self.lock();
        let Some(letters) = &mut state.letters else {
            return Err(letter);
        };
        letters.push(letter);
        self.full.store(true, Ordering::Relaxed);
        // One nudge is enough for any number of letters.
        let was_asleep = std::mem::take(&mut state.asleep);
        drop(state);
        if was_asleep {
            self.nudge.nudge();
        }
        Ok(())
    }

    /// Called by the loop: whether it should look into it. Late at times, but never after `fall_asleep` or `wake_up`.
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// For a signal handler, which cannot post a letter: says that it is full.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        self.full.clone()
    }

    /// Called by the loop: what has come since the last time, in order.
    pub(crate) fn collect(&self) -> Vec<Letter> {
        let mut state = self.lock();
        self.full.store(false, Ordering::Relaxed);
        state.letters.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Called by the loop: whether there are letters, for certain.
    pub(crate) fn has_letters(&self) -> bool {
        self.lock().has_letters()
    }

    /// Called by the loop when it closes: what nobody will read any more.
    pub(crate) fn close(&self) -> Vec<Letter> {
        self.lock().letters.take().unwrap_or_default()
    }

    /// Called by the loop before it waits for events. `false`: there are letters, it must not.
    pub(crate) fn fall_asleep(&self) -> bool {
        let mut state = self.lock();
        state.asleep = !state.has_letters();
        state.asleep
    }

    /// Called by the loop when its wait is over.
    pub(crate) fn wake_up(&self) {
        self.lock().asleep = false;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No user code runs under this lock, so a poisoned one is as good as any.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_letters(&self) -> bool {
        self.letters.as_ref().is_some_and(|letters| !letters.is_empty())
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
