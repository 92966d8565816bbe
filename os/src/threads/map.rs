//! `Map`: the results of a pool's jobs, in the order of their items.

use std::collections::VecDeque;
use std::fmt;

use kolo_executor::Result;

use crate::concurrent::future::Future;

/// The iterator of [`ThreadPoolExecutor::map`](crate::ThreadPoolExecutor::map). Dropped, it cancels the jobs that have not begun.
pub struct Map<T>(VecDeque<Future<T>>);

impl<T> Default for Map<T> {
    fn default() -> Self {
        Map(VecDeque::new())
    }
}

impl<T> Map<T> {
    pub(crate) fn push(&mut self, future: Future<T>) {
        self.0.push_back(future);
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
