//! `AnyTask`: a task whose value's type is forgotten.

use std::fmt;
use std::panic::Location;

use crate::block::head::AnyPromise;
use crate::block::task::AnyTask;
use crate::ground::context::Context;
use crate::ground::error::{Error, Result};
use crate::wheel::core::EventLoop;
use crate::wheel::current;

impl AnyTask {
    /// See [`Task::name`](crate::Task::name).
    #[doc(alias = "get_name")]
    pub fn name(&self) -> String {
        self.head().name()
    }

    /// See [`Task::set_name`](crate::Task::set_name).
    pub fn set_name(&self, name: impl fmt::Display) {
        self.head().set_name(name.to_string());
    }

    /// See [`Task::cancelling`](crate::Task::cancelling).
    pub fn cancelling(&self) -> u32 {
        self.head().requests()
    }

    /// See [`Task::uncancel`](crate::Task::uncancel).
    pub fn uncancel(&self) -> u32 {
        self.head().uncancel()
    }

    /// See [`Task::context`](crate::Task::context).
    #[doc(alias = "get_context")]
    pub fn context(&self) -> Context {
        self.head().context_handle()
    }

    /// See [`Task::created_at`](crate::Task::created_at).
    pub fn created_at(&self) -> &'static Location<'static> {
        self.head().created_at
    }

    /// See [`Task::event_loop`](crate::Task::event_loop).
    ///
    /// # Errors
    /// Runtime, when the loop no longer exists.
    #[doc(alias = "get_loop")]
    #[track_caller]
    pub fn event_loop(&self) -> Result<EventLoop> {
        match current::loop_of(self.head().loop_id()) {
            Some(event_loop) => Ok(event_loop),
            None => Err(Error::runtime("the task's event loop no longer exists")),
        }
    }
}

impl PartialEq for AnyTask {
    fn eq(&self, other: &AnyTask) -> bool {
        AnyPromise::ptr_eq(self, other)
    }
}

impl Eq for AnyTask {}

impl fmt::Debug for AnyTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        AnyPromise::fmt(self, f)
    }
}

/// The task that is running; `None` in a callback and outside of a loop. Mirrors `asyncio.current_task`.
///
/// ```
/// use kolo::{current_task, run};
///
/// run(async {
///     assert_eq!(current_task().unwrap().name(), "Task-1");
///     Ok(())
/// })
/// .unwrap();
/// assert!(current_task().is_none());
/// ```
#[doc(alias = "get_current_task")]
pub fn current_task() -> Option<AnyTask> {
    current::with_task(|task| task.map(AnyTask::of))
}

/// The unfinished tasks of the running loop, in the order of their creation; none outside of a loop. Mirrors `asyncio.all_tasks`.
///
/// ```
/// use kolo::{all_tasks, create_task, run, sleep};
///
/// run(async {
///     let task = create_task(sleep(0.01));
///     assert_eq!(all_tasks().len(), 2); // this one, and that
///     task.await?;
///     assert_eq!(all_tasks().len(), 1);
///     Ok(())
/// })
/// .unwrap();
/// ```
pub fn all_tasks() -> Vec<AnyTask> {
    current::running().map_or_else(Vec::new, |event_loop| event_loop.all_tasks())
}
