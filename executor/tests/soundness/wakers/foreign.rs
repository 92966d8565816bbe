//! Wakers that are somebody else's.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use kolo_executor::testing::{run, tick};
use kolo_executor::{Clock, EventLoop, Kind, Promise, Result, sleep};

use super::waker;
use crate::support::outside::{Bell, poll_outside};

/// Does what it is told to when it is woken.
struct Foreign<F: Fn() + Send + Sync>(F);

impl<F: Fn() + Send + Sync> Wake for Foreign<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn foreign(wake: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(Foreign(wake)))
}

#[test]
fn a_foreign_waker_that_panics_harms_nobody_else() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let reports = Rc::new(RefCell::new(Vec::new()));
    let list = reports.clone();
    event_loop.set_exception_handler(Some(Rc::new(move |context| list.borrow_mut().push(context.message.clone()))));

    let promise = event_loop.create_promise::<i32>();
    let awaiting = |promise: &Promise<i32>| {
        let promise = promise.clone();
        event_loop.create_task(async move { (&promise).await })
    };
    let before = awaiting(&promise);
    tick(&event_loop);
    let waker = foreign(|| panic!("this waker is broken"));
    let mut broken = Box::pin((&promise).into_future());
    assert!(broken.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let after = awaiting(&promise);
    let bell = Bell::new();
    let mut foreigner = (&promise).into_future();
    assert!(poll_outside(&mut foreigner, &bell).is_pending());
    tick(&event_loop);

    promise.set_result(5).unwrap();
    assert_eq!(event_loop.run_until_complete(before).unwrap(), 5);
    assert_eq!(event_loop.run_until_complete(after).unwrap(), 5);
    assert_eq!(bell.rings(), 1);
    assert!(poll_outside(&mut foreigner, &bell).is_ready());
    assert_eq!(reports.take(), ["Exception in waker"]);
    assert!(event_loop.all_tasks().is_empty());
}

#[test]
fn a_foreign_waker_may_run_a_loop() {
    let waker = foreign(|| run(sleep(1)).unwrap());
    // The yield wakes at once, while it is polled.
    let mut yields = Box::pin(sleep(0));
    assert!(yields.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(yields.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());

    // And this one wakes when the promise is done, between two runs of its loop.
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let promise = event_loop.create_promise::<()>();
    let mut leaf = Box::pin(promise.clone().into_future());
    assert!(leaf.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    promise.set_result(()).unwrap();
    assert!(leaf.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
}

#[test]
fn a_foreign_waker_is_woken_when_the_loop_is_gone() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let promise = event_loop.create_promise::<i32>();
    let (bell, mut leaf) = (Bell::new(), (&promise).into_future());
    assert!(poll_outside(&mut leaf, &bell).is_pending());
    event_loop.close().unwrap();
    drop(event_loop);
    promise.set_result(1).unwrap();
    assert_eq!(bell.rings(), 1);
    assert!(matches!(poll_outside(&mut leaf, &bell), Poll::Ready(Ok(1))));
}

#[test]
fn whoever_shared_its_waker_is_not_called_stuck() {
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let stuck = event_loop.run_until_complete(pending_promise());
    assert_eq!(stuck.unwrap_err().kind(), Kind::Deadlock);

    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let outcome = event_loop.run_until_complete(async {
        let waker = waker().await;
        let ready = Arc::new(AtomicU64::new(0));
        let sets = ready.clone();
        let thread = thread::spawn(move || {
            sets.store(1, Ordering::SeqCst);
            waker.wake();
        });
        let seen = poll_fn(|_| match ready.load(Ordering::SeqCst) {
            0 => Poll::Pending,
            seen => Poll::Ready(seen),
        });
        let seen = seen.await;
        thread.join().unwrap();
        Ok(seen)
    });
    assert_eq!(outcome.unwrap(), 1);
}

async fn pending_promise() -> Result<()> {
    Promise::new().await
}
