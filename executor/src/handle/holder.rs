//! `Holder`: a task that holds what others wait for.

use std::fmt;
use std::panic::Location;

use crate::block::holders::Holder;
use crate::block::task::AnyTask;
use crate::ground::line::Line;
use crate::wheel::current;

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

    /// The task, as long as it is not done.
    ///
    /// ```
    /// use kolo::{Lock, create_task, run, running_loop, sleep};
    ///
    /// run(async {
    ///     let lock = Lock::new();
    ///     let _held = lock.hold().await?;
    ///     let second = lock.clone();
    ///     let task = create_task(async move { second.hold().await.map(drop) });
    ///     sleep(0).await?;
    ///     let holder = running_loop().queues()[0].holders().remove(0);
    ///     assert_eq!(holder.task().unwrap().name(), "Task-1");
    ///     println!("held since {}, by a task of {}", holder.since(), holder.created_at());
    ///     task.cancel();
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn task(&self) -> Option<AnyTask> {
        let event_loop = current::loop_of_tickets(self.ticket.loop_id())?;
        let tasks = event_loop.0.tasks.borrow();
        tasks.get(self.ticket).map(AnyTask::of)
    }

    /// Where the task came to hold it.
    pub fn since(&self) -> &'static Location<'static> {
        self.since
    }

    /// Where the task was created.
    pub fn created_at(&self) -> &'static Location<'static> {
        self.created_at
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.task() {
            Some(task) => f.write_str(&task.name()),
            None => write!(f, "a task that has ended, created at {}", Line(self.created_at)),
        }
    }
}
