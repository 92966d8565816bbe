//! What a test does to a run from outside, to see what that breaks.

use kolo::EventLoop;

use crate::bodies::Coroutine;

/// Meddles with a run; see [`trace_with`](crate::trace_with). Every method leaves the run as it is unless it is overridden.
pub trait Meddler {
    /// The loop is there, and nothing has run.
    fn begins(&self, event_loop: &EventLoop) {
        let _ = event_loop;
    }
    /// The program calls this coroutine. What is returned runs in its place.
    fn call(&self, coroutine: Coroutine<i64>) -> Coroutine<i64> {
        coroutine
    }
    /// Nothing happens by itself: the clock is about to move, or nothing will ever happen, or the run is over. Nothing has been disposed of. `amiss`
    /// tells what of sockets and streams should not be as it is.
    fn is_at_rest(&self, event_loop: &EventLoop, amiss: &dyn Fn() -> Vec<String>) {
        let _ = (event_loop, amiss);
    }
}

/// Nobody meddles.
pub(crate) struct Nobody;

impl Meddler for Nobody {}
