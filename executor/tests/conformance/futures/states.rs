//! The states of a promise.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use kolo_executor::testing::{Trace, tick};
use kolo_executor::{Kind, Promise, running_loop, shield};

use crate::support::outcome::{boom, error_of, kind_of, panic_of};
use crate::support::runs::virtual_loop;

#[test]
fn test_initial_state() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<()>();
    assert!(!promise.cancelled() && !promise.done());
    promise.cancel();
    assert!(promise.cancelled() && promise.done());
}

#[test]
fn test_constructor_without_loop() {
    // A promise may be made before there is a loop; it belongs to the first that waits for it. What needs a loop says so.
    let promise = Promise::<i32>::new();
    let message = panic_of(|| promise.add_done_callback(|_| ()));
    let expected = "add_done_callback: no running event loop on this thread; call it from a coroutine inside `kolo::run(...)`";
    assert_eq!(message, expected);
    let mut waiting = pin!((&promise).into_future());
    let Poll::Pending = waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("the refusal comes one hop later")
    };
    let Poll::Ready(outcome) = waiting.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it is refused")
    };
    let message = "no running event loop: a new promise is awaited outside `run`";
    assert_eq!(error_of(outcome), (Kind::Runtime, message.to_owned()));

    let event_loop = virtual_loop();
    promise.set_result(1).unwrap();
    assert_eq!(event_loop.run_until_complete(promise).unwrap(), 1);
}

#[test]
fn test_constructor_use_running_loop() {
    let event_loop = virtual_loop();
    let promise = event_loop.run_until_complete(async { Ok(Promise::<i32>::new()) }).unwrap();
    // It is of that loop: another refuses it.
    let other = virtual_loop();
    assert_eq!(kind_of(other.run_until_complete(&promise)), Kind::Value);
    promise.set_result(7).unwrap();
    assert_eq!(event_loop.run_until_complete(promise).unwrap(), 7);
}

#[test]
fn test_future_cancel_message_getter() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<()>();
    promise.cancel_with("my message");
    let expected = (Kind::Cancelled, "my message".to_owned());
    assert_eq!(error_of(promise.error()), expected);
    assert_eq!(error_of(event_loop.run_until_complete(&promise)), expected);
    assert_eq!(error_of(promise.result()), expected);
}

/// No setter changes a promise that is done.
fn refuses_to_change(promise: &Promise<i32>) {
    let before = format!("{promise:?}");
    let expected = (Kind::InvalidState, format!("invalid state: {:?}", promise.as_any()));
    assert_eq!(error_of(promise.set_result(0)), expected);
    assert_eq!(error_of(promise.set_error(boom("no"))), expected);
    assert!(!promise.cancel());
    assert_eq!(format!("{promise:?}"), before);
}

#[test]
fn test_cancel() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<i32>();
    assert!(promise.cancel());
    assert!(promise.cancelled() && promise.done());
    assert_eq!(kind_of(promise.result()), Kind::Cancelled);
    assert_eq!(kind_of(promise.error()), Kind::Cancelled);
    refuses_to_change(&promise);
}

#[test]
fn test_result() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<i32>();
    assert_eq!(
        error_of(promise.result()),
        (Kind::InvalidState, "Result is not set.".to_owned())
    );
    promise.set_result(42).unwrap();
    assert!(!promise.cancelled() && promise.done());
    assert_eq!(promise.result().unwrap(), 42);
    assert!(promise.error().unwrap().is_none());
    refuses_to_change(&promise);
}

#[test]
fn test_exception() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<i32>();
    assert_eq!(
        error_of(promise.error()),
        (Kind::InvalidState, "Exception is not set.".to_owned())
    );
    let error = boom("expected");
    promise.set_error(error.clone()).unwrap();
    assert!(!promise.cancelled() && promise.done());
    assert!(promise.result().unwrap_err().ptr_eq(&error));
    assert!(promise.error().unwrap().unwrap().ptr_eq(&error));
    refuses_to_change(&promise);
}

#[test]
fn test_yield_from_twice() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let promise = event_loop.create_promise::<i32>();
    let (waited, log) = (promise.clone(), trace.clone());
    let task = event_loop.create_task(async move {
        log.start();
        log.log_iteration("A");
        let x = (&waited).await?;
        log.log_iteration(format!("B {x}"));
        let y = (&waited).await?;
        log.log_iteration(format!("C {y}"));
        Ok(())
    });
    tick(&event_loop);
    promise.set_result(42).unwrap();
    event_loop.run_until_complete(task).unwrap();
    assert_eq!(trace.take(), ["+0 A", "+1 B 42", "+1 C 42"]);
}

#[test]
fn test_future_repr() {
    let event_loop = virtual_loop();
    let promise = || event_loop.create_promise::<i32>();

    let pending = promise();
    assert_eq!(format!("{pending:?}"), "<Promise pending>");
    pending.add_done_callback(|_| ());
    assert_eq!(format!("{pending:?}"), "<Promise pending>");
    assert_eq!(format!("{:?}", pending.as_any()), "<Promise pending>");

    let cancelled = promise();
    cancelled.cancel();
    assert_eq!(format!("{cancelled:?}"), "<Promise cancelled>");

    let finished = promise();
    finished.set_result(4).unwrap();
    assert_eq!(format!("{finished:?}"), "<Promise finished result=4>");
    assert_eq!(finished.result().unwrap(), 4, "to look at it takes nothing away");

    let failed = promise();
    failed.set_error(boom("no")).unwrap();
    assert_eq!(format!("{failed:?}"), "<Promise finished error=Other('no')>");
    assert!(failed.has_unretrieved_error(), "to show it is not to look at it");
    assert_eq!(error_of(failed.result()), (Kind::Other, "no".to_owned()));
}

#[test]
fn test_copy_state() {
    // Outcomes are copied where one promise stands for another: behind a shield.
    let event_loop = virtual_loop();
    let error = boom("expected");
    let inner: [Promise<i32>; 3] = std::array::from_fn(|_| event_loop.create_promise());
    let given = inner.clone();
    let outer = event_loop
        .run_until_complete(async move { Ok(given.map(|promise| shield(&promise))) })
        .unwrap();
    inner[0].set_result(10).unwrap();
    inner[1].set_error(error.clone()).unwrap();
    inner[2].cancel();
    tick(&event_loop);
    assert_eq!(outer[0].result().unwrap(), 10);
    assert!(outer[1].error().unwrap().unwrap().ptr_eq(&error));
    assert!(outer[2].cancelled());

    // And where another thread waits: the errors are of the same kinds there.
    let remote = event_loop.remote();
    let kinds = std::thread::spawn(move || {
        let fine = remote.spawn(|| async { Ok(10) });
        let failed = remote.spawn(|| async { Err::<i32, _>(kolo_executor::Error::invalid_state("raised")) });
        let cancelled = remote.spawn(|| async { Err::<i32, _>(kolo_executor::Error::cancelled()) });
        let outcomes = (fine.wait().unwrap(), error_of(failed.wait()), kind_of(cancelled.wait()));
        remote.call_soon(|| running_loop().stop()).unwrap();
        outcomes
    });
    event_loop.run_forever().unwrap();
    let expected = (10, (Kind::InvalidState, "raised".to_owned()), Kind::Cancelled);
    assert_eq!(kinds.join().unwrap(), expected);
}
