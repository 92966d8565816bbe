//! What tasks wait for and hold, as a loop sees it: nothing but what its reports need.
//!
//! A primitive makes itself known to the loop when a task first waits for it, and the loop keeps no more than a weak handle. Nothing is
//! noted for each wait: who waits is asked of the primitive when a report is made.

use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::rc::Weak;
use std::task::Context;

use crate::current;
use crate::error::{Error, Result};
use crate::graph::Line;
use crate::park::Waiter;
use crate::task::AnyTask;
use crate::waker::{self, Ticket};
use crate::weak_list::WeakList;

/// A thing that tasks wait for, one queue of it: a lock, the getters of a queue. Its `Debug` text is shown in reports.
pub trait Resource: fmt::Debug {
    /// What a task does that waits here, such as `Lock.acquire`.
    fn kind(&self) -> &'static str;

    /// Those that wait, in their order.
    fn waiters(&self) -> Vec<Waiter>;

    /// Those that hold it, and so could end the waits.
    fn holders(&self) -> Vec<Holder>;

    /// How many handles of it there are, if that can be told. A wait that borrows one of them is no handle.
    fn handles(&self) -> Option<usize>;
}

/// To which loop a primitive belongs: the one in which a task first waits for it.
#[derive(Debug, Default)]
pub struct Binding(Cell<u16>);

impl Binding {
    /// Bound to no loop yet.
    pub const fn new() -> Binding {
        Binding(Cell::new(0))
    }

    /// Whether the primitive is already one of the loop whose task polls with this context. `false` when that cannot be told.
    #[inline]
    pub fn is_to_loop_of(&self, context: &Context<'_>) -> bool {
        waker::ticket(context.waker()).is_some_and(|ticket| ticket.loop_id() == self.0.get())
    }

    /// Makes the primitive one of the running loop, which learns of `resource`, unless it is already. `false`: it belongs to another
    /// loop.
    ///
    /// # Errors
    /// Runtime, when no loop runs.
    pub fn bind(&self, resource: impl FnOnce() -> Weak<dyn Resource>) -> Result<bool> {
        current::with_core(|core| {
            let core = core.ok_or_else(|| Error::runtime("no running event loop"))?;
            if self.0.get() == 0 {
                self.0.set(core.id);
                core.resources.add(resource());
            }
            Ok(self.0.get() == core.id)
        })
    }
}

/// A task that holds something, and since which place in the program. Copied freely; it does not keep the task.
#[derive(Clone, Copy)]
pub struct Holder {
    ticket: Ticket,
    created_at: &'static Location<'static>,
    since: &'static Location<'static>,
}

impl Holder {
    /// The running task, which has come to hold something at `since`. `None` in a callback.
    pub fn current(since: &'static Location<'static>) -> Option<Holder> {
        current::with_task(|task| {
            task.map(|task| Holder {
                ticket: task.ticket.get(),
                created_at: task.created_at,
                since,
            })
        })
    }

    /// Where it came to hold it.
    pub fn since(&self) -> &'static Location<'static> {
        self.since
    }

    /// The task, as long as it is not done.
    pub fn task(&self) -> Option<AnyTask> {
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

/// The primitives of one loop for which a task has ever waited, as far as they still exist, in the order in which they were first waited
/// for.
pub(crate) type Resources = WeakList<dyn Resource>;
