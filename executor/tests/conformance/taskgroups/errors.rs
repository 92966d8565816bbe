//! Several errors at once, errors that end the run, and cancellations that meet them.

use kolo_executor::testing::{Trace, run};
use kolo_executor::{Error, Kind, Promise, Result, create_task, sleep, task_group};

use super::{events, events_of_cancelled, job, text};
use crate::support::outcome::{kind_of, members};
use crate::support::runs::cancelling;

/// A task of the group fails, and so does the body, which the group has cancelled.
fn both_fail(child: Error, body: Error) -> Vec<String> {
    events(async move |trace| {
        task_group(async |group| {
            group.create_task(job(trace.clone(), "a", 0.1, Err::<(), _>(child)))?;
            let slept = job(trace.clone(), "the body", 10.0, Ok(())).await;
            slept.map_err(|_| body)
        })
        .await
    })
}

#[test]
fn test_taskgroup_19() {
    assert_eq!(
        both_fail(Error::value("of a"), Error::value("of the body")),
        [
            "0.1s a is done",
            "0.1s the body is cancelled",
            "+5 Group[\"of a\", \"of the body\"], 0 requests",
        ]
    );
}

#[test]
fn test_taskgroup_20() {
    let trace = Trace::new();
    let events = trace.clone();
    let outcome = run(async move {
        trace.start();
        let outcome: Result<()> = task_group(async |group| {
            group.create_task(job(trace.clone(), "a", 0.1, Err::<(), _>(Error::value("of a"))))?;
            group.create_task(job(trace.clone(), "b", 5.0, Ok(())))?;
            let slept = job(trace.clone(), "the body", 10.0, Ok(())).await;
            slept.map_err(|_| Error::new(Kind::KeyboardInterrupt, ""))
        })
        .await;
        trace.log_iteration(format_args!(
            "{}, {} requests",
            text(outcome.as_ref().unwrap_err()),
            cancelling()
        ));
        outcome
    });
    assert_eq!(kind_of(outcome), Kind::KeyboardInterrupt);
    assert_eq!(
        events.take(),
        [
            "0.1s a is done",
            "0.1s b is cancelled",
            "0.1s the body is cancelled",
            "+7 KeyboardInterrupt, 1 requests",
        ]
    );
}

/// What comes nearest to a `BaseException` that does not end the program: a panic's error.
#[test]
fn test_taskgroup_20a() {
    let events = both_fail(Error::value("of a"), Error::new(Kind::Panic, "of the body"));
    assert_eq!(events[2], "+5 Group[\"of a\", \"of the body\"], 0 requests");
}

#[test]
fn test_taskgroup_21a() {
    let events = both_fail(Error::new(Kind::Panic, "of a"), Error::value("of the body"));
    assert_eq!(events[2], "+5 Group[\"of a\", \"of the body\"], 0 requests");
}

#[test]
fn test_taskgroup_22() {
    let events = events_of_cancelled(async |trace| {
        task_group(async |group| {
            group.create_task(job(trace.clone(), "a", 1.0, Ok(())))?;
            group.create_task(job(trace.clone(), "b", 2.0, Ok(())))
        })
        .await
        .map(|_| ())
    });
    assert_eq!(
        events,
        ["0.1s a is cancelled", "0.1s b is cancelled", "+9 Cancelled, 0 requests"]
    );
}

#[test]
fn test_cancelling_level_preserved() {
    let events = events(async |trace| {
        task_group(async |group| group.create_task(job(trace, "a", 0.0, Err::<(), _>(Error::runtime("of a")))))
            .await
            .map(|_| ())
    });
    assert_eq!(events, ["0s a is done", "+4 Group[\"of a\"], 0 requests"]);
}

#[test]
fn test_nested_groups_both_cancelled() {
    let events = events(async |trace| {
        let outcome: Result<()> = task_group(async |outer| {
            let inner_outcome: Result<()> = task_group(async |inner| {
                inner.create_task(job(trace.clone(), "inner", 0.0, Err::<(), _>(Error::runtime("of inner"))))?;
                outer.create_task(job(trace.clone(), "outer", 0.0, Err::<(), _>(Error::value("of outer"))))?;
                Ok(())
            })
            .await;
            assert_eq!(members(inner_outcome), [Kind::Runtime]);
            trace.log_iteration(format_args!("in the outer body, {} requests", cancelling()));
            // The outer group's request is delivered here.
            let slept = sleep(5).await;
            trace.log_iteration(format_args!("cancelled: {}", slept.is_err()));
            slept
        })
        .await;
        assert_eq!(cancelling(), 0);
        outcome
    });
    assert_eq!(
        events,
        [
            "0s inner is done",
            "0s outer is done",
            "+4 in the outer body, 1 requests",
            "+5 cancelled: true",
            "+5 Group[\"of outer\"], 0 requests",
        ]
    );
}

#[test]
fn test_error_and_cancel() {
    let events = events(async |trace| {
        let begun = Promise::new();
        let (begins, inner) = (begun.clone(), trace.clone());
        let task = create_task(async move {
            let outcome: Result<()> = task_group(async |group| {
                group.create_task(async move {
                    begins.set_result(())?;
                    sleep(0).await?;
                    Err::<(), _>(Error::runtime("of the child"))
                })?;
                sleep(1).await
            })
            .await;
            assert_eq!(members(outcome), [Kind::Runtime]);
            inner.log_iteration(format_args!("group error, {} requests", cancelling()));
            sleep(1).await
        });
        begun.await?;
        assert_eq!(task.cancelling(), 0);
        task.cancel();
        assert_eq!(task.cancelling(), 1);
        trace.log_iteration("cancels");
        let outcome = (&task).await;
        assert!(task.cancelled());
        outcome
    });
    assert_eq!(
        events,
        ["+3 cancels", "+5 group error, 1 requests", "+7 Cancelled, 0 requests"]
    );
}
