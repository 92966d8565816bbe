//! CPython's test_futures: promises and their callbacks. One test for each case, under the case's name.

mod callbacks;
mod elsewhere;
mod reports;
mod states;

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// A job of another executor, of which this thread sees only the outcome.
#[derive(Clone, Default)]
struct Job(Arc<Mutex<(Option<i32>, Option<Waker>)>>);

impl Job {
    fn finish(&self, value: i32) {
        let mut state = self.0.lock().unwrap();
        state.0 = Some(value);
        let waker = state.1.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Future for Job {
    type Output = i32;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<i32> {
        let mut state = self.0.lock().unwrap();
        state.1 = Some(context.waker().clone());
        state.0.map_or(Poll::Pending, Poll::Ready)
    }
}
