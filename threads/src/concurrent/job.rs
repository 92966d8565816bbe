//! `Job`: what a thread waits for.

use std::any::type_name;
use std::fmt;
use std::mem;
use std::panic::Location;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kolo_executor::primitive::say;
use kolo_executor::{Error, Result};

/// A call that a pool was given, and what it comes to, for threads to wait for. A handle: clones are the same job. Mirrors
/// `concurrent.futures.Future`.
///
/// Its methods block the thread; a task awaits [`wrap_future`](crate::wrap_future) of it.
///
/// ```
/// use std::time::Duration;
///
/// use kolo::{Kind, ThreadPoolExecutor};
///
/// let pool = ThreadPoolExecutor::new();
/// let job = pool.submit(|| Ok(7 * 7))?;
/// assert_eq!(job.result()?, 49);
/// assert!(job.done() && !job.cancelled());
/// assert_eq!(job.wait_timeout(Duration::ZERO)?, ()); // it is done: nothing to wait for
/// # Ok::<(), kolo::Error>(())
/// ```
#[doc(alias = "Future")]
pub struct Job<T>(Arc<Shared<T>>);

struct Shared<T> {
    inner: Mutex<Inner<T>>,
    done: Condvar,
}

struct Inner<T> {
    state: State<T>,
    callbacks: Vec<Callback<T>>,
}

type Callback<T> = Box<dyn FnOnce(&Job<T>) + Send>;

enum State<T> {
    Pending,
    Running,
    Cancelled,
    Finished(Result<T>),
    /// It is done, and whoever took the result has it.
    Taken,
}

impl<T> State<T> {
    fn is_done(&self) -> bool {
        !matches!(self, State::Pending | State::Running)
    }

    fn name(&self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Running => "running",
            State::Cancelled => "cancelled",
            State::Finished(_) | State::Taken => "finished",
        }
    }
}

impl<T> Job<T> {
    /// A job that nobody has begun, for authors of executors. Mirrors `Future()`.
    ///
    /// ```
    /// use kolo::concurrent::Job;
    ///
    /// let job = Job::new();
    /// assert!(job.set_running_or_notify_cancel());
    /// job.complete(Ok(42))?;
    /// assert_eq!(job.result()?, 42);
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn new() -> Job<T> {
        let inner = Inner {
            state: State::Pending,
            callbacks: Vec::new(),
        };
        Job(Arc::new(Shared {
            inner: Mutex::new(inner),
            done: Condvar::new(),
        }))
    }

    fn inner(&self) -> MutexGuard<'_, Inner<T>> {
        // No job and no callback runs under the lock; a `clone` of a result that panics leaves all as it was.
        self.0.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Blocks until it is done; `None` if that takes longer.
    fn settled(&self, deadline: Option<Instant>) -> Option<MutexGuard<'_, Inner<T>>> {
        let mut inner = self.inner();
        while !inner.state.is_done() {
            inner = match deadline {
                None => self.0.done.wait(inner).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return None;
                    }
                    let waited = self.0.done.wait_timeout(inner, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        Some(inner)
    }

    /// Blocks until it is done, whatever comes of it.
    ///
    /// ```
    /// use std::sync::mpsc::channel;
    /// use std::time::Duration;
    ///
    /// use kolo::{Error, Kind, ThreadPoolExecutor};
    ///
    /// let pool = ThreadPoolExecutor::new().max_workers(1)?;
    /// let (send, receive) = channel();
    /// let first = pool.submit(move || receive.recv().map_err(Error::from))?;
    /// let second = pool.submit(|| Ok("never"))?;
    /// assert!(second.cancel()); // it has not begun
    /// assert!(second.done() && second.cancelled() && !second.running());
    /// assert_eq!(first.result_timeout(Duration::ZERO).unwrap_err().kind(), Kind::Timeout);
    /// first.add_done_callback(|job| println!("{:?}", job.error())); // Ok(None)
    /// send.send("hello").unwrap();
    /// first.wait();
    /// assert!(first.error()?.is_none());
    /// assert_eq!(first.take_result()?, "hello"); // once
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn wait(&self) {
        drop(self.settled(None));
    }

    /// Blocks until it is done, whatever comes of it, for so long at the most.
    ///
    /// # Errors
    /// Timeout, when it is not done in time. It goes on.
    pub fn wait_timeout(&self, timeout: Duration) -> Result<()> {
        match self.settled(Instant::now().checked_add(timeout)) {
            Some(_) => Ok(()),
            None => Err(Error::timeout().without_place()),
        }
    }

    /// Blocks until it is done, and returns a clone of what the job returned. Mirrors `Future.result`.
    ///
    /// # Errors
    /// The job's own; Cancelled, when it was cancelled; InvalidState, when the result was taken.
    #[track_caller]
    pub fn result(&self) -> Result<T>
    where
        T: Clone,
    {
        self.copied(Location::caller())
    }

    /// [`result`](Job::result), which waits for so long at the most. Mirrors `Future.result(timeout)`.
    ///
    /// # Errors
    /// As `result`; Timeout, when it is not done in time. It goes on.
    #[track_caller]
    pub fn result_timeout(&self, timeout: Duration) -> Result<T>
    where
        T: Clone,
    {
        let site = Location::caller();
        self.wait_timeout(timeout)?;
        self.copied(site)
    }

    fn copied(&self, site: &'static Location<'static>) -> Result<T>
    where
        T: Clone,
    {
        match self.settled(None).as_deref().map(|inner| &inner.state) {
            Some(State::Finished(outcome)) => outcome.clone(),
            Some(State::Cancelled) => Err(Error::cancelled()),
            _ => Err(taken(site)),
        }
    }

    /// Blocks until it is done, and returns what the job returned, once: for values that cannot be cloned.
    ///
    /// # Errors
    /// As [`result`](Job::result). An error is not taken: it comes again.
    #[track_caller]
    pub fn take_result(&self) -> Result<T> {
        let Some(mut inner) = self.settled(None) else {
            return Err(taken(Location::caller()));
        };
        match mem::replace(&mut inner.state, State::Taken) {
            State::Finished(Ok(value)) => Ok(value),
            State::Finished(Err(error)) => {
                inner.state = State::Finished(Err(error.clone()));
                Err(error)
            }
            State::Cancelled => {
                inner.state = State::Cancelled;
                Err(Error::cancelled())
            }
            _ => Err(taken(Location::caller())),
        }
    }

    /// Blocks until it is done, and returns the job's error, or `None` if it went well. Mirrors `Future.exception`.
    ///
    /// # Errors
    /// Cancelled, when it was cancelled.
    pub fn error(&self) -> Result<Option<Error>> {
        match self.settled(None).as_deref().map(|inner| &inner.state) {
            Some(State::Finished(Err(error))) => Ok(Some(error.clone())),
            Some(State::Cancelled) => Err(Error::cancelled()),
            _ => Ok(None),
        }
    }

    /// Whether the job is running now. Mirrors `Future.running`.
    pub fn running(&self) -> bool {
        matches!(self.inner().state, State::Running)
    }

    /// Whether the job has ended, or was cancelled. Mirrors `Future.done`.
    pub fn done(&self) -> bool {
        self.inner().state.is_done()
    }

    /// Whether it was cancelled. Mirrors `Future.cancelled`.
    pub fn cancelled(&self) -> bool {
        matches!(self.inner().state, State::Cancelled)
    }

    /// Cancels it, unless the job is running or has ended: then it never runs. Whether it is cancelled. Mirrors `Future.cancel`.
    pub fn cancel(&self) -> bool {
        let mut inner = self.inner();
        match inner.state {
            State::Running | State::Finished(_) | State::Taken => return false,
            State::Cancelled => return true,
            State::Pending => {}
        }
        inner.state = State::Cancelled;
        self.tell(inner);
        true
    }

    /// Calls `callback` once it is done: in the thread that ends it, or here and now, if it is done already. Several are called in the order
    /// in which they were added. Mirrors `Future.add_done_callback`.
    ///
    /// A panic of the callback is told of on standard error.
    pub fn add_done_callback(&self, callback: impl FnOnce(&Job<T>) + Send + 'static) {
        let mut inner = self.inner();
        if inner.state.is_done() {
            drop(inner);
            self.call(Box::new(callback));
        } else {
            inner.callbacks.push(Box::new(callback));
        }
    }

    /// It begins, unless it was cancelled: then `false`, and the call is not to be made. For authors of executors. Mirrors
    /// `Future.set_running_or_notify_cancel`.
    pub fn set_running_or_notify_cancel(&self) -> bool {
        let mut inner = self.inner();
        let begins = matches!(inner.state, State::Pending);
        if begins {
            inner.state = State::Running;
        }
        begins
    }

    /// It has ended, with what the call has come to. For authors of executors. Mirrors `Future.set_result` and `Future.set_exception`.
    ///
    /// # Errors
    /// InvalidState, when it is done already, or was cancelled.
    #[doc(alias("set_result", "set_exception"))]
    #[track_caller]
    pub fn complete(&self, outcome: Result<T>) -> Result<()> {
        let mut inner = self.inner();
        if inner.state.is_done() {
            drop(inner);
            return Err(Error::invalid_state(format!("{self:?} is done already")).at(Location::caller()));
        }
        inner.state = State::Finished(outcome);
        self.tell(inner);
        Ok(())
    }

    fn tell(&self, mut inner: MutexGuard<'_, Inner<T>>) {
        let callbacks = mem::take(&mut inner.callbacks);
        drop(inner);
        self.0.done.notify_all();
        callbacks.into_iter().for_each(|callback| self.call(callback));
    }

    fn call(&self, callback: Callback<T>) {
        if let Err(panic) = Error::catch(|| {
            callback(self);
            Ok(())
        }) {
            say(format_args!("exception calling callback for {self:?}: {panic}"));
        }
    }

    /// By which it is known from others, as long as it lives.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

fn taken(site: &'static Location<'static>) -> Error {
    Error::invalid_state("the result of the job was taken already").at(site)
}

impl<T> Default for Job<T> {
    fn default() -> Self {
        Job::new()
    }
}

impl<T> Clone for Job<T> {
    fn clone(&self) -> Self {
        Job(self.0.clone())
    }
}

impl<T> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.inner();
        write!(f, "<Job state={}", inner.state.name())?;
        match &inner.state {
            State::Finished(Ok(_)) | State::Taken => write!(f, " returned {}>", type_name::<T>()),
            State::Finished(Err(error)) => write!(f, " raised {:?}>", error.kind()),
            _ => f.write_str(">"),
        }
    }
}
