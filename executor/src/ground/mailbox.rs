//! A mailbox: other threads fill it for a loop that may be asleep.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use crate::ground::tally::Tally;
use primitives::{AtomicBool, Mutex, MutexGuard, Ordering};

#[allow(
    unexpected_cfgs,
    reason = "set in the package `loom` beside this one, which compiles this file for a model checker"
)]
mod primitives {
    #[cfg(loom)]
    pub(super) use loom::sync::{Mutex, MutexGuard, atomic::AtomicBool, atomic::Ordering};
    #[cfg(not(loom))]
    pub(super) use std::sync::{Mutex, MutexGuard, atomic::AtomicBool, atomic::Ordering};
}

/// How to get a loop out of its wait for events.
pub(crate) trait Nudge: Send + Sync {
    fn nudge(&self);
}

/// Letters for a loop that may be asleep.
///
/// No wake-up is lost, because a lock stands around the last look before the loop falls asleep, and around the posting of a letter:
/// either the letter is seen, or whoever posts it finds the loop asleep and nudges it.
pub(crate) struct Mailbox<L, N: ?Sized> {
    state: Mutex<State<L>>,
    /// Whether there are letters: so that a busy loop need not take the lock in every iteration. Ctrl-C sets it too, because it has to be
    /// looked at as often.
    full: Arc<AtomicBool>,
    nudge: N,
}

/// What a letter says.
type Mark = u64;

struct State<L> {
    /// `None`: the loop is closed.
    letters: Option<Vec<L>>,
    /// The marks of those letters of which one is enough.
    marks: HashSet<Mark>,
    /// What has been counted since that was last read.
    counts: Tally,
    /// How many have the address, and may send something.
    senders: usize,
    /// The last of them has gone since the loop last woke up: what it waits for may be nobody else.
    deserted: bool,
    asleep: bool,
}

impl<L, N: Nudge> Mailbox<L, N> {
    pub(crate) fn new(nudge: N) -> Self {
        Mailbox {
            state: Mutex::new(State {
                letters: Some(Vec::new()),
                marks: HashSet::default(),
                counts: Tally::default(),
                senders: 0,
                deserted: false,
                asleep: false,
            }),
            full: Arc::new(AtomicBool::new(false)),
            nudge,
        }
    }
}

impl<L, N: Nudge + ?Sized> Mailbox<L, N> {
    /// Called from any thread. The letter comes back when the loop is closed.
    pub(crate) fn post(&self, letter: L) -> Result<(), L> {
        self.deliver(letter, None)
    }

    /// The same for a letter that says nothing new while the last one with this mark is unread: then there is only that one.
    pub(crate) fn post_once(&self, mark: Mark, letter: L) -> Result<(), L> {
        self.deliver(letter, Some(mark))
    }

    fn deliver(&self, letter: L, mark: Option<Mark>) -> Result<(), L> {
        let mut state = self.lock();
        let State { letters, marks, .. } = &mut *state;
        let Some(letters) = letters else {
            return Err(letter);
        };
        if mark.is_some_and(|mark| !marks.insert(mark)) {
            return Ok(());
        }
        letters.push(letter);
        self.full.store(true, Ordering::Relaxed);
        self.nudge_sleeper(state);
        Ok(())
    }

    /// Called from any thread, and after the end of the loop too: there are so many more of what has this number. Whether the loop is asleep;
    /// then [`nudge`](Mailbox::nudge) is next.
    #[must_use]
    pub(crate) fn count(&self, number: u64, change: isize) -> bool {
        let mut state = self.lock();
        state.counts.add(number, change);
        self.full.store(true, Ordering::Relaxed);
        std::mem::take(&mut state.asleep)
    }

    pub(crate) fn nudge(&self) {
        self.nudge.nudge();
    }

    /// One nudge is enough for any number of letters.
    fn nudge_sleeper(&self, mut state: MutexGuard<'_, State<L>>) {
        let was_asleep = std::mem::take(&mut state.asleep);
        drop(state);
        if was_asleep {
            self.nudge.nudge();
        }
    }

    /// One more has the address. Those are not counted who send something without being waited for.
    pub(crate) fn add_sender(&self) {
        self.lock().senders += 1;
    }

    /// One of them has it no more; its last letter is posted. With the last one the loop is nudged, to think anew whether it has anything to wait
    /// for.
    pub(crate) fn remove_sender(&self) {
        let mut state = self.lock();
        state.senders -= 1;
        if state.senders == 0 {
            state.deserted = true;
            self.nudge_sleeper(state);
        }
    }

    /// Called by the loop: whether there are letters, or somebody is left who may post some.
    pub(crate) fn may_bring_something(&self) -> bool {
        let state = self.lock();
        state.senders > 0 || state.has_letters()
    }

    /// Whether the loop should look into it: late at times, but never after `fall_asleep` or `wake_up`. A signal handler, which cannot post a
    /// letter, may set it.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        self.full.clone()
    }

    /// Called by the loop: what has come since the last time, in order.
    pub(crate) fn collect(&self) -> Vec<L> {
        let mut state = self.lock();
        self.full.store(false, Ordering::Relaxed);
        state.marks = HashSet::default();
        state.letters.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Called by the loop: what has been counted since the last time.
    pub(crate) fn take_counts(&self) -> Tally {
        std::mem::take(&mut self.lock().counts)
    }

    /// Called by the loop: whether there are letters or counts, for certain.
    pub(crate) fn has_letters(&self) -> bool {
        self.lock().has_letters()
    }

    /// Called by the loop when it closes: what nobody will read any more.
    pub(crate) fn close(&self) -> Vec<L> {
        self.lock().letters.take().unwrap_or_default()
    }

    /// Called by the loop before it waits for events. `false`: it must not, for there are letters, or nobody is left who posts any.
    pub(crate) fn fall_asleep(&self) -> bool {
        let mut state = self.lock();
        let deserted = std::mem::take(&mut state.deserted);
        state.asleep = !state.has_letters() && !deserted;
        state.asleep
    }

    /// Called by the loop when its wait or its rest is over. Whether it has anything to wait for it asks after that.
    pub(crate) fn wake_up(&self) {
        let mut state = self.lock();
        state.asleep = false;
        state.deserted = false;
    }

    /// Called by the loop when its run is over: from now on the next letter nudges, and what is there already nudges at once. Whoever waits in
    /// the loop's stead learns so that there is something to do.
    pub(crate) fn rest(&self) {
        if !self.fall_asleep() {
            self.nudge.nudge();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<L>> {
        // No user code runs under this lock, so a poisoned one is as good as any.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L> State<L> {
    fn has_letters(&self) -> bool {
        !self.counts.is_empty() || self.letters.as_ref().is_some_and(|letters| !letters.is_empty())
    }
}
