//! `AnyPromise`: a promise whose value's type is forgotten; what is the same for promises, tasks and gathers.

use std::fmt;

use crate::block::callback::{CallbackToken, DoneCallback};
use crate::block::head::{AnyPromise, Callback, CallbackKey, State};
use crate::block::raw::Ref;
use crate::block::task::TaskRef;
use crate::ground::error::{Error, Result};
use crate::wheel::current;
use crate::wheel::current_context;

impl AnyPromise {
    /// Whether it is done: it has a value or an error, or was cancelled.
    ///
    /// ```
    /// use kolo::{Error, Promise, run, sleep};
    ///
    /// run(async {
    ///     let (number, word) = (Promise::<u32>::new(), Promise::<String>::new());
    ///     let both = [number.as_any(), word.as_any()];
    ///     both[0].add_done_callback(|number| assert!(number.done()));
    ///     number.set_error(Error::value("bad"))?;
    ///     assert!(both[1].cancel());
    ///     sleep(0).await?;
    ///     assert!(both[1].cancelled());
    ///     assert!(both[0].has_unretrieved_error());
    ///     assert_eq!(both[0].error()?.unwrap().message(), "bad");
    ///     assert!(both[0].ptr_eq(&number.as_any()) && !both[0].ptr_eq(&both[1]));
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
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

    /// See [`Promise::cancel`](crate::Promise::cancel).
    #[doc(alias = "abort")]
    pub fn cancel(&self) -> bool {
        self.0.cancel(Error::cancelled())
    }

    /// See [`Promise::cancel_with`](crate::Promise::cancel_with).
    pub fn cancel_with(&self, message: impl Into<String>) -> bool {
        self.0.cancel(Error::cancelled_with(message.into()).without_place())
    }

    /// The error it is done with, if any; see [`Promise::error`](crate::Promise::error).
    ///
    /// # Errors
    /// The cancellation, if it was cancelled; InvalidState while it is pending.
    #[doc(alias = "exception")]
    #[track_caller]
    pub fn error(&self) -> Result<Option<Error>> {
        self.0.outcome_error()
    }

    /// Its outcome, without the value.
    pub(crate) fn outcome(&self) -> Result<()> {
        self.0.outcome_error()?.map_or(Ok(()), Err)
    }

    /// Whether both handles are of one promise.
    pub fn ptr_eq(&self, other: &AnyPromise) -> bool {
        self.0.ptr_eq(&other.0)
    }

    /// See [`Promise::add_done_callback`](crate::Promise::add_done_callback).
    ///
    /// # Panics
    /// When the promise belongs to no loop yet and none is running.
    #[track_caller]
    pub fn add_done_callback(&self, callback: impl FnOnce(&AnyPromise) + 'static) -> CallbackToken {
        if self.0.head().loop_id.get() == 0 {
            self.0.head().bind(current::expect("add_done_callback").0.id);
        }
        let (callback, token) = DoneCallback::new(current_context::current(), callback);
        self.0.add_callback(Callback::Call(Box::new(callback)));
        token
    }

    /// See [`Promise::remove_done_callback`](crate::Promise::remove_done_callback).
    pub fn remove_done_callback(&self, token: CallbackToken) -> bool {
        self.0.head().callbacks.remove(CallbackKey::Call(token)).is_some()
    }
}

/// Writes asyncio's repr; `value` writes the ` result=...` of a promise that has one.
pub(crate) fn describe(
    promise: &Ref,
    f: &mut fmt::Formatter<'_>,
    value: impl FnOnce(&mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    let task = TaskRef::new(promise);
    let state = match promise.head().state.get() {
        State::Pending if task.as_ref().is_some_and(|task| task.flags.is_requested()) => "cancelling",
        State::Pending => "pending",
        State::Cancelled => "cancelled",
        State::Value | State::Error | State::UnseenError => "finished",
    };
    write!(f, "<{} {state}", promise.kind_name())?;
    if let Some(task) = &task {
        write!(f, " name='{}' created at {}", task.name(), task.created_at)?;
        if let Some(site) = task.parked_at() {
            f.write_str(" waiting for ")?;
            if let Some(promise) = task.waiting_on() {
                // Only the name: two tasks that wait for each other would describe each other without end.
                match TaskRef::new(&promise) {
                    Some(task) => write!(f, "task '{}' at ", task.name())?,
                    None => write!(f, "{:?} at ", AnyPromise(promise))?,
                }
            }
            write!(f, "{site}")?;
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
