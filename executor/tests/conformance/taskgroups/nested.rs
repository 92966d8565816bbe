//! Groups in groups, and bodies that end early.

use kolo_executor::testing::Trace;
use kolo_executor::{Error, Result, create_task, sleep, task_group};

use super::{events, events_of_cancelled, fails_in_its_clean_up, job};

/// Runs a group whose body fails after so long, or at once.
fn body_fails_after(delay: Option<f64>) -> Vec<String> {
    events(async move |trace| {
        let mut tasks = Vec::new();
        let outcome = task_group(async |group| {
            for (name, delay) in [("a", 1.0), ("b", 2.0)] {
                tasks.push(group.create_task(job(trace.clone(), name, delay, Ok(())))?);
            }
            if let Some(delay) = delay {
                sleep(delay).await?;
            }
            Err::<(), _>(Error::value("of the body"))
        })
        .await;
        assert!(tasks.iter().all(|task| task.cancelled()));
        outcome
    })
}

#[test]
fn test_taskgroup_09() {
    assert_eq!(
        body_fails_after(Some(0.1)),
        [
            "0.1s a is cancelled",
            "0.1s b is cancelled",
            "+6 Group[\"of the body\"], 0 requests",
        ]
    );
}

#[test]
fn test_taskgroup_10() {
    assert_eq!(body_fails_after(None), ["+3 Group[\"of the body\"], 0 requests"]);
}

/// Cancels a task in a group in a group.
fn cancelled_in_nested_groups(outer_task: bool) -> Vec<String> {
    events_of_cancelled(async move |trace| {
        task_group(async |outer| {
            if outer_task {
                outer.create_task(job(trace.clone(), "x", 10.0, Ok(())))?;
            }
            task_group(async |inner| {
                inner.create_task(fails_in_its_clean_up(trace.clone(), "a"))?;
                inner.create_task(fails_in_its_clean_up(trace.clone(), "b"))?;
                sleep(10).await
            })
            .await
        })
        .await
    })
}

#[test]
fn test_taskgroup_11() {
    assert_eq!(
        cancelled_in_nested_groups(false),
        [
            "0.1s a cleans up",
            "0.1s b cleans up",
            "+9 Group[\"Group[\\\"a\\\", \\\"b\\\"]\"], 0 requests",
        ]
    );
}

#[test]
fn test_taskgroup_12() {
    assert_eq!(
        cancelled_in_nested_groups(true),
        [
            "0.1s a cleans up",
            "0.1s b cleans up",
            "0.1s x is cancelled",
            "+12 Group[\"Group[\\\"a\\\", \\\"b\\\"]\"], 0 requests",
        ]
    );
}

/// A task of an outer group and one of an inner group fail after so many seconds.
fn crash_after(outer_delay: f64, inner_delay: f64) -> Vec<String> {
    events(async move |trace| {
        task_group(async |outer| {
            outer.create_task(job(
                trace.clone(),
                "outer",
                outer_delay,
                Err::<(), _>(Error::value("of outer")),
            ))?;
            task_group(async |inner| {
                inner.create_task(job(
                    trace.clone(),
                    "inner",
                    inner_delay,
                    Err::<(), _>(Error::value("of inner")),
                ))
            })
            .await
        })
        .await
    })
}

#[test]
fn test_taskgroup_13() {
    assert_eq!(
        crash_after(0.1, 10.0),
        [
            "0.1s outer is done",
            "0.1s inner is cancelled",
            "+8 Group[\"of outer\"], 0 requests"
        ]
    );
}

#[test]
fn test_taskgroup_14() {
    assert_eq!(
        crash_after(10.0, 0.1),
        [
            "0.1s inner is done",
            "0.1s outer is cancelled",
            "+8 Group[\"Group[\\\"of inner\\\"]\"], 0 requests",
        ]
    );
}

/// A task of the group fails while its body cleans up. The group's own cancellation ends the clean-up: it is the second of the task.
async fn slow_clean_up(trace: Trace) -> Result<()> {
    task_group(async |group| {
        group.create_task(job(trace.clone(), "a", 0.3, Err::<(), _>(Error::value("of a"))))?;
        let slept = sleep(10).await;
        trace.log_time("the body cleans up");
        job(trace.clone(), "the clean-up", 0.5, slept).await
    })
    .await
}

const SLOW_CLEAN_UP: [&str; 3] = ["0.1s the body cleans up", "0.3s a is done", "0.3s the clean-up is cancelled"];

#[test]
fn test_taskgroup_15() {
    let events = events_of_cancelled(slow_clean_up);
    assert_eq!(events[..3], SLOW_CLEAN_UP);
    assert_eq!(events[3..], ["+10 Group[\"of a\"], 0 requests"]);
}

#[test]
fn test_taskgroup_16() {
    let events = events_of_cancelled(async |trace| create_task(slow_clean_up(trace)).await);
    assert_eq!(events[..3], SLOW_CLEAN_UP);
    assert_eq!(events[3..], ["+12 Group[\"of a\"], 0 requests"]);
}

#[test]
fn test_taskgroup_17() {
    let events = events_of_cancelled(async |trace| task_group(async |_| job(trace, "the body", 10.0, Ok(())).await).await);
    assert_eq!(events, ["0.1s the body is cancelled", "+5 Cancelled, 0 requests"]);
}

#[test]
fn test_taskgroup_18() {
    let events = events_of_cancelled(async |trace| task_group(async |_| fails_in_its_clean_up(trace, "the body").await).await);
    assert_eq!(events, ["0.1s the body cleans up", "+5 Group[\"the body\"], 0 requests"]);
}
