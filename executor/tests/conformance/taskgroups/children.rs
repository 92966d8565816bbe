//! Children that succeed, fail and are cancelled.

use kolo_executor::{Error, create_task, sleep, task_group};

use super::{events, events_of_cancelled, fails_in_its_clean_up, job};

/// What happens in a group of two that succeed, the second made so long after the first.
fn two_that_succeed(pause: Option<f64>) -> Vec<String> {
    events(async move |trace| {
        let (a, b) = task_group(async |group| {
            let a = group.create_task(job(trace.clone(), "a", 0.1, Ok(42)))?;
            if let Some(pause) = pause {
                sleep(pause).await?;
            }
            Ok((a, group.create_task(job(trace.clone(), "b", 0.2, Ok(11)))?))
        })
        .await?;
        trace.log_time("left");
        Ok((a.result()?, b.result()?))
    })
}

#[test]
fn test_taskgroup_01() {
    assert_eq!(
        two_that_succeed(None),
        ["0.1s a is done", "0.2s b is done", "0.2s left", "+8 (42, 11), 0 requests"]
    );
}

#[test]
fn test_taskgroup_02() {
    assert_eq!(
        two_that_succeed(Some(0.15)),
        ["0.1s a is done", "0.35s b is done", "0.35s left", "+11 (42, 11), 0 requests"]
    );
}

#[test]
fn test_taskgroup_03() {
    let events = events(async |trace| {
        let (a, b) = task_group(async |group| {
            let a = group.create_task(job(trace.clone(), "a", 1.0, Ok(42)))?;
            sleep(0.15).await?;
            a.cancel();
            Ok((a, group.create_task(job(trace.clone(), "b", 0.2, Ok(11)))?))
        })
        .await?;
        trace.log_time("left");
        assert!(a.cancelled());
        b.result()
    });
    assert_eq!(
        events,
        ["0.15s a is cancelled", "0.35s b is done", "0.35s left", "+9 11, 0 requests"]
    );
}

#[test]
fn test_taskgroup_04() {
    let events = events(async |trace| {
        let waits = trace.clone();
        let task = create_task(async move {
            task_group(async |group| {
                group.create_task(job(waits.clone(), "a", 0.1, Err::<(), _>(Error::value("of a"))))?;
                group.create_task(job(waits.clone(), "b", 1.0, Ok(())))
            })
            .await?;
            waits.log_time("not reached");
            Ok(())
        });
        task.await
    });
    assert_eq!(
        events,
        ["0.1s a is done", "0.1s b is cancelled", "+9 Group[\"of a\"], 0 requests"]
    );
}

#[test]
fn test_cancel_children_on_child_error() {
    let events = events(async |trace| {
        let task = create_task(async move {
            task_group(async |group| {
                for name in ["a", "b", "c"] {
                    group.create_task(job(trace.clone(), name, 0.1, Err::<(), _>(Error::value(name))))?;
                }
                group.create_task(job(trace.clone(), "d", 5.0, Ok(())))?;
                job(trace.clone(), "the body", 10.0, Ok(())).await
            })
            .await?;
            trace.log_time("not reached");
            Ok(())
        });
        task.await
    });
    assert_eq!(
        events,
        [
            "0.1s a is done",
            "0.1s b is done",
            "0.1s c is done",
            "0.1s d is cancelled",
            "0.1s the body is cancelled",
            "+9 Group[\"a\", \"b\", \"c\"], 0 requests",
        ]
    );
}

const FIVE: [&str; 5] = ["a", "b", "c", "d", "e"];

#[test]
fn test_cancellation() {
    let events = events_of_cancelled(async |trace| {
        task_group(async |group| {
            for name in FIVE {
                group.create_task(job(trace.clone(), name, 5.0, Ok(())))?;
            }
            Ok(())
        })
        .await
    });
    assert_eq!(
        events,
        [
            "0.1s a is cancelled",
            "0.1s b is cancelled",
            "0.1s c is cancelled",
            "0.1s d is cancelled",
            "0.1s e is cancelled",
            "+9 Cancelled, 0 requests",
        ]
    );
}

#[test]
fn test_taskgroup_07() {
    let events = events_of_cancelled(async |trace| {
        task_group(async |group| {
            for name in FIVE {
                group.create_task(job(trace.clone(), name, 5.0, Ok(())))?;
            }
            job(trace.clone(), "the body", 10.0, Ok(())).await
        })
        .await
    });
    assert_eq!(
        events,
        [
            "0.1s the body is cancelled",
            "0.1s a is cancelled",
            "0.1s b is cancelled",
            "0.1s c is cancelled",
            "0.1s d is cancelled",
            "0.1s e is cancelled",
            "+9 Cancelled, 0 requests",
        ]
    );
}

#[test]
fn test_taskgroup_08() {
    let events = events_of_cancelled(async |trace| {
        task_group(async |group| {
            for name in ["a", "b", "c"] {
                group.create_task(fails_in_its_clean_up(trace.clone(), name))?;
            }
            sleep(10).await
        })
        .await
    });
    assert_eq!(
        events,
        [
            "0.1s a cleans up",
            "0.1s b cleans up",
            "0.1s c cleans up",
            "+9 Group[\"a\", \"b\", \"c\"], 0 requests",
        ]
    );
}
