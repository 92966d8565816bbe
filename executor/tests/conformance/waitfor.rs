//! CPython's test_waitfor: a limit for one await. One test for each case, under the case's name.

use std::cell::Cell;
use std::rc::Rc;

use kolo_executor::testing::{Trace, run};
use kolo_executor::{
    Kind, Limit, Promise, Result, create_task, current_task, running_loop, shield, sleep, sleep_with, wait, wait_for,
};

use crate::support::lives::DropFlag;
use crate::support::outcome::{boom, ended, kind_of};
use crate::support::runs::traced;

/// Takes 0.2 seconds, however often it is cancelled.
async fn stubborn(trace: Trace) -> Result<()> {
    let event_loop = running_loop();
    let end = event_loop.time() + 0.2;
    while event_loop.time() < end {
        if sleep(end - event_loop.time()).await.is_err() {
            trace.log_time("swallows a cancellation");
        }
    }
    trace.log_time("exits");
    Ok(())
}

#[test]
fn test_asyncio_wait_for_cancelled() {
    let events = traced(async |trace| {
        let task = create_task(wait_for(stubborn(trace.clone()), 0.4));
        sleep(0).await?;
        task.cancel();
        wait([&task]).await?;
        trace.log_time(ended(&task.result()));
        Ok(())
    });
    assert_eq!(events, ["0s swallows a cancellation", "0.2s exits", "0.2s ()"]);
}

#[test]
fn test_asyncio_wait_for_timeout() {
    let events = traced(async |trace| {
        let outcome = wait_for(stubborn(trace.clone()), 0.1).await;
        trace.log_time(ended(&outcome));
        Ok(())
    });
    assert_eq!(events, ["0.1s swallows a cancellation", "0.2s exits", "0.2s ()"]);
}

#[test]
fn test_wait_for_timeout_less_then_0_or_0_future_done() {
    let outcome = run(async {
        let promise = Promise::new();
        promise.set_result("done")?;
        let iterations = running_loop().iterations();
        let outcome = wait_for(&promise, 0).await?;
        assert_eq!(running_loop().iterations(), iterations, "at once");
        assert!(promise.done());
        Ok(outcome)
    });
    assert_eq!(outcome.unwrap(), "done");
}

#[test]
fn test_wait_for_timeout_less_then_0_or_0_coroutine_do_not_started() {
    let events = traced(async |trace| {
        let (dropped, flag) = DropFlag::new();
        trace.start();
        let body = trace.clone();
        let outcome = wait_for(
            async move {
                let _flag = flag;
                body.log_iteration("the body runs");
                Ok(())
            },
            0,
        )
        .await;
        let error = outcome.unwrap_err();
        trace.log_iteration(format_args!("{error:?}"));
        assert!(dropped.get());
        Ok(())
    });
    assert_eq!(events, ["+3 Timeout\ncaused by Cancelled"]);
}

#[test]
fn test_wait_for_timeout_less_then_0_or_0() {
    for limit in [0.0, -1.0] {
        let events = traced(async move |trace| {
            trace.start();
            let started = Promise::new();
            let (body, starts) = (trace.clone(), started.clone());
            let task = create_task(async move {
                body.log_iteration("runs");
                starts.set_result(())?;
                let slept = sleep(10).await;
                body.log_iteration("cleans up");
                slept.map(|()| "done")
            });
            started.await?;
            trace.log_iteration("has started");
            let outcome = wait_for(&task, limit).await;
            trace.log_iteration(ended(&outcome));
            assert!(task.cancelled());
            Ok(())
        });
        assert_eq!(
            events,
            ["+1 runs", "+2 has started", "+3 cleans up", "+5 Timeout"],
            "limit {limit}"
        );
    }
}

#[test]
fn test_wait_for() {
    let events = traced(async |trace| {
        trace.start();
        let body = trace.clone();
        let task = create_task(async move {
            let slept = sleep(600).await;
            body.log_time("cleans up");
            slept
        });
        let outcome = wait_for(&task, 0.1).await;
        trace.log_time(ended(&outcome));
        trace.log_iteration(format_args!("cancelled: {}", task.cancelled()));
        Ok(())
    });
    assert_eq!(events, ["0.1s cleans up", "0.1s Timeout", "+4 cancelled: true"]);
}

#[test]
fn test_wait_for_blocking() {
    assert_eq!(run(wait_for(async { Ok("done") }, None)).unwrap(), "done");
}

#[test]
fn test_wait_for_race_condition() {
    let events = traced(async |trace| {
        let promise = Promise::new();
        trace.start();
        let waiting = wait_for(promise.clone(), 0.2);
        running_loop().call_soon(move || promise.set_result("ok").unwrap());
        trace.log_iteration(waiting.await?);
        Ok(())
    });
    assert_eq!(events, ["+2 ok"]);
}

#[test]
fn test_wait_for_cancellation_race_condition() {
    let events = traced(async |trace| {
        let body = trace.clone();
        let inner = async move {
            body.log_time(ended(&sleep(1).await));
            Ok(1)
        };
        trace.log_time(wait_for(inner, 0.01).await?);
        assert_eq!(current_task().unwrap().cancelling(), 0);
        Ok(())
    });
    assert_eq!(events, ["0.01s Cancelled", "0.01s 1"]);
}

/// Waits, with this limit, for a task that takes a millisecond to clean up after it was cancelled.
fn slow_clean_up(limit: f64) -> Vec<String> {
    traced(async move |trace| {
        let body = trace.clone();
        let task = create_task(async move {
            let slept = sleep(10).await;
            body.log_time(ended(&slept));
            sleep(0.001).await?;
            body.log_time("cleaned up");
            slept
        });
        sleep(0.001).await?;
        let error = wait_for(task, limit).await.unwrap_err();
        trace.log_time(format_args!("{error:?}"));
        Ok(())
    })
}

#[test]
fn test_wait_for_waits_for_task_cancellation() {
    let events = slow_clean_up(0.001);
    assert_eq!(
        events,
        ["0.002s Cancelled", "0.003s cleaned up", "0.003s Timeout\ncaused by Cancelled"]
    );
}

#[test]
fn test_wait_for_waits_for_task_cancellation_w_timeout_0() {
    let events = slow_clean_up(0.0);
    assert_eq!(
        events,
        ["0.001s Cancelled", "0.002s cleaned up", "0.002s Timeout\ncaused by Cancelled"]
    );
}

#[test]
fn test_wait_for_reraises_exception_during_cancellation() {
    let outcome = run(async {
        let task = create_task(async { sleep(0.2).await.map_err(|_| boom("instead")) });
        wait_for(task, 0.0001).await
    });
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Other, "instead"));
}

/// Cancels a task that waits, with this limit, for another task.
fn cancel_wait_for(limit: impl Limit + 'static) -> Vec<String> {
    traced(async move |trace| {
        trace.start();
        let task = create_task(Promise::<()>::new().into_future());
        let waiting = create_task({
            let task = task.clone();
            async move { wait_for(task, limit).await }
        });
        running_loop().call_soon({
            let waiting = waiting.clone();
            move || assert!(waiting.cancel())
        });
        let done = trace.clone();
        task.add_done_callback(move |_| done.log_iteration("the task is done"));
        trace.log_iteration(ended(&waiting.await));
        assert!(task.cancelled());
        Ok(())
    })
}

#[test]
fn test_cancel_blocking_wait_for() {
    assert_eq!(cancel_wait_for(None), ["+3 the task is done", "+4 Cancelled"]);
}

#[test]
fn test_cancel_wait_for() {
    assert_eq!(cancel_wait_for(60.0), ["+3 the task is done", "+4 Cancelled"]);
}

#[test]
fn test_wait_for_cancel_suppressed() {
    let outcome = run(wait_for(async { Ok(if sleep(10).await.is_err() { 42 } else { 0 }) }, 0.1));
    assert_eq!(outcome.unwrap(), 42);
}

#[test]
fn test_wait_for_issue86296() {
    let events = traced(async |trace| {
        trace.start();
        let inner = create_task(async { Ok("done") });
        let task = create_task({
            let (inner, trace) = (inner.clone(), trace.clone());
            async move {
                wait_for(&inner, 100).await?;
                trace.log_iteration("past wait_for");
                sleep(1).await?;
                trace.log_iteration("at the end");
                Ok(())
            }
        });
        sleep(0).await?;
        task.cancel();
        trace.log_iteration(ended(&(&task).await));
        trace.log_iteration(inner.await?);
        Ok(())
    });
    assert_eq!(events, ["+1 past wait_for", "+3 Cancelled", "+3 done"]);
}

#[test]
fn test_zero_timeout() {
    let events = traced(async |trace| {
        trace.start();
        let task = create_task(sleep_with(0.01, "done"));
        let shielded = shield(&task);
        let outcome = wait_for(&shielded, 0).await;
        trace.log_iteration(ended(&outcome));
        assert!(shielded.cancelled());
        assert!(!task.done() && !task.cancelled());
        sleep(0.1).await?;
        trace.log_time(ended(&task.result()));
        Ok(())
    });
    assert_eq!(events, ["+2 Timeout", "0.1s \"done\""]);
}

#[test]
fn test_none_timeout() {
    let outcome = run(async {
        let task = create_task(sleep_with(0.1, "done"));
        let shielded = wait_for(shield(&task), None).await?;
        assert!(task.done());
        Ok((shielded, task.await?))
    });
    assert_eq!(outcome.unwrap(), ("done", "done"));
}

#[test]
fn test_shielded_timeout() {
    let finished = Rc::new(Cell::new(false));
    let seen = finished.clone();
    run(async move {
        let task = create_task(sleep_with(0.1, "done"));
        assert_eq!(kind_of(wait_for(shield(&task), 0.01).await), Kind::Timeout);
        assert!(!task.done() && !task.cancelled());
        assert_eq!(task.await?, "done");
        seen.set(true);
        Ok(())
    })
    .unwrap();
    assert!(finished.get());
}
