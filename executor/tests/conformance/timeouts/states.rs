//! Deadlines within other deadlines and cancellations, and what is refused in which state.

use kolo_executor::testing::run;
use kolo_executor::{Error, Kind, Result, Timeout, current_task, sleep, task_group, timeout};

use crate::support::outcome::{ended, error_of, kind_of};
use crate::support::outside::without_task;
use crate::support::runs::{cancelling, traced};

#[test]
fn test_nested_timeout_in_finally() {
    let events = traced(async |trace| {
        let body = trace.clone();
        let outcome = timeout(0.01, async move {
            let slept = sleep(1).await;
            let cleaned_up = timeout(0.01, sleep(10)).await;
            body.log_time(format_args!("clean-up: {}, {} requests", ended(&cleaned_up), cancelling()));
            slept
        });
        let outcome = outcome.await;
        trace.log_time(format_args!("outside: {}, {} requests", ended(&outcome), cancelling()));
        Ok(())
    });
    assert_eq!(
        events,
        ["0.02s clean-up: Timeout, 1 requests", "0.02s outside: Timeout, 0 requests"]
    );
}

#[test]
fn test_timeout_after_cancellation() {
    run(async {
        current_task().expect("a task").cancel();
        assert_eq!(kind_of(sleep(1).await), Kind::Cancelled);
        assert_eq!(kind_of(timeout(0, sleep(1)).await), Kind::Timeout);
        assert_eq!(cancelling(), 1);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_cancel_in_timeout_after_cancellation() {
    run(async {
        let task = current_task().expect("a task");
        task.cancel();
        assert_eq!(kind_of(sleep(1).await), Kind::Cancelled);
        let deadline = Timeout::after(1);
        let again = deadline.clone().run(async move {
            task.cancel();
            sleep(2).await
        });
        assert_eq!(kind_of(again.await), Kind::Cancelled);
        assert_eq!(cancelling(), 2);
        assert!(!deadline.expired());
        Ok(())
    })
    .unwrap();
}

const ALREADY: &str = "Timeout has already been entered";

#[test]
fn test_timeout_already_entered() {
    let deadline = Timeout::after(0.01);
    let again = deadline.clone();
    let outcome = run(deadline.run(async {
        assert_eq!(error_of(again.run(sleep(0)).await), (Kind::Runtime, ALREADY.to_owned()));
        Ok("the scope is as it was")
    }));
    assert_eq!(outcome.unwrap(), "the scope is as it was");
}

#[test]
fn test_timeout_double_enter() {
    let deadline = Timeout::after(0.01);
    let again = deadline.clone();
    run(async move {
        deadline.run(async { Ok(()) }).await?;
        assert_eq!(error_of(again.run(sleep(0)).await), (Kind::Runtime, ALREADY.to_owned()));
        Ok(())
    })
    .unwrap();
}

fn no_more_of(state: &str) -> (Kind, String) {
    (Kind::Runtime, format!("Cannot change state of {state} Timeout"))
}

#[test]
fn test_timeout_finished() {
    run(async {
        let deadline = Timeout::after(0.01);
        deadline.clone().run(async { Ok(()) }).await?;
        assert_eq!(error_of(deadline.reschedule(0.02)), no_more_of("finished"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_timeout_expired() {
    run(async {
        let deadline = Timeout::after(0.01);
        assert_eq!(kind_of(deadline.clone().run(sleep(1)).await), Kind::Timeout);
        assert_eq!(error_of(deadline.reschedule(0.02)), no_more_of("expired"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_timeout_expiring() {
    let outcome = run(async {
        let deadline = Timeout::after(0.01);
        let handle = deadline.clone();
        let body = async move {
            assert_eq!(kind_of(sleep(1).await), Kind::Cancelled);
            assert_eq!(error_of(handle.reschedule(0.02)), no_more_of("expiring"));
            assert!(handle.expired());
            Ok("no timeout")
        };
        deadline.run(body).await
    });
    assert_eq!(outcome.unwrap(), "no timeout");
}

#[test]
fn test_timeout_not_entered() {
    let outcome = Timeout::after(0.01).reschedule(0.02);
    assert_eq!(error_of(outcome), (Kind::Runtime, "Timeout has not been entered".to_owned()));
}

#[test]
fn test_timeout_without_task() {
    run(async {
        let deadline = Timeout::after(0.01);
        let outcome = without_task(deadline.clone().run(sleep(0))).await;
        assert_eq!(
            error_of(outcome),
            (Kind::Runtime, "Timeout should be used inside a task".to_owned())
        );
        let outcome = deadline.reschedule(0.02);
        assert_eq!(error_of(outcome), (Kind::Runtime, "Timeout has not been entered".to_owned()));
        // A task can still use it.
        deadline.run(async { Ok(()) }).await
    })
    .unwrap();
}

#[test]
fn test_timeout_taskgroup() {
    let events = traced(async |trace| {
        trace.start();
        let deadline = Timeout::after(0.01);
        let outcome: Result<()> = deadline
            .clone()
            .run(task_group(async |group| {
                group.create_task(async { sleep(2).await.map_err(|_| Error::value("of the child")) })?;
                sleep(1).await
            }))
            .await;
        trace.log_time(format_args!("{:?}", outcome.unwrap_err()));
        trace.log_iteration(format_args!("{} requests, {deadline:?}", cancelling()));
        Ok(())
    });
    assert_eq!(
        events,
        [
            "0.01s Group: unhandled errors in a TaskGroup\n  1. Value: of the child",
            "+6 0 requests, <Timeout [expired]>",
        ]
    );
}
