//! `Completer`: one value, from another thread.

use std::fmt;

use crate::edge::remote_ref::RemoteRef;
use crate::ground::error::{Error, Result};
use crate::handle::promise::Promise;
use crate::wheel::core::EventLoop;

/// What completes a promise from another thread, once; from [`EventLoop::remote_promise`](crate::EventLoop::remote_promise).
///
/// Dropped unused, because its thread has panicked for example, it fails the promise: whoever awaits it is not left waiting. While it exists
/// the loop never counts as deadlocked, and its virtual clock does not jump.
///
/// ```
/// use std::thread;
///
/// use kolo::{Completer, Result, run, running_loop};
///
/// fn work(completer: Completer<u32>) -> Result<()> {
///     completer.complete("42".parse().map_err(Into::into)) // the value, or what went wrong
/// }
///
/// let answer = run(async {
///     let (completer, answer) = running_loop().remote_promise();
///     thread::spawn(move || work(completer));
///     answer.await
/// });
/// assert_eq!(answer.unwrap(), 42);
/// ```
#[doc(alias("Sender", "oneshot"))]
#[must_use = "dropped, it fails the promise"]
pub struct Completer<T: 'static>(Option<RemoteRef<Promise<T>>>);

impl<T: Send + 'static> Completer<T> {
    /// Completes the promise with a value.
    ///
    /// It is done once the loop comes to it. A promise that has been cancelled meanwhile, because nobody wants the value any more, stays so.
    ///
    /// # Errors
    /// Runtime, when the loop is closed; the value is dropped here.
    #[track_caller]
    pub fn set_result(self, value: T) -> Result<()> {
        self.complete(Ok(value))
    }

    /// Completes the promise with an error.
    ///
    /// ```
    /// use std::thread;
    ///
    /// use kolo::{Error, Kind, run, running_loop};
    ///
    /// run(async {
    ///     let (completer, answer) = running_loop().remote_promise::<u32>();
    ///     thread::spawn(move || completer.set_error(Error::value("no answer")));
    ///     assert_eq!(answer.await.unwrap_err().kind(), Kind::Value);
    ///
    ///     let (completer, answer) = running_loop().remote_promise::<u32>();
    ///     thread::spawn(move || completer.cancel());
    ///     assert!(answer.await.unwrap_err().is_cancelled());
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`set_result`](Completer::set_result).
    #[doc(alias = "set_exception")]
    #[track_caller]
    pub fn set_error(self, error: impl Into<Error>) -> Result<()> {
        self.complete(Err(error.into()))
    }

    /// Cancels the promise.
    ///
    /// # Errors
    /// As [`set_result`](Completer::set_result).
    #[track_caller]
    pub fn cancel(mut self) -> Result<()> {
        let promise = self.0.take();
        promise.map_or(Ok(()), |promise| {
            promise.call_last(|promise| {
                promise.cancel();
                Ok(())
            })
        })
    }

    /// Completes the promise with what a computation has come to.
    ///
    /// # Errors
    /// As [`set_result`](Completer::set_result).
    #[track_caller]
    pub fn complete(mut self, outcome: Result<T>) -> Result<()> {
        let promise = self.0.take();
        promise.map_or(Ok(()), |promise| promise.call_last(move |promise| settle(promise, outcome)))
    }
}

impl<T: 'static> Drop for Completer<T> {
    fn drop(&mut self) {
        if let Some(promise) = self.0.take() {
            // A closed loop has nobody who waits.
            let _ = promise.call_last(|promise| settle(promise, Err(gone())));
        }
    }
}

/// Runs in the loop's thread.
fn settle<T: 'static>(promise: &Promise<T>, outcome: Result<T>) -> Result<()> {
    match outcome {
        _ if promise.done() => Ok(()),
        Ok(value) => promise.set_result(value),
        Err(error) => promise.set_error(error),
    }
}

fn gone() -> Error {
    Error::runtime("the Completer of this promise was dropped unused: has its thread panicked, or returned early?")
}

impl<T: 'static> fmt::Debug for Completer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<Completer>")
    }
}

impl EventLoop {
    /// A promise of this loop, and what completes it from another thread: for one value, from one thread.
    ///
    /// ```
    /// use std::thread;
    ///
    /// use kolo::{run, running_loop};
    ///
    /// let answer = run(async {
    ///     let (completer, promise) = running_loop().remote_promise();
    ///     thread::spawn(move || completer.set_result(6 * 7));
    ///     promise.await
    /// });
    /// assert_eq!(answer.unwrap(), 42);
    /// ```
    ///
    /// A thread that ends without a value fails the promise:
    ///
    /// ```
    /// use std::thread;
    ///
    /// use kolo::{Kind, run, running_loop};
    ///
    /// let outcome = run(async {
    ///     let (completer, promise) = running_loop().remote_promise::<u32>();
    ///     thread::spawn(move || drop(completer));
    ///     promise.await
    /// });
    /// assert_eq!(outcome.unwrap_err().kind(), Kind::Runtime);
    /// ```
    #[doc(alias("oneshot", "channel"))]
    pub fn remote_promise<T: 'static>(&self) -> (Completer<T>, Promise<T>) {
        let promise = self.create_promise();
        (Completer(Some(self.remote_ref(promise.clone()))), promise)
    }
}
