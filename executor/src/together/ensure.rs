//! What can be awaited by others on somebody's behalf: coroutines, tasks, promises and what is made of them.

use std::panic::Location;

use crate::block::head::AnyPromise;
use crate::block::listener::Listener;
use crate::block::task::AnyTask;
use crate::ground::error::Result;
use crate::handle::promise::Promise;
use crate::handle::task::{self, Task};
use crate::wheel::core::EventLoop;
use crate::wheel::current;

/// A coroutine, or a handle of something that is under way already: what [`gather`](crate::gather()), [`shield`](crate::shield()),
/// [`as_completed`](crate::as_completed) and `run_until_complete` take. Mirrors asyncio's "coroutine or future".
///
/// A handle given by value has its value moved out, one given by reference has it cloned, as in an await.
///
/// ```
/// use kolo::{EnsureFuture, Result, create_task, gather, run, sleep_with};
///
/// /// Of two tasks, two coroutines ...
/// async fn sum<A: EnsureFuture<Value = u32>>(a: A, b: A) -> Result<u32> {
///     Ok(gather([a, b]).await?.into_iter().sum())
/// }
///
/// run(async {
///     assert_eq!(sum(sleep_with(0.01, 1), sleep_with(0.02, 2)).await?, 3);
///     let task = create_task(sleep_with(0.01, 4));
///     assert_eq!(sum(&task, &task).await?, 8);
///     Ok(())
/// })
/// .unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be waited for on somebody's behalf",
    label = "not a coroutine, nor a task, promise or gather whose value can be had",
    note = "a coroutine is a future whose output is `kolo::Result<...>`",
    note = "the value of a handle that is given by reference is cloned, so it must be `Clone`; by value, as in `gather([task])`, it is moved out"
)]
pub trait EnsureFuture: Sized {
    /// The value that it gives in the end.
    type Value: 'static;
    /// The handle: a [`Task`] for a coroutine, itself for everything else.
    type Handle: 'static;
    /// Whether the handle is always a new one: true of coroutines.
    #[doc(hidden)]
    const IS_NEW: bool = false;

    /// The handle; a coroutine becomes a task of this loop.
    #[track_caller]
    fn ensure_future_on(self, event_loop: &EventLoop) -> Self::Handle;

    /// The handle of what is under way already; a coroutine is handed back.
    #[doc(hidden)]
    fn into_handle(self) -> Result<Self::Handle, Self> {
        Err(self)
    }

    /// The handle without its type.
    fn any(handle: &Self::Handle) -> AnyPromise;

    /// The outcome of a handle that is done.
    ///
    /// # Errors
    /// The outcome's own.
    fn outcome(handle: &Self::Handle) -> Result<Self::Value>;
}

#[diagnostic::do_not_recommend]
impl<F, T> EnsureFuture for F
where
    F: Future<Output = Result<T>> + 'static,
    T: 'static,
{
    type Value = T;
    type Handle = Task<T>;
    const IS_NEW: bool = true;

    #[track_caller]
    fn ensure_future_on(self, event_loop: &EventLoop) -> Task<T> {
        task::spawn(event_loop, self, None, None, Location::caller())
    }
    fn any(task: &Task<T>) -> AnyPromise {
        task.as_any()
    }
    fn outcome(task: &Task<T>) -> Result<T> {
        task.taken_at(None)
    }
}

/// Implements what the handles of promises and tasks share: by value the value is moved out, by reference it is cloned.
macro_rules! handle_is_its_own_future {
    ($($handle:ident)*) => { $(
        impl<T: 'static> EnsureFuture for $handle<T> {
            type Value = T;
            type Handle = $handle<T>;

            fn ensure_future_on(self, _: &EventLoop) -> $handle<T> {
                self
            }
            fn into_handle(self) -> Result<$handle<T>, Self> {
                Ok(self)
            }
            fn any(handle: &$handle<T>) -> AnyPromise {
                handle.as_any()
            }
            fn outcome(handle: &$handle<T>) -> Result<T> {
                handle.taken_at(None)
            }
        }

        impl<T: Clone + 'static> EnsureFuture for &$handle<T> {
            type Value = T;
            type Handle = $handle<T>;

            fn ensure_future_on(self, _: &EventLoop) -> $handle<T> {
                self.clone()
            }
            fn into_handle(self) -> Result<$handle<T>, Self> {
                Ok(self.clone())
            }
            fn any(handle: &$handle<T>) -> AnyPromise {
                handle.as_any()
            }
            fn outcome(handle: &$handle<T>) -> Result<T> {
                handle.cloned_at(None)
            }
        }
    )* };
}
handle_is_its_own_future!(Promise Task);

impl EnsureFuture for AnyPromise {
    type Value = ();
    type Handle = AnyPromise;

    fn ensure_future_on(self, _: &EventLoop) -> AnyPromise {
        self
    }
    fn into_handle(self) -> Result<AnyPromise, Self> {
        Ok(self)
    }
    fn any(handle: &AnyPromise) -> AnyPromise {
        handle.clone()
    }
    fn outcome(handle: &AnyPromise) -> Result<()> {
        handle.outcome()
    }
}

/// Makes sure that it is under way: a coroutine becomes a task, everything else is handed back. Mirrors `asyncio.ensure_future`.
///
/// ```
/// use kolo::{create_task, ensure_future, run};
///
/// run(async {
///     let task = ensure_future(async { Ok(42) });
///     assert!(ensure_future(task.clone()).ptr_eq(&task));
///     task.await
/// })
/// .unwrap();
/// ```
///
/// # Panics
/// When it is a coroutine and no loop runs on this thread; [`EventLoop::ensure_future`] needs no running loop.
#[doc(alias = "spawn")]
#[track_caller]
pub fn ensure_future<A: EnsureFuture>(awaitable: A) -> A::Handle {
    LoopOf::new("ensure_future", None).ensure(awaitable)
}

impl EventLoop {
    /// Makes sure that it is under way on this loop, running or not: a coroutine becomes a task, everything else is handed back. Mirrors
    /// `asyncio.ensure_future(..., loop=...)`.
    ///
    /// ```
    /// use kolo::{EventLoop, Kind};
    ///
    /// let (here, there) = (EventLoop::new()?, EventLoop::new()?);
    /// let task = here.ensure_future(async { Ok(42) })?;
    /// assert_eq!(there.ensure_future(&task).unwrap_err().kind(), Kind::Value);
    /// assert_eq!(here.run_until_complete(task)?, 42);
    /// # Ok::<(), kolo::Error>(())
    /// ```
    ///
    /// # Errors
    /// Value, when it belongs to another loop. On a closed loop a coroutine becomes a task that has failed, as by [`EventLoop::create_task`].
    #[track_caller]
    pub fn ensure_future<A: EnsureFuture>(&self, awaitable: A) -> Result<A::Handle> {
        let handle = awaitable.ensure_future_on(self);
        A::any(&handle).0.head().claim(self.0.id)?;
        Ok(handle)
    }
}

impl EventLoop {
    /// Notes a listener of these promises, which may own each other: at the end of the loop they are parted. A loop that is closed has had its
    /// end: then the one that runs sees to it.
    pub(super) fn note_ties(&self, listener: &Listener, promises: &[AnyPromise]) {
        let keeper = match self.is_closed() {
            true => current::running(),
            false => Some(self.clone()),
        };
        if let Some(EventLoop(core)) = keeper {
            core.ties.note(core.id, listener, promises);
        }
    }
}

/// The loop of several things that are awaited together: where none is known, that of the first of them; a coroutine's
/// is the running one.
pub struct LoopOf {
    what: &'static str,
    known: Option<EventLoop>,
}

impl LoopOf {
    /// Of what is given to the function of this name.
    pub(super) fn new(what: &'static str, known: Option<EventLoop>) -> LoopOf {
        LoopOf { what, known }
    }

    /// The handle of one of them.
    ///
    /// # Panics
    /// When it is a coroutine, and nothing that came before it belongs to a loop, and none runs.
    #[inline]
    #[track_caller]
    pub(super) fn ensure<A: EnsureFuture>(&mut self, awaitable: A) -> A::Handle {
        if A::IS_NEW {
            return awaitable.ensure_future_on(self.expect());
        }
        match awaitable.into_handle() {
            Ok(handle) => {
                if self.known.is_none() {
                    self.known = current::loop_of(A::any(&handle).0.head().loop_id.get());
                }
                handle
            }
            Err(coroutine) => coroutine.ensure_future_on(self.expect()),
        }
    }

    /// The loop.
    ///
    /// # Panics
    /// When nothing so far belongs to one, and none runs.
    #[inline]
    #[track_caller]
    pub(super) fn expect(&mut self) -> &EventLoop {
        if self.known.is_none() {
            self.known = Some(current::expect(self.what));
        }
        match &self.known {
            Some(event_loop) => event_loop,
            None => current::no_loop(self.what),
        }
    }
}

/// A handle of something under way, whatever its value: what [`wait`](crate::wait()) takes.
///
/// Coroutines are not among them; asyncio's `wait` refuses them too, since nobody could tell which is which in the result.
///
/// ```
/// use kolo::{AnyPromise, Promise, create_task, run, sleep, wait};
///
/// run(async {
///     let promise = Promise::new();
///     let task = create_task(sleep(0.01));
///     promise.set_result("there")?;
///     // Of different types, without their types.
///     let (done, _): (Vec<AnyPromise>, _) = wait([promise.as_any(), task.as_any()]).await?;
///     assert_eq!(done.len(), 2);
///     Ok(())
/// })
/// .unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`wait` takes tasks, promises and gathers, and `{Self}` is none",
    label = "neither a task nor a promise nor a gather",
    note = "a coroutine becomes a task by `create_task(coroutine)`"
)]
pub trait Awaitable {
    /// The handle without its type.
    fn to_any(&self) -> AnyPromise;
}

impl<T> Awaitable for Promise<T> {
    fn to_any(&self) -> AnyPromise {
        self.as_any()
    }
}

impl<T> Awaitable for Task<T> {
    fn to_any(&self) -> AnyPromise {
        self.as_any()
    }
}

impl Awaitable for AnyPromise {
    fn to_any(&self) -> AnyPromise {
        self.clone()
    }
}

impl Awaitable for AnyTask {
    fn to_any(&self) -> AnyPromise {
        AnyPromise::clone(self)
    }
}

impl<A: Awaitable> Awaitable for &A {
    fn to_any(&self) -> AnyPromise {
        (**self).to_any()
    }
}
