//! `wait` and `as_completed`: several futures.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use kolo_executor::{Error, Result, ReturnWhen};

use crate::concurrent::future::Future;

/// Those that are done, and those that are not, each in the order in which they were given; from [`wait`].
#[derive(Debug)]
pub struct Waited<T> {
    /// Ended or cancelled.
    pub done: Vec<Future<T>>,
    /// Not yet.
    pub not_done: Vec<Future<T>>,
}

/// Blocks until all of the futures are done, or as many as `return_when` says, for so long at the most. Mirrors `concurrent.futures.wait`.
///
/// A future that is given twice is returned once. When the time is up nothing is cancelled, and no error tells of it.
///
/// ```
/// use kolo::{ReturnWhen, ThreadPoolExecutor, concurrent};
///
/// let pool = ThreadPoolExecutor::new();
/// let jobs = [pool.submit(|| Ok(1))?, pool.submit(|| Ok(2))?];
/// let waited = concurrent::wait(&jobs, None, ReturnWhen::AllCompleted);
/// assert_eq!((waited.done.len(), waited.not_done.len()), (2, 0));
/// # Ok::<(), kolo::Error>(())
/// ```
pub fn wait<'a, T: Send + 'static>(
    futures: impl IntoIterator<Item = &'a Future<T>>,
    timeout: Option<Duration>,
    return_when: ReturnWhen,
) -> Waited<T> {
    let futures = each_once(futures);
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let failed = |future: &Future<T>| matches!(future.error(), Ok(Some(_)));
    let enough = |future: &Future<T>| match return_when {
        ReturnWhen::FirstCompleted => true,
        ReturnWhen::FirstException => failed(future),
        ReturnWhen::AllCompleted => false,
    };
    let mut is_over = futures.iter().any(|future| future.done() && enough(future));
    let mut ends = Ends::of(futures.clone());
    while !is_over {
        is_over = ends.next(deadline).is_none_or(|future| enough(&future));
    }
    let (done, not_done) = futures.into_iter().partition(Future::done);
    Waited { done, not_done }
}

/// The futures, each as soon as it is done. Mirrors `concurrent.futures.as_completed`. The iterator blocks; a future that is given twice comes once.
pub fn as_completed<'a, T: Send + 'static>(futures: impl IntoIterator<Item = &'a Future<T>>) -> AsCompleted<T> {
    AsCompleted(Ends::of(each_once(futures)))
}

/// The iterator of [`as_completed`].
#[must_use = "iterators do nothing unless they are asked"]
pub struct AsCompleted<T>(Ends<T>);

impl<T: Send + 'static> AsCompleted<T> {
    /// The next one, or `None` after the last, if it comes in time. The limit of `as_completed(timeout=...)` is for all; this is for one.
    ///
    /// # Errors
    /// Timeout, `2 (of 3) futures unfinished`.
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<Future<T>>> {
        let ends = &mut self.0;
        match ends.next(Instant::now().checked_add(timeout)) {
            None if ends.left > 0 => {
                let text = format!("{} (of {}) futures unfinished", ends.left, ends.all);
                Err(Error::new(kolo_executor::Kind::Timeout, text).without_place())
            }
            next => Ok(next),
        }
    }
}

impl<T> Iterator for AsCompleted<T> {
    type Item = Future<T>;

    fn next(&mut self) -> Option<Future<T>> {
        self.0.next(None)
    }
}

impl<T> std::fmt::Debug for AsCompleted<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<AsCompleted {} of {} left>", self.0.left, self.0.all)
    }
}

/// The ends of several futures, in the order in which they come.
struct Ends<T> {
    told: Receiver<Future<T>>,
    left: usize,
    all: usize,
}

impl<T: Send + 'static> Ends<T> {
    fn of(futures: Vec<Future<T>>) -> Ends<T> {
        let (tell, told) = channel();
        let all = futures.len();
        for future in futures {
            let tell = tell.clone();
            // Nobody may be left who wants to know.
            future.add_done_callback(move |future| drop(tell.send(future.clone())));
        }
        Ends { told, left: all, all }
    }
}

impl<T> Ends<T> {
    /// The next one; `None` when there is none left, or none in time.
    fn next(&mut self, deadline: Option<Instant>) -> Option<Future<T>> {
        let next = match deadline {
            None => self.told.recv().ok(),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                self.told.recv_timeout(left).ok()
            }
        }?;
        self.left -= 1;
        Some(next)
    }
}

/// Python takes a set of them; there are a few at a time, or they are all different.
fn each_once<'a, T: 'static>(futures: impl IntoIterator<Item = &'a Future<T>>) -> Vec<Future<T>> {
    let mut seen = std::collections::HashSet::new();
    let mut once = Vec::new();
    for future in futures {
        if seen.insert(future.address()) {
            once.push(future.clone());
        }
    }
    once
}
