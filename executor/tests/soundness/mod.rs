//! What the soundness tests share: values that are counted, destructors that do things, and somebody else's executor.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use kolo_executor::{Clock, EventLoop, Result, Runner};

/// Runs `main` on the virtual clock, and closes the loop.
#[track_caller]
pub(crate) fn run<T: 'static>(main: impl Future<Output = Result<T>> + 'static) -> Result<T> {
    let runner = Runner::builder().clock(Clock::Virtual).build()?;
    let outcome = runner.run(main);
    runner.close()?;
    outcome
}

/// Runs exactly one iteration, and no clock is moved.
#[track_caller]
pub(crate) fn tick(event_loop: &EventLoop) {
    event_loop.stop();
    event_loop.run_forever().expect("an iteration");
}

/// Counts the values that are alive: whatever kolo is given must be dropped in the end, once.
#[derive(Clone, Default)]
pub(crate) struct Living(Rc<Cell<usize>>);

impl Living {
    pub(crate) fn new() -> Living {
        Living::default()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.get()
    }

    /// One more.
    pub(crate) fn one(&self) -> Life {
        self.0.set(self.0.get() + 1);
        Life(self.clone())
    }
}

/// A value that is counted while it lives.
pub(crate) struct Life(Living);

impl Clone for Life {
    fn clone(&self) -> Life {
        self.0.one()
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let living = self.0.count();
        assert!(living > 0, "a value was dropped twice");
        self.0.0.set(living - 1);
    }
}

/// Does something when it is dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// In a closure: has it own the value.
pub(crate) fn keep<T>(_: &T) {}

/// A waker of somebody else's executor: counts how often it was woken.
#[derive(Default)]
pub(crate) struct Bell(AtomicUsize);

impl Bell {
    pub(crate) fn new() -> Arc<Bell> {
        Arc::default()
    }

    /// How often it was woken since the last time.
    pub(crate) fn rings(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls as somebody else's executor does.
pub(crate) fn poll_outside<F: Future + Unpin>(future: &mut F, bell: &Arc<Bell>) -> Poll<F::Output> {
    let waker = Waker::from(bell.clone());
    pin!(future).poll(&mut Context::from_waker(&waker))
}
