//! `timeout`, `timeout_at`, `Timeout` and `wait_for`: a deadline for what a task awaits, in the task itself.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use crate::core::Core;
use crate::current;
use crate::ensure::Awaitable;
use crate::error::{Error, Kind, Result};
use crate::promise::{AnyPromise, Promise};
use crate::ready::Entry;
use crate::task::{Task, TaskRef, create_task};
use crate::timers::{Delay, Nanos, TimerKey, seconds};

/// A scope with a deadline. When the deadline passes the task is cancelled, and on leaving the scope that cancellation, if it is the only
/// one, becomes a timeout.
pub(crate) struct Scope {
    state: Cell<State>,
    deadline: Cell<Option<Nanos>>,
    /// The task in the scope, while it is entered.
    task: RefCell<Option<TaskRef>>,
    /// How many requests to cancel the task had when it entered: only one that came later can be ours.
    requests_before: Cell<u32>,
    timer: Cell<Option<TimerKey>>,
    /// Counts the deadlines that were set: one that was replaced may stand in the ready queue already.
    arming: Cell<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Created,
    Entered,
    Expiring,
    Expired,
    Exited,
}

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

impl Scope {
    fn new(deadline: Option<Nanos>) -> Rc<Scope> {
        Rc::new(Scope {
            state: Cell::new(State::Created),
            deadline: Cell::new(deadline),
            task: RefCell::new(None),
            requests_before: Cell::new(0),
            timer: Cell::new(None),
            arming: Cell::new(0),
        })
    }

    fn within(delay: Option<Nanos>, now: Nanos) -> Rc<Scope> {
        Scope::new(delay.map(|delay| now.saturating_add(delay)))
    }

    fn enter(self: &Rc<Self>, core: &Core, now: Nanos) -> Result<()> {
        if self.state.get() != State::Created {
            return Err(Error::runtime("Timeout has already been entered"));
        }
        let task = core
            .current_task()
            .ok_or_else(|| Error::runtime("Timeout should be used inside a task"))?;
        self.requests_before.set(task.requests());
        self.task.replace(Some(task));
        self.state.set(State::Entered);
        self.arm(core, now);
        Ok(())
    }

    fn arm(self: &Rc<Self>, core: &Core, now: Nanos) {
        self.disarm(core);
        let Some(deadline) = self.deadline.get() else { return };
        let expire = Entry::Expire(self.clone(), self.arming.get() as usize);
        if deadline <= now {
            core.queue(|| expire);
        } else {
            self.timer.set(Some(core.arm_timer(deadline, expire)));
        }
    }

    fn disarm(&self, core: &Core) {
        self.arming.set(self.arming.get().wrapping_add(1));
        if let Some(timer) = self.timer.take() {
            core.cancel_timer(timer);
        }
    }

    fn reschedule(self: &Rc<Self>, deadline: Option<Nanos>) -> Result<()> {
        match self.state.get() {
            State::Entered => {}
            State::Created => return Err(Error::runtime("Timeout has not been entered")),
            other => return Err(Error::runtime(format!("Cannot change state of {} Timeout", other.name()))),
        }
        self.deadline.set(deadline);
        if let Some(core) = self.core() {
            self.arm(&core, core.time.now());
        }
        Ok(())
    }

    fn core(&self) -> Option<Rc<Core>> {
        self.task.borrow().as_ref().and_then(TaskRef::core)
    }

    /// The deadline that was set as number `arming` has passed.
    pub(crate) fn expire(&self, arming: u32) {
        if self.arming.get() != arming || self.state.get() != State::Entered {
            return;
        }
        self.state.set(State::Expiring);
        let task = self.task.borrow().clone();
        if let Some(task) = task {
            task.cancel(Error::cancelled());
        }
    }

    fn exit<T>(&self, outcome: Result<T>) -> Result<T> {
        if let Some(core) = self.core() {
            self.disarm(&core);
        }
        let Some(task) = self.task.take() else { return outcome };
        if self.state.replace(State::Exited) != State::Expiring {
            return outcome;
        }
        self.state.set(State::Expired);
        // Requests that others made in the meantime are theirs: the task stays cancelled.
        let ours_only = task.uncancel() <= self.requests_before.get();
        match outcome {
            Err(error) if ours_only && error.is_cancelled() => Err(Error::timeout().with_source(error)),
            outcome => outcome,
        }
    }
}

/// When the deadline of a scope is counted from.
enum Start {
    /// It was set before.
    Prepared(Timeout),
    /// From the moment in which the scope is entered.
    Now(Option<Nanos>),
    NotANumber,
}

impl Start {
    fn after(delay: impl Limit) -> Start {
        delay.limit().map_or(Start::NotANumber, Start::Now)
    }
}

/// Runs `body` in a scope. One future, because each that is wrapped around `body` is as large as it once more.
async fn limited<T>(start: Start, body: impl Future<Output = Result<T>>) -> Result<T> {
    /// Leaves the scope if the future is dropped before its end.
    struct Inside(Rc<Scope>);
    impl Drop for Inside {
        fn drop(&mut self) {
            let _ = self.0.exit(Ok(()));
        }
    }
    let core = current::core().ok_or_else(|| Error::runtime("no running event loop"))?;
    let now = core.time.now();
    let scope = match start {
        Start::Prepared(timeout) => timeout.scope()?.clone(),
        Start::Now(delay) => Scope::within(delay, now),
        Start::NotANumber => return Err(Error::value("Invalid timeout: NaN (not a number)")),
    };
    scope.enter(&core, now)?;
    drop(core);
    let inside = Inside(scope);
    let outcome = body.await;
    // `exit` a second time, when `inside` is dropped, does nothing.
    inside.0.exit(outcome)
}

/// A deadline that can be looked at and moved while it runs. Mirrors `asyncio.Timeout`, the `cm` of `async with timeout(...) as cm`.
///
/// A handle: clones are of the same deadline.
///
/// ```
/// use kolo_executor::{Timeout, run, sleep};
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
pub struct Timeout(When);

#[derive(Clone)]
enum When {
    Set(Rc<Scope>),
    NotANumber,
}

impl Timeout {
    /// A deadline at this time of the loop, in seconds; `None` is no deadline yet. Mirrors `asyncio.timeout_at`.
    pub fn at(when: impl Limit) -> Timeout {
        match when.limit() {
            Some(when) => Timeout(When::Set(Scope::new(when))),
            None => Timeout(When::NotANumber),
        }
    }

    /// A deadline so many seconds from now; `None` is no deadline yet. Mirrors `asyncio.timeout`.
    pub fn after(delay: impl Limit) -> Timeout {
        delay.limit().map_or(Timeout(When::NotANumber), Timeout::within)
    }

    fn within(delay: Option<Nanos>) -> Timeout {
        let now = current::core().map_or(0, |core| core.time.now());
        Timeout(When::Set(Scope::within(delay, now)))
    }

    fn scope(&self) -> Result<&Rc<Scope>> {
        match &self.0 {
            When::Set(scope) => Ok(scope),
            When::NotANumber => Err(Error::value("Invalid timeout: NaN (not a number)")),
        }
    }

    /// Runs `body` in this task, up to the deadline.
    ///
    /// When the deadline passes the task is cancelled where it stands in `body`; what `body` makes of that decides: if it returns the
    /// cancellation, the result is a timeout, unless somebody else has cancelled the task as well.
    ///
    /// # Errors
    /// The body's own; Timeout; Runtime outside of a task, and at the second use; Value, when the deadline is NaN.
    #[track_caller]
    pub fn run<T>(self, body: impl IntoFuture<Output = Result<T>>) -> impl Future<Output = Result<T>> {
        limited(Start::Prepared(self), body.into_future())
    }

    /// The deadline, in seconds of [`EventLoop::time`](crate::EventLoop::time). Mirrors `Timeout.when`.
    pub fn when(&self) -> Option<f64> {
        self.scope().ok()?.deadline.get().map(seconds)
    }

    /// Moves the deadline, to now if it has passed; `None` takes it away. Mirrors `Timeout.reschedule`.
    ///
    /// # Errors
    /// Runtime, before `run` and when the deadline has passed or the body has ended; Value, when `when` is NaN.
    pub fn reschedule(&self, when: impl Limit) -> Result<()> {
        let deadline = when
            .limit()
            .ok_or_else(|| Error::value("Invalid deadline: NaN (not a number)"))?;
        self.scope()?.reschedule(deadline)
    }

    /// Whether the deadline passed while the body ran. Mirrors `Timeout.expired`.
    pub fn expired(&self) -> bool {
        self.scope()
            .is_ok_and(|scope| matches!(scope.state.get(), State::Expiring | State::Expired))
    }
}

impl fmt::Debug for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(scope) = self.scope() else {
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

/// A delay, a point in time, or `None` for no limit.
pub trait Limit: sealed::Limit {}

impl<T: sealed::Limit> Limit for T {}

mod sealed {
    use super::{Delay, Nanos};

    pub trait Limit {
        /// `None`: not a number. `Some(None)`: no limit.
        fn limit(self) -> Option<Option<Nanos>>;
    }

    impl<D: Delay> Limit for D {
        fn limit(self) -> Option<Option<Nanos>> {
            self.nanos().map(Some)
        }
    }

    /// The type is only there for a bare `None` to be understood.
    impl Limit for Option<f64> {
        fn limit(self) -> Option<Option<Nanos>> {
            self.map_or(Some(None), |seconds| seconds.limit())
        }
    }
}

/// Runs `body` in this task, for `delay` seconds at the most. Mirrors `async with asyncio.timeout(delay)`.
///
/// # Errors
/// As [`Timeout::run`].
#[track_caller]
pub fn timeout<T>(delay: impl Limit, body: impl IntoFuture<Output = Result<T>>) -> impl Future<Output = Result<T>> {
    limited(Start::after(delay), body.into_future())
}

/// Runs `body` in this task, up to `when` at the latest. Mirrors `async with asyncio.timeout_at(when)`.
///
/// # Errors
/// As [`Timeout::run`].
#[track_caller]
pub fn timeout_at<T>(when: impl Limit, body: impl IntoFuture<Output = Result<T>>) -> impl Future<Output = Result<T>> {
    Timeout::at(when).run(body)
}

/// What [`wait_for`] waits for: anything that can be awaited.
pub trait WaitFor: IntoFuture {
    /// The handle of something under way; `None` for a coroutine, which runs in the waiting task.
    fn under_way(&self) -> Option<AnyPromise>;
}

impl<F: Future> WaitFor for F {
    fn under_way(&self) -> Option<AnyPromise> {
        None
    }
}

macro_rules! under_way {
    ($($handle:ident)*) => { $(
        impl<T: 'static> WaitFor for $handle<T> {
            fn under_way(&self) -> Option<AnyPromise> {
                Some(self.to_any())
            }
        }
        impl<T: Clone + 'static> WaitFor for &$handle<T> {
            fn under_way(&self) -> Option<AnyPromise> {
                Some(self.to_any())
            }
        }
    )* };
}
under_way!(Promise Task);

/// Awaits `awaitable` for `limit` seconds at the most, then cancels it. Mirrors `asyncio.wait_for`.
///
/// A coroutine runs in this very task. With a limit of zero or less it does not run at all, and what is under way already is cancelled,
/// unless it is done.
///
/// ```
/// use kolo_executor::{run, sleep, wait_for};
///
/// let outcome = run(async { wait_for(sleep(3600), 0.01).await });
/// assert!(outcome.unwrap_err().is_timeout());
/// ```
///
/// # Errors
/// What `awaitable` fails with; Timeout; Value, when the limit is NaN.
///
/// # Cancel safety
/// Cancelling the waiting task cancels what it waits for, and waits for that to end.
pub async fn wait_for<T, A>(awaitable: A, limit: impl Limit) -> Result<T>
where
    A: WaitFor + IntoFuture<Output = Result<T>>,
{
    match limit.limit() {
        Some(Some(delay)) if delay <= 0 => {}
        Some(delay) => return limited(Start::Now(delay), awaitable.into_future()).await,
        None => return Err(Error::value("Invalid timeout: NaN (not a number)")),
    }
    let outcome = match awaitable.under_way() {
        Some(promise) if promise.done() => return awaitable.into_future().await,
        Some(promise) => {
            promise.cancel();
            until_done(&promise).await?;
            awaitable.into_future().await
        }
        // Its task would be cancelled before it began: another that never begins stands for it.
        None => {
            let never = create_task(async { Ok(()) });
            never.cancel();
            until_done(&never.as_any()).await?;
            Err(Error::cancelled())
        }
    };
    match outcome {
        Err(error) if error.kind() == Kind::Cancelled => Err(Error::timeout().with_source(error)),
        outcome => outcome,
    }
}

/// Waits until `promise` is done, whatever its outcome. Cancelling the wait leaves the promise alone.
async fn until_done(promise: &AnyPromise) -> Result<()> {
    let done = Promise::<()>::new();
    let setter = done.clone();
    let token = promise.add_done_callback(move |_| {
        let _ = setter.set_result(());
    });
    let outcome = done.await;
    promise.remove_done_callback(token);
    outcome
}
