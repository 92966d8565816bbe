//! Deadlines: passed, not passed, moved, shown.

use std::cell::RefCell;
use std::rc::Rc;

use kolo_executor::testing::run;
use kolo_executor::{Error, Kind, Timeout, create_task, current_task, running_loop, sleep, timeout};

use crate::support::outcome::{boom, ended, error_of, kind_of};
use crate::support::runs::{cancelling, traced};

#[test]
fn test_timeout_basic() {
    let deadline = Timeout::after(0.01);
    let handle = deadline.clone();
    assert_eq!(kind_of(run(deadline.run(sleep(10)))), Kind::Timeout);
    assert!(handle.expired());
}

#[test]
fn test_timeout_at_basic() {
    run(async {
        let when = running_loop().time() + 0.01;
        let deadline = Timeout::at(when);
        assert_eq!(kind_of(deadline.clone().run(sleep(10)).await), Kind::Timeout);
        assert!(deadline.expired());
        assert_eq!(deadline.when(), Some(when));
        assert_eq!(running_loop().time(), when);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_nested_timeouts() {
    let events = traced(async |trace| {
        let (outer, inner) = (Timeout::at(0.01), Timeout::at(0.01));
        let (within, between) = (inner.clone(), trace.clone());
        trace.start();
        let outcome = outer.clone().run(async move {
            let outcome = within.run(sleep(10)).await;
            between.log_iteration(format_args!("between: {}, {} requests", ended(&outcome), cancelling()));
            outcome
        });
        let outcome = outcome.await;
        trace.log_iteration(format_args!("outside: {}, {} requests", ended(&outcome), cancelling()));
        assert!(outer.expired() && inner.expired());
        Ok(())
    });
    assert_eq!(
        events,
        ["+2 between: Cancelled, 1 requests", "+2 outside: Timeout, 0 requests"]
    );
}

#[test]
fn test_waiter_cancelled() {
    let events = traced(async |trace| {
        let body = trace.clone();
        let outcome = timeout(0.01, async move {
            let slept = sleep(10).await;
            body.log_time(format_args!("in the body: {}", ended(&slept)));
            slept
        });
        trace.log_time(format_args!("outside: {}", ended(&outcome.await)));
        Ok(())
    });
    assert_eq!(events, ["0.01s in the body: Cancelled", "0.01s outside: Timeout"]);
}

#[test]
fn test_timeout_not_called() {
    run(async {
        let deadline = Timeout::after(10);
        deadline.clone().run(sleep(0.01)).await?;
        assert!(!deadline.expired());
        assert_eq!(deadline.when(), Some(10.0));
        // Its timer is gone: nothing but this sleep makes the time pass.
        sleep(20).await?;
        assert_eq!(running_loop().time(), 20.01);
        Ok(())
    })
    .unwrap();
}

/// Sleeps in a scope that has no deadline.
fn without_deadline(scope: Timeout) {
    run(async move {
        scope.clone().run(sleep(0.01)).await?;
        assert!(!scope.expired());
        assert_eq!(scope.when(), None);
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_timeout_disabled() {
    without_deadline(Timeout::after(None));
}

#[test]
fn test_timeout_at_disabled() {
    without_deadline(Timeout::at(None));
}

/// Runs a scope whose deadline has passed when it is entered, and gives the iterations in which something happens.
fn passed(delay: f64, asleep: f64) -> Vec<String> {
    traced(async move |trace| {
        let deadline = Timeout::after(delay);
        let body = trace.clone();
        trace.start();
        let outcome = deadline.clone().run(async move {
            body.log_iteration("the body runs");
            sleep(asleep).await?;
            body.log_iteration("the body goes on");
            Ok(())
        });
        trace.log_iteration(ended(&outcome.await));
        assert!(deadline.expired());
        assert_eq!(deadline.when(), Some(delay));
        Ok(())
    })
}

#[test]
fn test_timeout_zero() {
    assert_eq!(passed(0.0, 10.0), ["+0 the body runs", "+2 Timeout"]);
}

#[test]
fn test_timeout_zero_sleep_zero() {
    assert_eq!(passed(0.0, 0.0), ["+0 the body runs", "+1 Timeout"]);
}

#[test]
fn test_timeout_in_the_past_sleep_zero() {
    assert_eq!(passed(-11.0, 0.0), ["+0 the body runs", "+1 Timeout"]);
}

#[test]
fn test_foreign_exception_passed() {
    let deadline = Timeout::after(0.01);
    let handle = deadline.clone();
    let outcome = run(deadline.run(async { Err::<(), _>(boom("of the body")) }));
    assert_eq!(error_of(outcome), (Kind::Other, "of the body".to_owned()));
    assert!(!handle.expired());
}

/// What is left of it: the timeout names the cancellation as its source.
#[test]
fn test_timeout_exception_context() {
    let error = run(timeout(0.01, sleep(1))).unwrap_err();
    assert!(error.is_timeout());
    let source = error.source_error().expect("a source");
    assert!(source.is_cancelled());
    assert!(source.source_error().is_none());
}

#[test]
fn test_foreign_exception_on_timeout() {
    let events = traced(async |trace| {
        let outcome = timeout(0.01, async { sleep(1).await.map_err(|_| Error::value("of the clean-up")) }).await;
        let error = outcome.unwrap_err();
        trace.log_time(format_args!("{error:?}, {} requests", cancelling()));
        Ok(())
    });
    assert_eq!(events, ["0.01s Value: of the clean-up, 0 requests"]);
}

#[test]
fn test_foreign_exception_on_timeout_2() {
    let outcome = run(timeout(0.01, async {
        let first = Err::<(), _>(boom("first"));
        let second = sleep(1).await.and(first);
        let third = second.map_err(|_| boom("third"));
        third.map_err(|_| Error::value("last"))
    }));
    assert_eq!(error_of(outcome), (Kind::Value, "last".to_owned()));
}

#[test]
fn test_foreign_cancel_doesnt_timeout_if_not_expired() {
    let deadline = Timeout::after(10);
    let handle = deadline.clone();
    let outcome = run(deadline.run(async {
        current_task().expect("a task").cancel();
        sleep(10).await
    }));
    assert_eq!(kind_of(outcome), Kind::Cancelled);
    assert!(!handle.expired());
}

#[test]
fn test_outer_task_is_not_cancelled() {
    run(async {
        let task = create_task(async {
            assert_eq!(kind_of(timeout(0.001, sleep(10)).await), Kind::Timeout);
            Ok(())
        });
        (&task).await?;
        assert!(task.done() && !task.cancelled());
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_nested_timeouts_concurrent() {
    let events = traced(async |trace| {
        let (outer, inner) = (Timeout::after(0.002), Timeout::after(0.1));
        let (within, between) = (inner.clone(), trace.clone());
        let outcome = outer.clone().run(async move {
            let outcome = within.run(sleep(1)).await;
            between.log_time(format_args!("between: {}", ended(&outcome)));
            outcome
        });
        let outcome = outcome.await;
        trace.log_time(format_args!("outside: {}", ended(&outcome)));
        assert!(outer.expired() && !inner.expired());
        Ok(())
    });
    assert_eq!(events, ["0.002s between: Cancelled", "0.002s outside: Timeout"]);
}

/// A loop that comes late finds both deadlines passed. The code between the scopes, which swallows what it sees, swallows both.
#[test]
fn test_nested_timeouts_loop_busy() {
    let events = traced(async |trace| {
        let (outer, inner) = (Timeout::at(0.1), Timeout::at(0.1));
        let (within, between) = (inner.clone(), trace.clone());
        let outcome = outer.clone().run(async move {
            let outcome = within.run(sleep(1)).await;
            between.log_time(format_args!("between: {}, {} requests", ended(&outcome), cancelling()));
            sleep(10).await
        });
        let outcome = outcome.await;
        trace.log_time(format_args!("outside: {}, {} requests", ended(&outcome), cancelling()));
        assert!(outer.expired() && inner.expired());
        Ok(())
    });
    assert_eq!(
        events,
        ["0.1s between: Cancelled, 1 requests", "10.1s outside: (), 0 requests"]
    );
}

#[test]
fn test_reschedule() {
    run(async {
        let deadline = Timeout::at(10);
        let task = create_task(deadline.clone().run(sleep(50)));
        sleep(0).await?;
        assert_eq!(deadline.when(), Some(10.0));
        deadline.reschedule(30)?;
        assert_eq!(deadline.when(), Some(30.0));
        deadline.reschedule(None)?;
        assert_eq!(deadline.when(), None);

        task.cancel();
        assert_eq!(kind_of(task.await), Kind::Cancelled);
        assert!(!deadline.expired());
        Ok(())
    })
    .unwrap();
}

/// A scope with this deadline shows itself inside of its body, and afterwards.
fn described(deadline: Timeout, asleep: f64) -> [String; 2] {
    let inside = Rc::new(RefCell::new(String::new()));
    let (handle, text) = (deadline.clone(), inside.clone());
    let outcome = run(deadline.clone().run(async move {
        text.replace(format!("{handle:?}"));
        sleep(asleep).await
    }));
    assert_eq!(outcome.is_err(), deadline.expired());
    [inside.take(), format!("{deadline:?}")]
}

#[test]
fn test_repr_active() {
    assert_eq!(described(Timeout::after(10.0004), 0.0)[0], "<Timeout [active] when=10.0>");
}

#[test]
fn test_repr_expired() {
    assert_eq!(described(Timeout::after(0.01), 10.0)[1], "<Timeout [expired]>");
}

#[test]
fn test_repr_finished() {
    assert_eq!(described(Timeout::after(10), 0.0)[1], "<Timeout [finished]>");
}

#[test]
fn test_repr_disabled() {
    assert_eq!(described(Timeout::after(None), 0.0)[0], "<Timeout [active] when=None>");
}
