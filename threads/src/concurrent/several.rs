//! `wait` and `as_completed`: several jobs.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use kolo_executor::{Error, Result, ReturnWhen};

use crate::concurrent::job::Job;

/// Those that are done, and those that are not, each in the order in which they were given; from [`wait`].
#[derive(Debug)]
pub struct Waited<T> {
    /// Ended or cancelled.
    pub done: Vec<Job<T>>,
    /// Not yet.
    pub not_done: Vec<Job<T>>,
}

/// Blocks until all of the jobs are done, or as many as `return_when` says, for so long at the most. Mirrors `concurrent.futures.wait`.
///
/// A job that is given twice is returned once. When the time is up nothing is cancelled, and no error tells of it.
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
    jobs: impl IntoIterator<Item = &'a Job<T>>,
    timeout: Option<Duration>,
    return_when: ReturnWhen,
) -> Waited<T> {
    let jobs = each_once(jobs);
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let failed = |job: &Job<T>| matches!(job.error(), Ok(Some(_)));
    let enough = |job: &Job<T>| match return_when {
        ReturnWhen::FirstCompleted => true,
        ReturnWhen::FirstException => failed(job),
        ReturnWhen::AllCompleted => false,
    };
    let mut is_over = jobs.iter().any(|job| job.done() && enough(job));
    let mut ends = Ends::of(jobs.clone());
    while !is_over {
        is_over = ends.next(deadline).is_none_or(|job| enough(&job));
    }
    let (done, not_done) = jobs.into_iter().partition(Job::done);
    Waited { done, not_done }
}

/// The jobs, each as soon as it is done. Mirrors `concurrent.jobs.as_completed`. The iterator blocks; a job that is given twice comes once.
///
/// ```
/// use kolo::{ThreadPoolExecutor, concurrent};
///
/// let pool = ThreadPoolExecutor::new();
/// let jobs = [pool.submit(|| Ok(1))?, pool.submit(|| Ok(2))?];
/// let mut sum = 0;
/// for job in concurrent::as_completed(&jobs) {
///     sum += job.result()?;
/// }
/// assert_eq!(sum, 3);
/// # Ok::<(), kolo::Error>(())
/// ```
pub fn as_completed<'a, T: Send + 'static>(jobs: impl IntoIterator<Item = &'a Job<T>>) -> AsCompleted<T> {
    AsCompleted(Ends::of(each_once(jobs)))
}

/// The iterator of [`as_completed`].
#[must_use = "iterators do nothing unless they are asked"]
pub struct AsCompleted<T>(Ends<T>);

impl<T: Send + 'static> AsCompleted<T> {
    /// The next one, or `None` after the last, if it comes in time. The limit of `as_completed(timeout=...)` is for all; this is for one.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use kolo::{ThreadPoolExecutor, concurrent};
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let jobs = [pool.submit(|| Ok(1))?];
    /// let mut completed = concurrent::as_completed(&jobs);
    /// let job = completed.next_timeout(Duration::from_secs(3600))?.expect("there is one");
    /// assert_eq!(job.result()?, 1);
    /// assert!(completed.next_timeout(Duration::ZERO)?.is_none()); // that was all
    /// # Ok::<(), kolo::Error>(())
    /// ```
    ///
    /// # Errors
    /// Timeout, `2 (of 3) futures unfinished`.
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<Job<T>>> {
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
    type Item = Job<T>;

    fn next(&mut self) -> Option<Job<T>> {
        self.0.next(None)
    }
}

impl<T> std::fmt::Debug for AsCompleted<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<AsCompleted {} of {} left>", self.0.left, self.0.all)
    }
}

/// The ends of several jobs, in the order in which they come.
struct Ends<T> {
    told: Receiver<Job<T>>,
    left: usize,
    all: usize,
}

impl<T: Send + 'static> Ends<T> {
    fn of(jobs: Vec<Job<T>>) -> Ends<T> {
        let (tell, told) = channel();
        let all = jobs.len();
        for job in jobs {
            let tell = tell.clone();
            // Nobody may be left who wants to know.
            job.add_done_callback(move |job| drop(tell.send(job.clone())));
        }
        Ends { told, left: all, all }
    }
}

impl<T> Ends<T> {
    /// The next one; `None` when there is none left, or none in time.
    fn next(&mut self, deadline: Option<Instant>) -> Option<Job<T>> {
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
fn each_once<'a, T: 'static>(jobs: impl IntoIterator<Item = &'a Job<T>>) -> Vec<Job<T>> {
    let mut seen = std::collections::HashSet::new();
    let mut once = Vec::new();
    for job in jobs {
        if seen.insert(job.address()) {
            once.push(job.clone());
        }
    }
    once
}
