//! Who holds what tasks wait for: nothing but what reports need.

use std::cell::{Cell, RefCell};
use std::panic::Location;

use crate::ground::ticket::Ticket;

/// A task that holds something for which others wait, and where it came to hold it. Copied freely; it does not keep the task. Shown by
/// `Debug` it is the task's name, which is gone with the task when that is done.
///
/// ```
/// use kolo::{Lock, create_task, run, running_loop, sleep};
///
/// run(async {
///     let lock = Lock::new();
///     let _held = lock.hold().await?;
///     let waiting = create_task({
///         let lock = lock.clone();
///         async move { lock.acquire().await }
///     });
///     sleep(0).await?;
///     let holder = running_loop().queues()[0].holders()[0];
///     assert_eq!(holder.task().unwrap().name(), "Task-1");
///     println!("held since {}", holder.since()); // held since src/main.rs:5:22
///     waiting.cancel();
///     Ok(())
/// })
/// .unwrap();
/// ```
#[derive(Clone, Copy)]
pub struct Holder {
    pub(crate) ticket: Ticket,
    pub(crate) created_at: &'static Location<'static>,
    pub(crate) since: &'static Location<'static>,
}

/// Two are equal when they are of one task.
impl PartialEq for Holder {
    fn eq(&self, other: &Holder) -> bool {
        self.ticket == other.ticket
    }
}

impl Eq for Holder {}

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
