//! The two lists behind a wait queue, each in a cell that is never borrowed while anything else runs.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use kolo_executor::{Holder, Parking, Waiter};

/// Those that wait. A waiter is cloned or taken out before it is woken, because an observer may be told of that.
#[derive(Default)]
pub(crate) struct Line(RefCell<VecDeque<Waiter>>);

impl Line {
    pub(crate) fn push(&self, waiter: Waiter) {
        self.0.borrow_mut().push_back(waiter);
    }

    pub(crate) fn get(&self, index: usize) -> Option<Waiter> {
        self.0.borrow().get(index).cloned()
    }

    pub(crate) fn pop_front(&self) -> Option<Waiter> {
        self.0.borrow_mut().pop_front()
    }

    pub(crate) fn with<R>(&self, look: impl FnOnce(&VecDeque<Waiter>) -> R) -> R {
        look(&self.0.borrow())
    }

    /// Takes the waiter of this wait out, if it is still there.
    pub(crate) fn remove(&self, wait: &Parking) {
        let mut line = self.0.borrow_mut();
        let removed = match line.front() {
            // Whoever was woken nearly always stands first.
            Some(first) if wait.is(first) => line.pop_front(),
            // The woken stand before those that wait: there it need not be looked for, it was popped.
            Some(first) if wait.granted() && !first.is_done() => None,
            _ => {
                let index = line.iter().position(|waiter| wait.is(waiter));
                index.and_then(|index| line.remove(index))
            }
        };
        drop(line);
        drop(removed);
    }
}

/// Those that hold something, in the order in which they came to hold it. Nearly always one, which then costs no allocation.
#[derive(Default)]
pub(crate) struct Holders {
    first: Cell<Option<Holder>>,
    others: RefCell<Vec<Holder>>,
    /// How many more hold it.
    unnamed: Cell<usize>,
}

/// So many are remembered: a semaphore of thousands would be searched for long.
const REMEMBERED: usize = 32;

impl Holders {
    pub(crate) fn add(&self, holder: Holder) {
        if self.first.get().is_none() {
            return self.first.set(Some(holder));
        }
        let mut others = self.others.borrow_mut();
        if others.len() < REMEMBERED {
            others.push(holder);
        } else {
            self.unnamed.set(self.unnamed.get() + 1);
        }
    }

    /// Takes `who` out, if it is there, else the oldest.
    pub(crate) fn remove(&self, who: impl FnOnce() -> Option<Holder>) {
        let mut others = self.others.borrow_mut();
        if others.is_empty() {
            return self.first.set(None);
        }
        let who = who();
        if let Some(index) = others.iter().position(|other| Some(*other) == who) {
            others.remove(index);
        } else if self.first.get() != who && self.unnamed.get() > 0 {
            self.unnamed.set(self.unnamed.get() - 1);
        } else {
            self.first.set(Some(others.remove(0)));
        }
    }

    pub(crate) fn all(&self) -> Vec<Holder> {
        self.first
            .get()
            .into_iter()
            .chain(self.others.borrow().iter().copied())
            .collect()
    }
}
