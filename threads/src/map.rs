//! `Map`: the results of a pool's jobs, in the order of their items.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use kolo_executor::Result;

use crate::concurrent::job::Job;

/// The iterator of [`ThreadPoolExecutor::map`](crate::ThreadPoolExecutor::map), and of other executors'. Dropped, it cancels the jobs that have not begun.
#[must_use = "dropped, it cancels the jobs"]
pub struct Map<T> {
    jobs: VecDeque<Job<T>>,
    begun: Instant,
    deadline: Option<Instant>,
}

/// For authors of executors: the jobs are submitted here, one after the other.
impl<T> FromIterator<Job<T>> for Map<T> {
    fn from_iter<I: IntoIterator<Item = Job<T>>>(jobs: I) -> Self {
        Map {
            begun: Instant::now(),
            jobs: jobs.into_iter().collect(),
            deadline: None,
        }
    }
}

impl<T> Map<T> {
    /// Waits for results until so much time has passed since the jobs were submitted. The one that is not there then is an error of kind Timeout,
    /// and the last: the jobs that have not begun are cancelled. Mirrors `Executor.map(timeout=...)`.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use kolo::{Kind, ThreadPoolExecutor};
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let mut slow = pool.map(|delay| Ok(std::thread::sleep(delay)), [Duration::from_millis(50)])?.timeout(Duration::ZERO);
    /// assert_eq!(slow.next().unwrap().unwrap_err().kind(), Kind::Timeout);
    /// assert!(slow.next().is_none());
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Map<T> {
        self.deadline = self.begun.checked_add(timeout);
        self
    }

    fn cancel(&mut self) {
        for job in self.jobs.drain(..) {
            job.cancel();
        }
    }
}

impl<T> Iterator for Map<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let job = self.jobs.pop_front()?;
        if let Some(deadline) = self.deadline
            && let Err(late) = job.wait_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            job.cancel();
            self.cancel();
            return Some(Err(late));
        }
        Some(job.take_result())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // A timeout ends it before.
        let least = if self.deadline.is_some() {
            self.jobs.len().min(1)
        } else {
            self.jobs.len()
        };
        (least, Some(self.jobs.len()))
    }
}

impl<T> Drop for Map<T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl<T> fmt::Debug for Map<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Map of {} jobs>", self.jobs.len())
    }
}
