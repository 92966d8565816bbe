//! What users hold of a callback that the loop will call.

use std::fmt;
use std::rc::Rc;

use crate::block::callback::Scheduled;
use crate::ground::time::{Nanos, seconds};
use crate::wheel::timer::Timer;

/// Takes a callback back, and the timer that would have called it.
pub(crate) fn cancel(scheduled: &Scheduled) {
    let (callback, timer) = scheduled.revoke();
    if let Some(key) = timer {
        Timer::of(scheduled.loop_id, key).disarm();
    }
    drop(callback);
}

/// A callback given to [`call_soon`](crate::EventLoop::call_soon). Dropping the handle does nothing. Mirrors `asyncio.Handle`.
///
/// ```
/// use kolo::{run, running_loop, sleep};
///
/// run(async {
///     let handle = running_loop().call_soon(|| unreachable!("it is taken back"));
///     handle.cancel();
///     assert!(handle.cancelled());
///     sleep(0).await
/// })
/// .unwrap();
/// ```
#[derive(Clone)]
pub struct Handle(pub(crate) Rc<Scheduled>);

impl Handle {
    /// Takes the callback back, if it has not run yet; what it owns is dropped at once. Mirrors `Handle.cancel`.
    pub fn cancel(&self) {
        cancel(&self.0);
    }

    /// Whether [`cancel`](Handle::cancel) was called. Mirrors `Handle.cancelled`.
    pub fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.cancelled() { "<Handle cancelled>" } else { "<Handle>" })
    }
}

/// A callback given to [`call_later`](crate::EventLoop::call_later) or [`call_at`](crate::EventLoop::call_at). Dropping the handle does
/// nothing. Mirrors `asyncio.TimerHandle`.
///
/// ```
/// use kolo::{running_loop, sleep, testing};
///
/// testing::run(async {
///     let handle = running_loop().call_later(10, || unreachable!("it is taken back"));
///     assert_eq!(handle.when(), 10.0); // seconds of the loop's clock, which began at 0
///     sleep(1).await?;
///     handle.cancel();
///     sleep(3600).await
/// })
/// .unwrap();
/// ```
#[derive(Clone)]
pub struct TimerHandle {
    pub(crate) scheduled: Rc<Scheduled>,
    pub(crate) when: Nanos,
}

impl TimerHandle {
    /// Takes the callback back, if it has not run yet; what it owns is dropped at once. Mirrors `TimerHandle.cancel`.
    pub fn cancel(&self) {
        cancel(&self.scheduled);
    }

    /// Whether [`cancel`](TimerHandle::cancel) was called. Mirrors `TimerHandle.cancelled`.
    pub fn cancelled(&self) -> bool {
        self.scheduled.is_cancelled()
    }

    /// When it runs, in seconds of [`EventLoop::time`](crate::EventLoop::time). Mirrors `TimerHandle.when`.
    pub fn when(&self) -> f64 {
        seconds(self.when)
    }
}

impl fmt::Debug for TimerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cancelled = if self.cancelled() { " cancelled" } else { "" };
        write!(f, "<TimerHandle{cancelled} when={:?}>", self.when())
    }
}
