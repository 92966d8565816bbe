//! What is not kolo's: somebody else's executor, somebody else's futures.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::future::{Either, select};
use kolo_executor::{Promise, Result, Task, create_task, running_loop, sleep};

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

/// Polls a future once from a callback, where no task is running, and gives its outcome.
pub(crate) async fn without_task<T: 'static>(future: impl Future<Output = Result<T>> + 'static) -> Result<T> {
    let outcome = Rc::new(RefCell::new(None));
    let slot = outcome.clone();
    running_loop().call_soon(move || {
        let mut future = pin!(future);
        if let Poll::Ready(outcome) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            slot.replace(Some(outcome));
        }
    });
    sleep(0).await?;
    outcome.take().expect("an outcome at the first poll")
}

/// Suspends like a future of another crate, which wakes its task by the waker; ready at the second poll.
pub(crate) async fn foreign_yield() {
    let mut polled = false;
    poll_fn(|context| {
        if std::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A task that waits for `future`, and the promise that makes it drop the future instead.
#[track_caller]
pub(crate) fn droppable<T: 'static>(future: impl Future<Output = T> + 'static) -> (Task<()>, Promise<()>) {
    let stop = Promise::new();
    let stopped = stop.clone();
    let task = create_task(async move {
        let (future, stopped) = (pin!(future), pin!(stopped.into_future()));
        match select(stopped, future).await {
            Either::Left((stopped, _dropped_with_this)) => stopped,
            Either::Right(_) => unreachable!("it is told to stop before it gets what it waits for"),
        }
    });
    (task, stop)
}
