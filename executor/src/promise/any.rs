//! `AnyPromise`: a promise whose value's type is forgotten; what is the same for promises, tasks and gathers.

use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::context;
use crate::current;
use crate::error::{Error, Result};
use crate::gather::GatherHead;
use crate::handle::{CallbackToken, DoneCallback};
use crate::promise::waiting::Waiting;
use crate::promise::{Callback, Promise, State};
use crate::task::raw::Ref;
use crate::task::{TaskHead, TaskRef};

/// A promise, task or gather without the type of its value: can be looked at, cancelled, waited for.
///
/// Awaiting `&AnyPromise` gives `Ok(())` for a value, whatever it is.
#[derive(Clone)]
pub struct AnyPromise(pub(crate) Ref);

impl AnyPromise {
    /// Whether it is done: it has a value or an error, or was cancelled.
    pub fn done(&self) -> bool {
        self.0.head().done()
    }

    /// Whether it was cancelled.
    pub fn cancelled(&self) -> bool {
        self.0.head().cancelled()
    }

    /// Whether it is done with an error that nobody has looked at: dropping the last handle now would report it.
    pub fn has_unretrieved_error(&self) -> bool {
        self.0.head().has_unretrieved_error()
    }

    /// See [`Promise::cancel`].
    pub fn cancel(&self) -> bool {
        cancel(&self.0, Error::cancelled())
    }

    /// See [`Promise::cancel_with`].
    pub fn cancel_with(&self, message: impl Into<String>) -> bool {
        cancel(&self.0, Error::cancelled_with(message.into()))
    }

    /// The error it is done with, if any; see [`Promise::error`].
    ///
    /// # Errors
    /// The cancellation, if it was cancelled; InvalidState while it is pending.
    pub fn error(&self) -> Result<Option<Error>> {
        self.0.outcome_error()
    }

    /// Whether both handles are of one promise.
    pub fn ptr_eq(&self, other: &AnyPromise) -> bool {
        self.0.ptr_eq(&other.0)
    }

    /// The promise with its type, if its value is a `T`.
    pub fn downcast<T: 'static>(&self) -> Option<Promise<T>> {
        self.0.downcast().map(Promise::from_block)
    }

    /// See [`Promise::add_done_callback`].
    ///
    /// # Panics
    /// When the promise belongs to no loop yet and none is running.
    pub fn add_done_callback(&self, callback: impl FnOnce(&AnyPromise) + 'static) -> CallbackToken {
        if self.0.head().loop_id.get() == 0 {
            self.0.head().bind(current::expect("add_done_callback").id);
        }
        let (callback, token) = DoneCallback::new(context::current(), callback);
        self.0.add_callback(Callback::Call(Box::new(callback)));
        token
    }

    /// See [`Promise::remove_done_callback`].
    pub fn remove_done_callback(&self, token: CallbackToken) -> bool {
        let ours = |callback: &Callback| matches!(callback, Callback::Call(call) if call.token == token);
        self.0.head().remove_callback(ours).is_some()
    }

    pub(crate) fn is_task(&self) -> bool {
        self.0.heading::<TaskHead>().is_some()
    }

    /// A promise that anybody may complete: no task, and no gather.
    pub(crate) fn is_plain(&self) -> bool {
        !self.is_task() && self.0.heading::<GatherHead>().is_none()
    }
}

/// Cancels what `promise` really is.
pub(crate) fn cancel(promise: &Ref, error: Error) -> bool {
    if let Some(gather) = promise.heading::<GatherHead>() {
        return gather.cancel(promise, error);
    }
    promise.head().mark_retrieved();
    if let Some(task) = TaskRef::new(promise) {
        return task.cancel(error);
    }
    let pending = !promise.head().done();
    if pending {
        promise.fail(error, State::Cancelled);
    }
    pending
}

/// Writes asyncio's repr; `value` writes the ` result=...` of a promise that has one.
pub(crate) fn describe(
    promise: &Ref,
    f: &mut fmt::Formatter<'_>,
    value: impl FnOnce(&mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    let task = TaskRef::new(promise);
    let kind = match (&task, promise.heading::<GatherHead>()) {
        (Some(_), _) => "Task",
        (None, Some(_)) => "Gather",
        (None, None) => "Promise",
    };
    let state = match promise.head().state.get() {
        State::Pending if task.as_ref().is_some_and(|task| task.requests() > 0) => "cancelling",
        State::Pending => "pending",
        State::Cancelled => "cancelled",
        State::Value | State::Error | State::UnseenError => "finished",
    };
    write!(f, "<{kind} {state}")?;
    if let Some(task) = &task {
        write!(f, " name='{}' created at {}", task.name(), task.created_at)?;
        if let Some(parked) = task.parked() {
            write!(f, " waiting for {parked}")?;
        }
    }
    match promise.head().state.get() {
        State::Value => value(f)?,
        State::Error | State::UnseenError => {
            if let Some(error) = promise.error() {
                write!(f, " error={:?}", FirstLine(&error))?;
            }
        }
        State::Pending | State::Cancelled => {}
    }
    f.write_str(">")
}

/// An error on one line.
struct FirstLine<'a>(&'a Error);

impl fmt::Debug for FirstLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}('{}')", self.0.kind(), self.0.message())
    }
}

impl fmt::Debug for AnyPromise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        describe(&self.0, f, |_| Ok(()))
    }
}

/// The future of `(&any_promise).await`.
pub struct Settled(Waiting, AnyPromise);

impl Future for Settled {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Settled(waiting, promise) = &mut *self;
        std::task::ready!(waiting.poll(&promise.0, context))?;
        Poll::Ready(promise.error()?.map_or(Ok(()), Err))
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        self.0.leave(&self.1.0);
    }
}

impl IntoFuture for &AnyPromise {
    type Output = Result<()>;
    type IntoFuture = Settled;

    #[track_caller]
    fn into_future(self) -> Settled {
        Settled(Waiting::new(Location::caller()), self.clone())
    }
}
