//! `Observer`: the one hook on which timelines, race detection and schedule exploration hang.

use std::panic::Location;

use crate::promise::AnyPromise;
use crate::task::AnyTask;

/// Is told of everything that happens in a loop; see [`EventLoop::set_observer`](crate::EventLoop::set_observer).
///
/// Every method does nothing unless it is overridden. They are called in the loop's thread, between the things that they tell of; a
/// panic in one is reported to the exception handler, and changes nothing else.
pub trait Observer {
    /// A task was created; its first step is queued next.
    fn task_created(&self, task: &AnyTask) {
        let _ = task;
    }
    /// A step begins.
    fn step_begins(&self, task: &AnyTask) {
        let _ = task;
    }
    /// A step has ended, in a suspension or with the task's end.
    fn step_ends(&self, task: &AnyTask) {
        let _ = task;
    }
    /// The task is suspended: on this promise or task, if it is one that it waits for, and at this place in the source. Neither is known
    /// of a future that is not of kolo. What a primitive's queue is about is told by [`AnyTask::stack`].
    fn parked(&self, task: &AnyTask, on: Option<&AnyPromise>, at: Option<&'static Location<'static>>) {
        let _ = (task, on, at);
    }
    /// The task's next step was queued: by this task, or, `None`, by a callback, a timer, a descriptor or another thread.
    fn woken(&self, task: &AnyTask, by: Option<&AnyTask>) {
        let _ = (task, by);
    }
    /// The task is done.
    fn finished(&self, task: &AnyTask) {
        let _ = task;
    }
    /// A timer with this deadline, in seconds of the loop's time, was moved to the ready queue.
    fn timer_fired(&self, deadline: f64) {
        let _ = deadline;
    }
}
