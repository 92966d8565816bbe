//! What can be awaited by others on somebody's behalf: coroutines, tasks, promises and what is made of them.

use std::panic::Location;

use crate::block::head::AnyPromise;
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

    /// The handle without its type.
    fn any(handle: &Self::Handle) -> AnyPromise;

    /// The outcome of a handle that is done.
    ///
    /// # Errors
    /// The outcome's own.
    fn outcome(handle: &Self::Handle) -> Result<Self::Value>;
}

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
        task.take_result()
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
            fn any(handle: &$handle<T>) -> AnyPromise {
                handle.as_any()
            }
            fn outcome(handle: &$handle<T>) -> Result<T> {
                handle.take_result()
            }
        }

        impl<T: Clone + 'static> EnsureFuture for &$handle<T> {
            type Value = T;
            type Handle = $handle<T>;

            fn ensure_future_on(self, _: &EventLoop) -> $handle<T> {
                self.clone()
            }
            fn any(handle: &$handle<T>) -> AnyPromise {
                handle.as_any()
            }
            fn outcome(handle: &$handle<T>) -> Result<T> {
                handle.result()
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
    fn any(handle: &AnyPromise) -> AnyPromise {
        handle.clone()
    }
    fn outcome(handle: &AnyPromise) -> Result<()> {
        handle.error()?.map_or(Ok(()), Err)
    }
}

/// Makes sure that it is under way: a coroutine becomes a task, everything else is handed back. Mirrors `asyncio.ensure_future`.
///
/// # Panics
/// When no loop runs on this thread.
#[track_caller]
pub fn ensure_future<A: EnsureFuture>(awaitable: A) -> A::Handle {
    awaitable.ensure_future_on(&current::expect("ensure_future"))
}

/// A handle of something under way, whatever its value: what [`wait`](crate::wait()) takes.
///
/// Coroutines are not among them; asyncio's `wait` refuses them too, since nobody could tell which is which in the result.
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
