//! `Map`: the results of a pool's jobs, in the order of their items.

use std::collections::VecDeque;
use std::fmt;

use kolo_executor::Result;

use crate::concurrent::job::Job;

/// The iterator of [`ThreadPoolExecutor::map`](crate::ThreadPoolExecutor::map). Dropped, it cancels the jobs that have not begun.
pub struct Map<T>(VecDeque<Job<T>>);

impl<T> Default for Map<T> {
    fn default() -> Self {
        Map(VecDeque::new())
    }
}

impl<T> Map<T> {
    pub(crate) fn push(&mut self, job: Job<T>) {
        self.0.push_back(job);
    }
}

impl<T> Iterator for Map<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        self.0.pop_front().map(|job| job.take_result())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len(), Some(self.0.len()))
    }
}

impl<T> Drop for Map<T> {
    fn drop(&mut self) {
        for job in &self.0 {
            job.cancel();
        }
    }
}

impl<T> fmt::Debug for Map<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Map of {} jobs>", self.0.len())
    }
}
