//! A foreign waker that does something when it is dropped, with the wait that it was to end: nothing is granted to that wait any more.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use kolo_executor::{create_task, sleep};
use kolo_sync::{Lock, Queue, Semaphore};

use crate::support::runs::in_loop;

thread_local! {
    /// What the end of a waker does: wakers can be sent to other threads, and so hold nothing of this one.
    static LAST: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

struct DoesSomething;

impl Wake for DoesSomething {
    fn wake(self: Arc<Self>) {}
}

impl Drop for DoesSomething {
    fn drop(&mut self) {
        let last = LAST.take();
        if let Some(last) = last {
            last();
        }
    }
}

/// Polls with such a waker.
fn begin<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    let waker = Waker::from(Arc::new(DoesSomething));
    assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    future
}

/// Drops a wait, whose waker does `last` when it goes.
fn drop_doing<F: Future>(wait: Pin<Box<F>>, last: impl FnOnce() + 'static) {
    LAST.set(Some(Box::new(last)));
    drop(wait);
    assert!(LAST.take().is_none(), "the waker has gone with the wait");
}

#[test]
fn a_permit_that_is_given_back_then_is_not_lost() {
    in_loop(async {
        let semaphore = Semaphore::new(0)?;
        let releasing = semaphore.clone();
        drop_doing(begin(semaphore.acquire()), move || releasing.release());
        assert_eq!(format!("{semaphore:?}"), "<Semaphore [unlocked, value:1]>");
        semaphore.acquire().await
    });
}

#[test]
fn an_item_that_is_put_then_goes_to_the_next() {
    in_loop(async {
        let queue = Queue::new(0);
        let (putting, getting) = (queue.clone(), queue.clone());
        let first = begin(queue.get());
        let next = create_task(async move { getting.get().await });
        sleep(0).await?;
        drop_doing(first, move || putting.put_nowait(42).expect("there is room"));
        assert_eq!(next.await?, 42);
        Ok(())
    });
}

#[test]
fn an_end_that_panics_leaves_nobody_in_the_queue() {
    in_loop(async {
        let lock = Lock::new();
        let held = lock.hold().await?;
        let panics = AssertUnwindSafe(|| drop_doing(begin(lock.acquire()), || panic!("the end of a waker")));
        assert!(catch_unwind(panics).is_err());
        drop(held);
        assert_eq!(format!("{lock:?}"), "<Lock [unlocked]>");
        lock.acquire().await
    });
}
