//! Who holds what tasks wait for: nothing but what reports need.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;

use crate::current;
use crate::graph::Line;
use crate::task::AnyTask;
use crate::waker::Ticket;

/// A task that holds something, and since which place in the program. Copied freely; it does not keep the task.
#[derive(Clone, Copy)]
pub(crate) struct Holder {
    ticket: Ticket,
    created_at: &'static Location<'static>,
    since: &'static Location<'static>,
}

impl Holder {
    /// The running task, which has come to hold something at `since`. `None` in a callback.
    pub(crate) fn current(since: &'static Location<'static>) -> Option<Holder> {
        current::with_task(|task| {
            task.map(|task| Holder {
                ticket: task.ticket.get(),
                created_at: task.created_at,
                since,
            })
        })
    }

    /// Where it came to hold it.
    pub(crate) fn since(&self) -> &'static Location<'static> {
        self.since
    }

    /// The task, as long as it is not done.
    pub(crate) fn task(&self) -> Option<AnyTask> {
        let core = current::core_of(self.ticket.loop_id())?;
        let task = core.tasks.borrow().get(self.ticket).cloned();
        task.map(AnyTask::new)
    }
}

/// Two are equal when they are of one task.
impl PartialEq for Holder {
    fn eq(&self, other: &Holder) -> bool {
        self.ticket == other.ticket
    }
}

impl Eq for Holder {}

/// The task's name, which is gone with the task when it is done.
impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.task() {
            Some(task) => f.write_str(&task.name()),
            None => write!(f, "a task that has ended, created at {}", Line(self.created_at)),
        }
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
