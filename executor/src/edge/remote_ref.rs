//! `RemoteRef`: how other threads reach a value that stays in the loop's.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use crate::block::coroutine::Coroutine;
use crate::block::exception::ExceptionContext;
use crate::edge::remote::{self, RemoteHandle, RemoteTask};
use crate::ground::error::{Error, Result};
use crate::handle::event_loop::running_loop;
use crate::wheel::core::EventLoop;
use crate::wheel::current;

/// A value that stays in the loop's thread, for other threads to use there; from [`EventLoop::remote_ref`](crate::EventLoop::remote_ref).
///
/// The value need not be `Send`, but for that the reference is, and may be cloned: nothing of the value leaves the loop. What a thread wants
/// done with it, it sends there: a promise completed, an event set, a queue filled take a line each. While a reference exists the loop
/// never counts as deadlocked, and its virtual clock does not jump: something may still come through it.
///
/// When the last reference goes, in whichever thread, the value is dropped in the loop's, one hop after the calls that came before; when the
/// loop closes, then.
///
/// ```
/// use std::thread;
///
/// use kolo::{Promise, run, running_loop};
///
/// let answer = run(async {
///     let promise = Promise::new();
///     let there = running_loop().remote_ref(promise.clone());
///     thread::spawn(move || there.call(|promise| promise.set_result(42)));
///     promise.await
/// });
/// assert_eq!(answer.unwrap(), 42);
/// ```
pub struct RemoteRef<T> {
    deposit: Arc<Deposit>,
    /// Of exactly this type, and `Send` whatever that is: no value of it is here.
    value: PhantomData<fn(&T) -> &T>,
}

/// The value in the table of its loop. All references share it.
struct Deposit {
    remote: RemoteHandle,
    number: u64,
    /// Whoever used it last took it out of the table as well.
    taken_out: bool,
}

impl Drop for Deposit {
    fn drop(&mut self) {
        if self.taken_out {
            return;
        }
        let number = self.number;
        // A loop that is closed has dropped the value.
        let _ = self.remote.call_soon(move || drop(take_out(number)));
    }
}

/// The value with this number comes out of the table of the loop that asks for it.
fn take_out(number: u64) -> Option<Rc<dyn Any>> {
    current::running()?.0.deposits.remove(number)
}

impl AsRef<RemoteHandle> for Deposit {
    fn as_ref(&self) -> &RemoteHandle {
        &self.remote
    }
}

/// The error of a call, for which nobody waits.
fn report(outcome: Result<()>) {
    if let Err(error) = outcome {
        let report = ExceptionContext::of_callback(error);
        running_loop().call_exception_handler(&report);
    }
}

/// The value with this number, in the loop that asks for it.
fn value<T: 'static>(number: u64) -> Option<Rc<T>> {
    current::running()?.0.deposits.get(number)
}

impl<T: 'static> RemoteRef<T> {
    /// Calls `call` with the value in the loop's thread, soon: in the order of the calls of this thread, of whichever handles of the loop.
    /// It returns nothing, or a `Result`, whose error is reported to the loop's exception handler, as a panic is.
    ///
    /// # Errors
    /// Runtime, when the loop is closed; the closure is dropped here. A loop that closes before it comes to the call drops the closure.
    #[doc(alias = "call_soon_threadsafe")]
    #[track_caller]
    pub fn call<O: CallOutcome>(&self, call: impl FnOnce(&T) -> O + Send + 'static) -> Result<()> {
        let number = self.deposit.number;
        self.deposit.remote.call_soon(move || {
            let Some(value) = value(number) else { return };
            report(call(&value).into_result());
        })
    }

    /// [`call`](RemoteRef::call), after which the reference is gone. Of the last one this takes one hop in all, as no second letter has to tell
    /// of its end.
    #[track_caller]
    pub(crate) fn call_last(self, call: impl FnOnce(&T) -> Result<()> + Send + 'static) -> Result<()> {
        match Arc::try_unwrap(self.deposit) {
            Ok(deposit) => remote::call_last(deposit, move |mut deposit| {
                deposit.taken_out = true;
                let value = take_out(deposit.number).and_then(|value| value.downcast::<T>().ok());
                report(value.map_or(Ok(()), |value| call(&value)));
            }),
            Err(deposit) => {
                let value = PhantomData;
                RemoteRef { deposit, value }.call(call)
            }
        }
    }

    /// Makes a task in the loop's thread of the coroutine that `make` makes there with the value, and returns a handle to wait for its outcome in
    /// this thread: a queue that is full has the thread wait until there is room.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::thread;
    ///
    /// use kolo::{run, running_loop, sleep};
    ///
    /// run(async {
    ///     let count = running_loop().remote_ref(Cell::new(1));
    ///     let thread = thread::spawn(move || {
    ///         let doubled = count.spawn(|count| async move {
    ///             sleep(0.001).await?;
    ///             Ok(2 * count.get())
    ///         });
    ///         doubled.wait()
    ///     });
    ///     while !thread.is_finished() {
    ///         sleep(0.001).await?;
    ///     }
    ///     assert_eq!(thread.join().unwrap()?, 2);
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`RemoteHandle::spawn`].
    #[doc(alias = "run_coroutine_threadsafe")]
    #[track_caller]
    pub fn spawn<V, C>(&self, make: impl FnOnce(Rc<T>) -> C + Send + 'static) -> RemoteTask<V>
    where
        V: Send + 'static,
        C: Coroutine<Value = V> + 'static,
    {
        let number = self.deposit.number;
        self.deposit.remote.spawn(move || {
            let coroutine = value(number).map(make);
            async move {
                match coroutine {
                    Some(coroutine) => coroutine.await,
                    None => Err(Error::runtime("the value of a RemoteRef is gone: its loop was closed")),
                }
            }
        })
    }

    /// The handle of the loop, for what has nothing to do with the value.
    ///
    /// ```
    /// use std::thread;
    ///
    /// use kolo::{Event, run, running_loop};
    ///
    /// run(async {
    ///     let done = Event::new();
    ///     let there = running_loop().remote_ref(done.clone());
    ///     thread::spawn(move || {
    ///         there.remote().call_soon(|| println!("nearly there"))?;
    ///         there.call(|done| done.set())
    ///     });
    ///     done.wait().await?;
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn remote(&self) -> &RemoteHandle {
        &self.deposit.remote
    }
}

impl<T> Clone for RemoteRef<T> {
    fn clone(&self) -> Self {
        RemoteRef {
            deposit: self.deposit.clone(),
            value: PhantomData,
        }
    }
}

impl<T> fmt::Debug for RemoteRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<RemoteRef>")
    }
}

/// What a call from another thread, by [`RemoteRef::call`], may return: nothing, or whether it went well.
#[diagnostic::on_unimplemented(
    message = "a call from another thread returns nothing, or a `Result`, not `{Self}`",
    note = "nobody waits for what it returns: end the closure with `;`, or see `RemoteRef::spawn`"
)]
pub trait CallOutcome {
    /// What is to be reported.
    fn into_result(self) -> Result<()>;
}

impl CallOutcome for () {
    fn into_result(self) -> Result<()> {
        Ok(())
    }
}

impl<T, E: Into<Error>> CallOutcome for Result<T, E> {
    fn into_result(self) -> Result<()> {
        self.map(drop).map_err(Into::into)
    }
}

impl EventLoop {
    /// A reference to `value` for other threads. The value itself stays in this thread, and is dropped in it: when the last reference is gone, or
    /// the loop closes; at once, if that is closed already.
    ///
    /// A handle, such as a [`Promise`](crate::Promise), is cloned for this; anything else can be given in an `Rc`.
    ///
    /// ```
    /// use kolo::EventLoop;
    ///
    /// let event_loop = EventLoop::new()?;
    /// let words = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    /// let there = event_loop.remote_ref(words.clone());
    /// std::thread::spawn(move || there.call(|words| words.borrow_mut().push("hello"))).join().unwrap()?;
    /// event_loop.turn()?;
    /// assert_eq!(*words.borrow(), ["hello"]);
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn remote_ref<T: 'static>(&self, value: T) -> RemoteRef<T> {
        // Nobody asks a closed loop for it.
        let number = if self.is_closed() {
            0
        } else {
            self.0.deposits.put(Rc::new(value))
        };
        RemoteRef {
            deposit: Arc::new(Deposit {
                remote: self.remote(),
                number,
                taken_out: false,
            }),
            value: PhantomData,
        }
    }
}
