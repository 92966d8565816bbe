//! What comes from elsewhere: other promises, foreign futures.

use std::cell::RefCell;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use kolo_executor::primitive::{Parking, Waiter};
use kolo_executor::testing::tick;
use kolo_executor::{Kind, Result, cancellable, ensure_future};

use super::Job;
use crate::support::outcome::{error_of, kind_of};
use crate::support::runs::virtual_loop;

#[test]
fn test_wrap_future_future() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<()>();
    let same = promise.clone();
    let wrapped = event_loop.run_until_complete(async move { Ok(ensure_future(same)) }).unwrap();
    assert!(wrapped.ptr_eq(&promise));
}

#[test]
fn test_wrap_future_without_loop() {
    let mut wrapped = pin!(cancellable(Job::default()));
    let Poll::Ready(outcome) = wrapped.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("without a loop there is nothing to wait in")
    };
    assert_eq!(error_of(outcome), (Kind::Runtime, "no running event loop".to_owned()));
}

#[test]
fn test_wrap_future_cancel2() {
    let event_loop = virtual_loop();
    let job = Job::default();
    let wrapped = job.clone();
    let task = event_loop.create_task(async move { cancellable(wrapped).await });
    tick(&event_loop);
    job.finish(42);
    assert!(task.cancel());
    assert_eq!(kind_of(event_loop.run_until_complete(&task)), Kind::Cancelled);
    assert!(task.cancelled());
    assert_eq!(job.0.lock().unwrap().0, Some(42));
}

/// Waits in its parking place; who is to wake it is put into the slot.
struct Parked {
    parking: Parking,
    slot: Rc<RefCell<Option<Waiter>>>,
}

impl Future for Parked {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Parked { parking, slot } = &mut *self;
        parking.poll(context, |waiter| drop(slot.replace(Some(waiter))))
    }
}

#[test]
fn test_set_result_unless_cancelled() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<i32>();
    let timed = promise.clone();
    event_loop.call_later(1, move || drop(timed.set_result(2)));
    promise.cancel();
    assert_eq!(kind_of(event_loop.run_until_complete(&promise)), Kind::Cancelled);
    event_loop.run_until_complete(kolo_executor::sleep(2)).unwrap();
    assert!(promise.cancelled());

    // The waits of primitives: to wake one that was cancelled does nothing, and says so.
    let slot = Rc::new(RefCell::new(None));
    let parked = Parked {
        parking: Parking::new(std::panic::Location::caller()),
        slot: slot.clone(),
    };
    let task = event_loop.create_task(parked);
    tick(&event_loop);
    let waiter = slot.take().unwrap();
    assert!(!waiter.is_done());
    task.cancel();
    assert!(waiter.is_cancelled());
    assert!(!waiter.wake());
    assert_eq!(kind_of(event_loop.run_until_complete(&task)), Kind::Cancelled);
    assert!(!waiter.wake());
}
