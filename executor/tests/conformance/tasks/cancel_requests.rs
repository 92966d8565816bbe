//! Cancelling a task: the request, its count and its message.

use std::cell::Cell;
use std::rc::Rc;

use kolo_executor::testing::{run, tick};
use kolo_executor::{
    Error, Kind, Promise, Result, Task, TimerHandle, Turn, create_task, current_task, gather, running_loop, sleep, wait,
};

use crate::support::outcome::{error_of, kind_of};
use crate::support::runs::virtual_loop;

/// The messages with which the cases cancel: none, an empty one, and one.
const MESSAGES: [Option<&str>; 3] = [None, Some(""), Some("my message")];

fn cancel_with<T>(task: &Task<T>, message: Option<&str>) -> bool {
    match message {
        None => task.cancel(),
        Some(message) => task.cancel_with(message),
    }
}

/// Whether `task` is shown as one that was asked to stop.
fn shows_cancelling<T: std::fmt::Debug + 'static>(task: &Task<T>) -> bool {
    format!("{task:?}").starts_with("<Task cancelling ")
}

#[test]
fn test_cancelling() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(sleep(10));
    assert_eq!(task.cancelling(), 0);
    assert!(!shows_cancelling(&task));
    assert!(task.cancel());
    assert_eq!(task.cancelling(), 1);
    assert!(shows_cancelling(&task));
    assert!(task.cancel());
    assert_eq!(task.cancelling(), 2);
    assert!(!task.cancelled());
    assert_eq!(kind_of(event_loop.run_until_complete(&task)), Kind::Cancelled);
    assert!(task.cancelled());
    assert!(!shows_cancelling(&task));
    assert_eq!(event_loop.time(), 0.0);
}

#[test]
fn test_uncancel_basic() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(async {
        if sleep(10).await.is_err() {
            current_task().unwrap().uncancel();
            sleep(10).await?;
        }
        Ok(())
    });
    event_loop.run_until_complete(sleep(0.01)).unwrap();

    // The first sleep ends.
    assert!(task.cancel());
    assert!(shows_cancelling(&task));
    assert_eq!(task.cancelling(), 1);
    assert!(!task.cancelled());
    event_loop.run_until_complete(sleep(0.01)).unwrap();
    assert!(!shows_cancelling(&task));
    assert_eq!(task.cancelling(), 0);
    assert!(!task.done());

    // The second sleep ends, and the task with it.
    assert!(task.cancel());
    assert_eq!(task.cancelling(), 1);
    assert!(!task.cancelled());
    assert_eq!(kind_of(event_loop.run_until_complete(&task)), Kind::Cancelled);
    assert!(task.cancelled() && task.done());

    assert_eq!(task.uncancel(), 0);
    assert!(task.cancelled() && task.done());
    assert_eq!(task.uncancel(), 0, "it never falls below");
    assert_eq!(event_loop.time(), 0.02);
}

#[test]
fn test_uncancel_structured_blocks() {
    /// What `timeout` does, by hand. Tells whether time was up, whether the block ended, and whether what follows it began.
    async fn request(duration: f64, limit: f64) -> Result<(bool, bool)> {
        let task = current_task().unwrap();
        let timed_out = Rc::new(Cell::new(false));
        let (flag, target) = (timed_out.clone(), task.clone());
        let timer: TimerHandle = running_loop().call_later(limit, move || {
            flag.set(true);
            target.cancel();
        });
        let outcome = sleep(duration).await;
        timer.cancel();
        match &outcome {
            Err(error) if timed_out.get() && task.uncancel() == 0 && error.is_cancelled() => {}
            _ => outcome.clone()?,
        }
        sleep(0).await?;
        Ok((timed_out.get(), outcome.is_ok()))
    }
    let event_loop = virtual_loop();
    let late = event_loop.create_task(request(10.0, 0.1));
    assert_eq!(event_loop.run_until_complete(&late).unwrap(), (true, false));
    assert_eq!((late.cancelling(), event_loop.time()), (0, 0.1));
    let punctual = event_loop.create_task(request(0.0, 10.0));
    assert_eq!(event_loop.run_until_complete(&punctual).unwrap(), (false, true));
    assert_eq!((punctual.cancelling(), event_loop.time()), (0, 0.1));
}

#[test]
fn test_uncancel_resets_must_cancel() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<()>();
    let waited = promise.clone();
    let task = event_loop.create_task(async move {
        waited.await?;
        Ok(42)
    });
    event_loop.run_until_complete(sleep(0)).unwrap();
    promise.set_result(()).unwrap();
    assert!(task.cancel());
    assert_eq!(task.cancelling(), 1);
    assert_eq!(task.uncancel(), 0);
    assert_eq!(event_loop.run_until_complete(&task).unwrap(), 42);

    // A request of somebody else's keeps the delivery armed.
    let promise = event_loop.create_promise::<()>();
    let waited = promise.clone();
    let task = event_loop.create_task(async move { waited.await });
    tick(&event_loop);
    promise.set_result(()).unwrap();
    assert!(task.cancel() && task.cancel());
    assert_eq!(task.uncancel(), 1);
    assert_eq!(kind_of(event_loop.run_until_complete(&task)), Kind::Cancelled);
}

#[test]
fn test_cancel() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(async {
        sleep(10).await?;
        Ok(12)
    });
    let target = task.clone();
    event_loop.call_soon(move || {
        target.cancel();
    });
    assert_eq!(kind_of(event_loop.run_until_complete(&task)), Kind::Cancelled);
    assert!(task.done() && task.cancelled());
    assert!(!task.cancel());
    assert_eq!(event_loop.time(), 0.0);
    // The sleep begins and is cancelled; the task ends; the loop is told; nothing is left of the timer.
    assert_eq!(event_loop.iterations(), 3);
    assert_eq!(event_loop.turn().unwrap(), Turn::Done);
}

#[test]
fn test_task_cancel_message_getter() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(async { Ok(()) });
    assert_eq!(
        error_of(task.error()),
        (Kind::InvalidState, "Exception is not set.".to_owned())
    );
    task.cancel_with("my message");
    let cancelled = error_of(event_loop.run_until_complete(&task));
    assert_eq!(cancelled, (Kind::Cancelled, "my message".to_owned()));
    assert_eq!(error_of(task.error()), (Kind::Cancelled, "my message".to_owned()));
}

/// Cancels a sleeping task, waits for it to be done, and returns what `look` sees.
fn cancelled_while_asleep(message: Option<&'static str>, look: fn(&Task<()>) -> Error) -> Error {
    run(async move {
        let task = create_task(sleep(10));
        sleep(0).await?;
        assert!(cancel_with(&task, message));
        let (done, pending) = wait([&task]).await?;
        assert_eq!((done.len(), pending.len()), (1, 0));
        Ok(look(&task))
    })
    .unwrap()
}

#[test]
fn test_cancel_with_message_then_future_result() {
    for message in MESSAGES {
        let error = cancelled_while_asleep(message, |task| task.result().unwrap_err());
        assert_eq!((error.kind(), error.message()), (Kind::Cancelled, message.unwrap_or("")));
        assert!(error.source_error().is_none());
    }
}

#[test]
fn test_cancel_with_message_then_future_exception() {
    for message in MESSAGES {
        let error = cancelled_while_asleep(message, |task| task.error().unwrap_err());
        assert_eq!((error.kind(), error.message()), (Kind::Cancelled, message.unwrap_or("")));
        assert!(error.source_error().is_none());
    }
}

#[test]
fn test_cancellation_exception_context() {
    let outcome: Result<()> = run(async {
        let started = Promise::<()>::new();
        let setter = started.clone();
        let inner = create_task(async move {
            setter.set_result(())?;
            sleep(10).await
        });
        started.await?;
        let target = inner.clone();
        running_loop().call_soon(move || {
            target.cancel_with("msg");
        });
        inner
            .await
            .map_err(|cancelled| Error::value("cancelled").with_source(cancelled))
    });
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Value, "cancelled"));
    let source = error.source_error().unwrap();
    assert_eq!((source.kind(), source.message()), (Kind::Cancelled, "msg"));
}

#[test]
fn test_cancel_with_message_before_starting_task() {
    let outcome = run(async {
        let began = Rc::new(Cell::new(false));
        let flag = began.clone();
        let task = create_task(async move {
            flag.set(true);
            sleep(10).await
        });
        task.cancel_with("my message");
        assert!(!task.cancelled());
        wait([&task]).await?;
        assert!(!began.get());
        assert!(task.cancelled());
        task.error()
    });
    assert_eq!(error_of(outcome), (Kind::Cancelled, "my message".to_owned()));
}

#[test]
fn test_cancel_gather_2() {
    for message in MESSAGES {
        let event_loop = virtual_loop();
        let rounds = Rc::new(Cell::new(0));
        let count = rounds.clone();
        let outcome = event_loop.run_until_complete(async move {
            let task = create_task(async move {
                loop {
                    gather([sleep(0.05)]).return_exceptions().await?;
                    count.set(count.get() + 1);
                }
            });
            sleep(0.2).await?;
            cancel_with(&task, message);
            task.await
        });
        let error: Result<()> = outcome;
        assert_eq!(error_of(error), (Kind::Cancelled, message.unwrap_or("").to_owned()));
        // The fourth round would end at the same moment, but the sleep of 0.2 s began before its sleep.
        assert_eq!((rounds.get(), event_loop.time()), (3, 0.2));
    }
}
