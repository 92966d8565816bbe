//! `Observer`: the one hook on which timelines, race detection and schedule exploration hang.

use std::panic::Location;

use crate::block::callback::CallbackToken;
use crate::block::head::AnyPromise;
use crate::block::task::AnyTask;

/// Is told of everything that happens in a loop; see [`EventLoop::add_observer`](crate::EventLoop::add_observer).
///
/// Every method does nothing unless it is overridden. They are called in the loop's thread, between the things that they tell of; a
/// panic in one is reported to the exception handler, and changes nothing else.
///
/// ```
/// use std::cell::Cell;
/// use std::rc::Rc;
///
/// use kolo::{AnyTask, Observer, run, running_loop, sleep};
///
/// #[derive(Default)]
/// struct Steps(Cell<u32>);
///
/// impl Observer for Steps {
///     fn step_begins(&self, _task: &AnyTask) {
///         self.0.set(self.0.get() + 1);
///     }
/// }
///
/// run(async {
///     let steps = Rc::new(Steps::default());
///     running_loop().add_observer(steps.clone());
///     sleep(0).await?;
///     sleep(0).await?;
///     assert_eq!(steps.0.get(), 2);
///     Ok(())
/// })
/// .unwrap();
/// ```
pub trait Observer {
    /// An iteration begins, the loop's `number`th: it looks for what is ready, waits for that if nothing is, and runs it.
    fn iteration_begins(&self, number: u64) {
        let _ = number;
    }
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
    /// The task is suspended: on this promise or task, if it is one that it waits for, and at this site in the source. Neither is known
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
    /// A callback was scheduled: by `call_soon` and its like, or because the promise is done for which it waited; or a reader or writer was
    /// registered. By this task, or, `None`, by a callback, the loop, or another thread.
    fn callback_scheduled(&self, callback: CallbackToken, by: Option<&AnyTask>) {
        let _ = (callback, by);
    }
    /// A callback is called. A reader or writer is called as often as its descriptor is ready.
    fn callback_begins(&self, callback: CallbackToken) {
        let _ = callback;
    }
    /// A callback has returned, or panicked.
    fn callback_ends(&self, callback: CallbackToken) {
        let _ = callback;
    }
    /// A timer with this deadline, in seconds of the loop's time, was moved to the ready queue.
    fn timer_fired(&self, deadline: f64) {
        let _ = deadline;
    }
}
