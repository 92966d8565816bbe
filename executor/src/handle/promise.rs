//! `Promise`: what asyncio calls Future. The one thing that anything in kolo suspends on.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::rc::Rc;

use crate::block::callback::CallbackToken;
use crate::block::head::{AnyPromise, State};
use crate::block::raw::{self, Head, TypedRef};
use crate::ground::error::{Awaited, Error, Place, Result};
use crate::handle::any_promise;
use crate::wheel::cancel::Plain;
use crate::wheel::current;

/// A result that will be there later: pending, then a value, an error, or cancelled. Mirrors `asyncio.Future`.
///
/// A handle: clones are the same promise. Awaiting a `Promise` moves the value out, so that one awaiter gets it; awaiting a
/// `&Promise` clones it, for as many as like (`T: Clone`). Errors reach everybody. A promise belongs to the loop in which it was
/// made or first waited for.
///
/// An error that nobody ever looks at is reported to the loop's exception handler when the last handle goes.
///
/// # Errors
/// An await fails with the promise's error, or with its cancellation; with InvalidState, when somebody else has moved the value out; with Runtime, when
/// the promise belongs to another loop, or none runs.
///
/// # Cancel safety
/// Cancelling a task that awaits a promise cancels the promise; [`shield`](crate::shield) cuts that.
///
/// ```
/// use kolo::{Promise, create_task, run};
///
/// let answer = run(async {
///     let promise = Promise::new();
///     let setter = promise.clone();
///     create_task(async move { setter.set_result(42) });
///     promise.await
/// });
/// assert_eq!(answer.unwrap(), 42);
/// ```
///
/// A promise is a handle and no future: combinators of other crates (`select!`, `join_all`, `FuturesUnordered`, `race`) are given its future,
/// [`into_future`](IntoFuture::into_future), which `.await` calls by itself:
///
/// ```
/// use futures_util::future::select_all;
/// use kolo::{Promise, run};
///
/// run(async {
///     let promises = [Promise::new(), Promise::new()];
///     promises[1].set_result("second")?;
///     let (value, index, _) = select_all(promises.iter().map(|promise| promise.into_future())).await;
///     assert_eq!((value?, index), ("second", 1));
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// Values go in and come out, as with a `Cell<T>`. Were it covariant, what goes in as one type could come out as another:
///
/// ```compile_fail,E0308
/// fn coerce(promise: kolo::Promise<for<'a> fn(&'a str)>) -> kolo::Promise<fn(&'static str)> {
///     promise
/// }
/// ```
#[doc(alias("Future", "oneshot"))]
pub struct Promise<T> {
    pub(crate) block: TypedRef<T>,
    not_send: PhantomData<Rc<()>>,
}

impl<T> Clone for Promise<T> {
    fn clone(&self) -> Self {
        Promise::from_block(self.block.clone())
    }
}

impl<T: 'static> Default for Promise<T> {
    fn default() -> Self {
        Promise::new()
    }
}

impl<T> Promise<T> {
    pub(crate) fn from_block(block: TypedRef<T>) -> Self {
        Promise {
            block,
            not_send: PhantomData,
        }
    }

    pub(crate) fn head(&self) -> &Head {
        self.block.erased().head()
    }

    /// This promise without its type.
    ///
    /// ```
    /// use kolo::{Promise, run};
    ///
    /// run(async {
    ///     let promise = Promise::<u32>::new();
    ///     let other = promise.clone();
    ///     assert!(promise.ptr_eq(&other) && !promise.done());
    ///     assert!(other.cancel_with("nobody asks any more"));
    ///     assert!(!other.cancel()); // it was done already
    ///     assert!(promise.done() && promise.cancelled() && !promise.has_unretrieved_error());
    ///     let any = promise.as_any(); // beside promises of other types in one list
    ///     assert_eq!(any.error().unwrap_err().message(), "nobody asks any more");
    ///     assert!(any.downcast::<u32>().is_some() && any.downcast::<String>().is_none());
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn as_any(&self) -> AnyPromise {
        AnyPromise(self.block.erased().clone())
    }

    /// Whether it is done: it has a value or an error, or was cancelled.
    #[doc(alias = "is_finished")]
    pub fn done(&self) -> bool {
        self.head().done()
    }

    /// Whether it was cancelled.
    #[doc(alias = "is_cancelled")]
    pub fn cancelled(&self) -> bool {
        self.head().cancelled()
    }

    /// Whether it is done with an error that nobody has looked at: dropping the last handle now would report it.
    pub fn has_unretrieved_error(&self) -> bool {
        self.head().has_unretrieved_error()
    }

    /// Whether both handles are of one promise.
    pub fn ptr_eq(&self, other: &Promise<T>) -> bool {
        self.block.erased().ptr_eq(other.block.erased())
    }

    /// Cancels it, and so wakes whoever awaits it with [`Kind::Cancelled`](crate::Kind::Cancelled). On a task this is a request, see
    /// [`Task`](crate::Task). Returns `false` when it was done already. Mirrors `Future.cancel`.
    #[doc(alias = "abort")]
    pub fn cancel(&self) -> bool {
        self.block.erased().cancel(Error::cancelled())
    }

    /// [`cancel`](Promise::cancel) with a message, which the cancellation error carries. Mirrors `Future.cancel(msg=...)`.
    #[doc(alias = "msg")]
    pub fn cancel_with(&self, message: impl Into<String>) -> bool {
        self.block
            .erased()
            .cancel(Error::cancelled_with(message.into()).without_place())
    }

    /// The error it is done with, if any. Looking at it counts as retrieving it. Mirrors `Future.exception`.
    ///
    /// # Errors
    /// The cancellation, if it was cancelled; InvalidState while it is pending.
    #[doc(alias = "exception")]
    #[track_caller]
    pub fn error(&self) -> Result<Option<Error>> {
        self.block.erased().outcome_error()
    }
}

impl<T: 'static> Promise<T> {
    /// A new, pending promise. It becomes a promise of the running loop, or else of the loop that first waits for it. Mirrors
    /// `loop.create_future()`.
    #[doc(alias = "create_future")]
    pub fn new() -> Self {
        let promise = Promise::unbound();
        current::with_running(|running| running.map(|event_loop| promise.head().bind(event_loop.0.id)));
        promise
    }

    pub(crate) fn unbound() -> Self {
        Promise::from_block(raw::allocate_promise(Plain))
    }

    /// Completes it with a value. Mirrors `Future.set_result`.
    ///
    /// # Errors
    /// InvalidState when it is done already; Runtime when it is a task or another promise whose outcome the loop decides. The
    /// state does not change.
    #[track_caller]
    pub fn set_result(&self, value: T) -> Result<()> {
        self.settable("set_result")?;
        self.block.fulfil(value);
        Ok(())
    }

    /// Completes it with an error; a cancellation makes it *fail with* that error, it does not count as cancelled. Mirrors
    /// `Future.set_exception`.
    ///
    /// ```
    /// use kolo::{Error, Promise, run};
    ///
    /// run(async {
    ///     let promise = Promise::<u32>::new();
    ///     promise.set_error(Error::value("bad"))?;
    ///     assert_eq!(promise.error()?.unwrap().message(), "bad");
    ///     assert!(promise.set_result(42).is_err()); // it is done
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`set_result`](Promise::set_result).
    #[doc(alias = "set_exception")]
    #[track_caller]
    pub fn set_error(&self, error: impl Into<Error>) -> Result<()> {
        self.settable("set_error")?;
        self.block.erased().fail(error.into(), State::UnseenError);
        Ok(())
    }

    #[track_caller]
    fn settable(&self, operation: &str) -> Result<()> {
        if self.block.erased().is_open() && !self.done() {
            return Ok(());
        }
        Err(self.not_settable(operation))
    }

    #[cold]
    #[track_caller]
    fn not_settable(&self, operation: &str) -> Error {
        let any = self.as_any();
        match self.block.erased().is_open() {
            true => Error::invalid_state(format!("invalid state: {any:?}")),
            false => Error::runtime(format!("{any:?} does not support {operation}: its outcome is its own")),
        }
    }

    /// A copy of the outcome. Mirrors `Future.result`.
    ///
    /// ```
    /// use kolo::{Kind, Promise, run};
    ///
    /// run(async {
    ///     let promise = Promise::new();
    ///     assert_eq!(promise.result().unwrap_err().kind(), Kind::InvalidState); // not done
    ///     promise.set_result("there".to_owned())?;
    ///     assert_eq!(promise.result()?, "there");
    ///     assert_eq!(promise.take_result()?, "there");
    ///     assert_eq!(promise.result().unwrap_err().kind(), Kind::InvalidState); // taken
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// The error it is done with, or the cancellation; InvalidState while it is pending, and when the value was moved out.
    #[track_caller]
    pub fn result(&self) -> Result<T>
    where
        T: Clone,
    {
        let outcome = self.cloned_at(Some(Location::caller()));
        self.block.erased().hand_out(outcome, Awaited::Unknown)
    }

    /// A copy of the outcome. What is wrong to ask for counts as asked for at `place`.
    pub(crate) fn cloned_at(&self, place: Place) -> Result<T>
    where
        T: Clone,
    {
        let value = self.is_value().then(|| self.peek(|value| value.cloned())).flatten();
        value.ok_or_else(|| self.failure(place))
    }

    fn is_value(&self) -> bool {
        self.head().state.get() == State::Value
    }

    /// Shows the value to `look`, which may be user code: it is out of the slot meanwhile, and seen as moved out.
    fn peek<R>(&self, look: impl FnOnce(Option<&T>) -> R) -> R {
        struct PutBack<'a, T>(&'a TypedRef<T>, Option<T>);
        impl<T> Drop for PutBack<'_, T> {
            fn drop(&mut self) {
                if let Some(value) = self.1.take() {
                    self.0.put(value);
                }
            }
        }
        let value = PutBack(&self.block, self.block.take());
        look(value.1.as_ref())
    }

    /// Moves the outcome out; errors are copied and stay for others.
    ///
    /// # Errors
    /// As [`result`](Promise::result).
    #[track_caller]
    pub fn take_result(&self) -> Result<T> {
        let outcome = self.taken_at(Some(Location::caller()));
        self.block.erased().hand_out(outcome, Awaited::Unknown)
    }

    /// Moves the outcome out. What is wrong to ask for counts as asked for at `place`.
    pub(crate) fn taken_at(&self, place: Place) -> Result<T> {
        self.take_value().ok_or_else(|| self.failure(place))
    }

    /// Moves the value out, if there is one.
    #[inline]
    pub(crate) fn take_value(&self) -> Option<T> {
        self.is_value().then(|| self.block.take()).flatten()
    }

    /// Why it gives no value.
    #[inline]
    pub(crate) fn failure(&self, place: Place) -> Error {
        if !self.done() {
            return Error::invalid_state("Result is not set.").placed(place);
        }
        self.head().mark_retrieved();
        self.block.erased().error().unwrap_or_else(|| moved_out(place))
    }

    /// Calls `callback` with this promise, one hop after it is done; callbacks run in the order in which they were added. On a
    /// promise that is done already it is called one hop from now. It runs in a copy of the current context. Mirrors
    /// `Future.add_done_callback`.
    ///
    /// A callback that panics is reported to the exception handler; the others still run.
    ///
    /// ```
    /// use kolo::{Promise, run, sleep};
    ///
    /// run(async {
    ///     let promise = Promise::new();
    ///     promise.add_done_callback(|promise| println!("{:?}", promise.result())); // Ok(42)
    ///     promise.set_result(42)?;
    ///     sleep(0).await // now it has been called
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Panics
    /// When the promise belongs to no loop yet and none is running.
    #[track_caller]
    pub fn add_done_callback(&self, callback: impl FnOnce(&Promise<T>) + 'static) -> CallbackToken {
        self.as_any().add_done_callback(move |any| {
            if let Some(promise) = any.downcast() {
                callback(&promise);
            }
        })
    }

    /// Takes a callback back. `false` when it has been moved to the ready queue already, or was removed before. Mirrors
    /// `Future.remove_done_callback`.
    ///
    /// ```
    /// use kolo::{Promise, run};
    ///
    /// run(async {
    ///     let promise = Promise::new();
    ///     let token = promise.add_done_callback(|_| unreachable!("it is taken back"));
    ///     assert!(promise.remove_done_callback(token));
    ///     promise.set_result(42)
    /// })
    /// .unwrap();
    /// ```
    pub fn remove_done_callback(&self, token: CallbackToken) -> bool {
        self.as_any().remove_done_callback(token)
    }
}

impl AnyPromise {
    /// The promise with its type, if its value is a `T`.
    pub fn downcast<T: 'static>(&self) -> Option<Promise<T>> {
        self.0.downcast().map(Promise::from_block)
    }
}

#[cold]
fn moved_out(place: Place) -> Error {
    let message = "the result was already moved out; await a reference (`(&promise).await`) to get a copy of it";
    Error::invalid_state(message).placed(place)
}

/// `<Promise pending>`, `<Promise finished result=5>`, `<Promise cancelled>`: asyncio's words.
impl<T: fmt::Debug + 'static> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        any_promise::describe(self.block.erased(), f, |f| {
            self.peek(|value| match value {
                Some(value) => write!(f, " result={value:?}"),
                None => Ok(()),
            })
        })
    }
}
