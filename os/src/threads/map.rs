//! `Map`: the results of a pool's jobs, in the order of their items.

use std::collections::VecDeque;
use std::fmt;

use kolo_executor::Result;

use crate::concurrent::future::Future;

/// The iterator of [`ThreadPoolExecutor::map`](crate::ThreadPoolExecutor::map), and of other executors'. Dropped, it cancels the jobs that have not begun.
pub struct Map<T>(VecDeque<Future<T>>);

impl<T> FromIterator<Future<T>> for Map<T> {
    fn from_iter<I: IntoIterator<Item = Future<T>>>(jobs: I) -> Self {
        Map(jobs.into_iter().collect())
    }
}

impl<T> Iterator for Map<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        self.0.pop_front().map(|future| future.take_result())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len(), Some(self.0.len()))
    }
}

impl<T> Drop for Map<T> {
    fn drop(&mut self) {
        for future in &self.0 {
            future.cancel();
        }
    }
}

impl<T> fmt::Debug for Map<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Map of {} jobs>", self.0.len())
    }
}
