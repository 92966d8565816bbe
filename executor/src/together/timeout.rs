//! `timeout`, `timeout_at` and `Timeout`: a deadline for what a task awaits, in the task itself.

use std::fmt;
use std::panic::Location;
use std::pin::pin;
use std::rc::Rc;

use crate::block::task::TaskRef;
use crate::ground::error::{Error, Result};
use crate::ground::time::{Limit, Nanos, seconds};
use crate::leaf::body::Body;
use crate::wheel::core::EventLoop;
use crate::wheel::current;
use crate::wheel::entry::Entry;
use crate::wheel::scope::{Scope, State};
use crate::wheel::timer::Timer;

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Created => "created",
            State::Entered => "active",
            State::Expiring => "expiring",
            State::Expired => "expired",
            State::Exited => "finished",
        }
    }
}

/// Told by an await, whose line is not known here.
#[cold]
fn refused(message: &'static str) -> Error {
    Error::runtime(message).without_place()
}

/// The error of a body that was cancelled because its time was over.
#[cold]
pub(super) fn expired(cancelled: Error) -> Error {
    Error::timeout().without_place().with_source(cancelled)
}

impl Scope {
    fn within(delay: Option<Nanos>, now: Nanos) -> Scope {
        Scope::new(delay.map(|delay| now.saturating_add(delay)))
    }

    fn enter(self: &Rc<Self>, event_loop: &EventLoop, now: Nanos) -> Result<TaskRef> {
        if self.state.get() != State::Created {
            return Err(refused("Timeout has already been entered"));
        }
        let task = event_loop
            .0
            .current_task()
            .ok_or_else(|| refused("Timeout should be used inside a task"))?;
        self.requests_before.set(task.requests_here());
        self.part.enter(&task);
        self.task.set(Some(task.clone()));
        self.state.set(State::Entered);
        self.arm(event_loop, now);
        Ok(task)
    }

    fn arm(self: &Rc<Self>, event_loop: &EventLoop, now: Nanos) {
        self.disarm(event_loop.0.id);
        let Some(deadline) = self.deadline.get() else { return };
        let expire = Entry::Expire(self.clone(), self.arming.get());
        if deadline <= now {
            event_loop.0.queue(|| expire);
        } else {
            self.timer.set(Some(event_loop.0.arm_timer(deadline, expire)));
        }
    }

    fn disarm(&self, loop_id: u16) {
        self.arming.set(self.arming.get().wrapping_add(1));
        if let Some(key) = self.timer.take() {
            Timer::of(loop_id, key).disarm();
        }
    }

    #[track_caller]
    fn reschedule(self: &Rc<Self>, deadline: Option<Nanos>) -> Result<()> {
        match self.state.get() {
            State::Entered => {}
            State::Created => return Err(Error::runtime("Timeout has not been entered")),
            other => return Err(Error::runtime(format!("Cannot change state of {} Timeout", other.name()))),
        }
        self.deadline.set(deadline);
        let loop_id = self.task().map_or(0, |task| task.loop_id());
        if let Some(event_loop) = current::loop_of(loop_id) {
            self.arm(&event_loop, event_loop.0.time.now());
        }
        Ok(())
    }

    fn exit<T>(&self, outcome: Result<T>) -> Result<T> {
        let Some(task) = self.task.take() else { return outcome };
        self.disarm(task.loop_id());
        if self.state.replace(State::Exited) != State::Expiring {
            return outcome;
        }
        self.state.set(State::Expired);
        // Requests that others made in the meantime are theirs: the task stays cancelled.
        let ours_only = self.part.uncancel(&task) <= self.requests_before.get();
        match outcome {
            Err(error) if ours_only && error.is_cancelled() => Err(expired(error)),
            outcome => outcome,
        }
    }
}

/// When the deadline of a scope is counted from.
pub(super) enum Start {
    /// It was set before.
    Prepared(Rc<Scope>),
    /// From the moment in which the scope is entered.
    Now(Option<Nanos>),
    Refused(Error),
}

/// Runs `body` in a scope. One future, because each that is wrapped around `body` is as large as it once more.
pub(super) async fn limited<T>(
    start: Start,
    site: &'static Location<'static>,
    body: impl Future<Output = Result<T>>,
) -> Result<T> {
    /// Leaves the scope if the future is dropped before its end.
    struct Inside(Rc<Scope>);
    impl Drop for Inside {
        fn drop(&mut self) {
            let _ = self.0.exit(Ok(()));
        }
    }
    let event_loop = current::demand()?;
    let now = event_loop.0.time.now();
    let scope = match start {
        Start::Prepared(scope) => scope,
        Start::Now(delay) => Rc::new(Scope::within(delay, now)),
        Start::Refused(error) => return Err(error),
    };
    let task = scope.enter(&event_loop, now)?;
    drop(event_loop);
    let inside = Inside(scope);
    let outcome = {
        let body = pin!(body);
        Body::new(body, &inside.0.part, task, site).await
    };
    // `exit` a second time, when `inside` is dropped, does nothing.
    inside.0.exit(outcome)
}

fn now() -> Nanos {
    current::with_running(|running| running.map_or(0, |event_loop| event_loop.0.time.now()))
}

/// A deadline that can be looked at and moved while it runs. Mirrors `asyncio.Timeout`, the `cm` of `async with timeout(...) as cm`.
///
/// A handle: clones are of the same deadline.
///
/// ```
/// use kolo::{Timeout, run, sleep};
///
/// run(async {
///     let deadline = Timeout::after(0.01);
///     let handle = deadline.clone();
///     deadline
///         .run(async move {
///             handle.reschedule(None)?; // on second thoughts, take your time
///             sleep(0.02).await
///         })
///         .await
/// })
/// .unwrap();
/// ```
#[derive(Clone)]
#[must_use = "a deadline is that of what it runs: `deadline.run(...)`"]
pub struct Timeout(Result<Rc<Scope>>);

impl Timeout {
    /// A deadline at this time of the loop, in seconds; `None` is no deadline yet. Mirrors `asyncio.timeout_at`.
    ///
    /// ```
    /// use kolo::{Timeout, run, running_loop, sleep};
    ///
    /// run(async {
    ///     let noon = running_loop().time() + 0.01;
    ///     let deadline = Timeout::at(noon);
    ///     println!("{:?}", deadline.when());
    ///     let outcome = deadline.run(sleep(10)).await;
    ///     assert!(outcome.unwrap_err().is_timeout());
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    #[track_caller]
    pub fn at(when: impl Limit) -> Timeout {
        Timeout(when.limit("timeout").map(|when| Rc::new(Scope::new(when))))
    }

    /// A deadline so many seconds from now; `None` is no deadline yet. Mirrors `asyncio.timeout`.
    #[track_caller]
    pub fn after(delay: impl Limit) -> Timeout {
        Timeout(delay.limit("timeout").map(|delay| Rc::new(Scope::within(delay, now()))))
    }

    /// Runs `body` in this task, up to the deadline.
    ///
    /// When the deadline passes the task is cancelled where it stands in `body`; what `body` makes of that decides: if it returns the
    /// cancellation, the result is a timeout, unless somebody else has cancelled the task as well.
    ///
    /// # Errors
    /// The body's own; Timeout; Runtime outside of a task, and at the second use; Value, when the deadline is NaN.
    ///
    /// # Cancel safety
    /// Cancelling the waiting task cancels the body where it stands. Dropped, the body is dropped, and the deadline is taken back.
    #[track_caller]
    pub fn run<T>(self, body: impl IntoFuture<Output = Result<T>>) -> impl Future<Output = Result<T>> {
        let start = self.0.map_or_else(Start::Refused, Start::Prepared);
        limited(start, Location::caller(), body.into_future())
    }

    /// The deadline, in seconds of [`EventLoop::time`](crate::EventLoop::time). Mirrors `Timeout.when`.
    pub fn when(&self) -> Option<f64> {
        self.0.as_ref().ok()?.deadline.get().map(seconds)
    }

    /// Moves the deadline to `when`, in seconds of [`EventLoop::time`](crate::EventLoop::time), or to now if that has passed; `None` takes it away.
    /// Mirrors `Timeout.reschedule`.
    ///
    /// # Errors
    /// Runtime, before `run` and when the deadline has passed or the body has ended; Value, when `when` is NaN.
    #[track_caller]
    pub fn reschedule(&self, when: impl Limit) -> Result<()> {
        let deadline = when.limit("deadline")?;
        self.0.clone()?.reschedule(deadline)
    }

    /// Whether the deadline passed while the body ran. Mirrors `Timeout.expired`.
    ///
    /// ```
    /// use kolo::{Timeout, run, sleep};
    ///
    /// run(async {
    ///     let deadline = Timeout::after(0.01);
    ///     let handle = deadline.clone();
    ///     assert!(deadline.run(sleep(3600)).await.unwrap_err().is_timeout());
    ///     assert!(handle.expired());
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn expired(&self) -> bool {
        self.0
            .as_ref()
            .is_ok_and(|scope| matches!(scope.state.get(), State::Expiring | State::Expired))
    }
}

impl fmt::Debug for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(scope) = &self.0 else {
            return f.write_str("<Timeout when=NaN>");
        };
        write!(f, "<Timeout [{}]", scope.state.get().name())?;
        if scope.state.get() == State::Entered {
            match self.when() {
                Some(when) => write!(f, " when={:?}", (when * 1e3).round() / 1e3)?,
                None => f.write_str(" when=None")?,
            }
        }
        f.write_str(">")
    }
}

/// Runs `body` in this task, for `delay` seconds at the most; `None` is no limit. Mirrors `async with asyncio.timeout(delay)`.
///
/// A body that stands on a future of another crate is dropped there.
///
/// ```
/// use kolo::{run, sleep, timeout};
///
/// let outcome = run(async {
///     timeout(0.01, async {
///         sleep(3600).await?;
///         Ok("done")
///     })
///     .await
/// });
/// assert!(outcome.unwrap_err().is_timeout());
/// ```
///
/// # Errors
/// As [`Timeout::run`].
///
/// # Cancel safety
/// As [`Timeout::run`].
#[track_caller]
pub fn timeout<T>(delay: impl Limit, body: impl IntoFuture<Output = Result<T>>) -> impl Future<Output = Result<T>> {
    let start = delay.limit("timeout").map_or_else(Start::Refused, Start::Now);
    limited(start, Location::caller(), body.into_future())
}

/// Runs `body` in this task, up to `when` at the latest, in seconds of [`EventLoop::time`](crate::EventLoop::time); `None` is no limit.
/// Mirrors `async with asyncio.timeout_at(when)`.
///
/// ```
/// use kolo::{run, running_loop, sleep, timeout_at};
///
/// let outcome = run(async { timeout_at(running_loop().time() + 0.01, sleep(3600)).await });
/// assert!(outcome.unwrap_err().is_timeout());
/// ```
///
/// # Errors
/// As [`Timeout::run`].
///
/// # Cancel safety
/// As [`Timeout::run`].
#[track_caller]
pub fn timeout_at<T>(when: impl Limit, body: impl IntoFuture<Output = Result<T>>) -> impl Future<Output = Result<T>> {
    Timeout::at(when).run(body)
}
