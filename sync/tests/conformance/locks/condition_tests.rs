//! `ConditionTests`: conditions.

use std::cell::Cell;
use std::rc::Rc;

use kolo_executor::testing::{Trace, run};
use kolo_executor::{Kind, Result, create_task, running_loop, sleep, timeout, wait_for};
use kolo_sync::{Condition, Lock};

use crate::support::outcome::{error_of, kind_of, text};
use crate::support::runs::{cancel_soon, traced};

/// Waits to be notified, then lets go of the lock.
async fn wait(condition: Condition, trace: Trace, name: &'static str) -> Result<()> {
    condition.acquire().await?;
    condition.wait().await?;
    trace.log_iteration(format_args!("{name} goes on"));
    condition.release()
}

#[test]
fn test_wait_cancel_contested() {
    let events = traced(async |trace| {
        let condition = Condition::new();
        condition.acquire().await?;
        let task = create_task({
            let condition = condition.clone();
            async move { condition.wait().await }
        });
        sleep(0).await?;
        assert!(!condition.locked());

        condition.acquire().await?;
        condition.notify(1)?;
        cancel_soon(&task);
        let release = condition.clone();
        running_loop().call_soon(move || release.release().expect("a lock that is held"));
        let outcome = (&task).await;
        trace.log_iteration(format_args!("{:?}", kind_of(outcome)));
        trace.log_iteration(text(&condition));
        assert!(task.cancelled());
        Ok(())
    });
    assert_eq!(events, ["+4 Cancelled", "+4 <Condition [locked]>"]);
}

#[test]
fn test_wait_cancel_after_notify() {
    let events = traced(async |trace| {
        let condition = Condition::new();
        let waiter = create_task({
            let (condition, trace) = (condition.clone(), trace.clone());
            async move {
                let _held = condition.hold().await?;
                trace.log_iteration("waits");
                let outcome = condition.wait().await;
                trace.log_iteration(format_args!("{:?}, {condition:?}", kind_of(outcome.clone())));
                outcome
            }
        });
        sleep(0).await?;
        condition.acquire().await?;
        condition.notify(1)?;
        sleep(0).await?;
        waiter.cancel();
        sleep(0).await?;
        assert!(!waiter.done(), "it takes the lock back first");
        trace.log_iteration("release");
        condition.release()?;
        sleep(0).await?;
        assert!(waiter.cancelled());
        assert!(!condition.locked());
        Ok(())
    });
    assert_eq!(events, ["+1 waits", "+3 release", "+4 Cancelled, <Condition [locked]>"]);
}

#[test]
fn test_wait_unacquired() {
    run(async {
        let condition = Condition::new();
        let before = running_loop().iterations();
        let error = error_of(condition.wait().await);
        assert_eq!(error, (Kind::Runtime, "cannot wait on un-acquired lock".to_owned()));
        assert_eq!(running_loop().iterations(), before, "at once");
        assert_eq!(text(&condition), "<Condition [unlocked]>");
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_wait_for() {
    let events = traced(async |trace| {
        let condition = Condition::new();
        let ready = Rc::new(Cell::new(false));
        let task = create_task({
            let (condition, ready, trace) = (condition.clone(), ready.clone(), trace.clone());
            async move {
                condition.acquire().await?;
                let look = || {
                    trace.log_iteration(format_args!("looks: {}", ready.get()));
                    ready.get()
                };
                condition.wait_for(look).await?;
                condition.release()
            }
        });
        sleep(0).await?;
        for value in [false, true] {
            ready.set(value);
            condition.acquire().await?;
            condition.notify(1)?;
            condition.release()?;
            sleep(0).await?;
            assert_eq!(task.done(), value);
        }
        Ok(())
    });
    assert_eq!(events, ["+1 looks: false", "+2 looks: false", "+3 looks: true"]);
}

#[test]
fn test_wait_for_unacquired() {
    run(async {
        let condition = Condition::new();
        let before = running_loop().iterations();
        condition.wait_for(|| true).await?;
        let error = error_of(condition.wait_for(|| false).await);
        assert_eq!(error, (Kind::Runtime, "cannot wait on un-acquired lock".to_owned()));
        assert_eq!(running_loop().iterations(), before, "at once");
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_notify() {
    let events = traced(async |trace| {
        let condition = Condition::new();
        let tasks = ["first", "second", "third"].map(|name| create_task(wait(condition.clone(), trace.clone(), name)));
        sleep(0).await?;
        for notifications in [[1].as_slice(), &[1, 2048]] {
            condition.acquire().await?;
            for &n in notifications {
                condition.notify(n)?;
            }
            condition.release()?;
            sleep(0).await?;
            trace.log_iteration(text(&condition));
        }
        assert!(tasks.iter().all(|task| task.done()));
        Ok(())
    });
    assert_eq!(
        events,
        [
            "+2 first goes on",
            "+2 <Condition [unlocked, waiters:2]>",
            "+3 second goes on",
            "+3 third goes on",
            "+3 <Condition [unlocked]>",
        ]
    );
}

#[test]
fn test_notify_all() {
    let events = traced(async |trace| {
        let condition = Condition::new();
        let tasks = ["first", "second"].map(|name| create_task(wait(condition.clone(), trace.clone(), name)));
        sleep(0).await?;
        condition.acquire().await?;
        condition.notify_all()?;
        condition.release()?;
        sleep(0).await?;
        assert!(tasks.iter().all(|task| task.done()));
        Ok(())
    });
    assert_eq!(events, ["+2 first goes on", "+2 second goes on"]);
}

#[test]
fn test_notify_unacquired() {
    let error = error_of(Condition::new().notify(1));
    assert_eq!(error, (Kind::Runtime, "cannot notify on un-acquired lock".to_owned()));
}

#[test]
fn test_notify_all_unacquired() {
    let error = error_of(Condition::new().notify_all());
    assert_eq!(error, (Kind::Runtime, "cannot notify on un-acquired lock".to_owned()));
}

#[test]
fn test_context_manager() {
    run(async {
        let condition = Condition::new();
        assert!(!condition.locked());
        let held = condition.hold().await?;
        assert!(condition.locked());
        drop(held);
        assert!(!condition.locked());
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_explicit_lock() {
    run(async {
        let own = Condition::new();
        {
            let _held = own.hold().await?;
            assert!(own.locked());
        }
        assert!(!own.locked());

        let lock = Lock::new();
        let condition = Condition::with_lock(lock.clone());
        let locked = || (lock.locked(), condition.locked());
        assert_eq!(locked(), (false, false));
        {
            let _held = condition.hold().await?;
            assert_eq!(locked(), (true, true));
        }
        assert_eq!(locked(), (false, false));
        {
            let _held = lock.hold().await?;
            assert_eq!(locked(), (true, true));
        }
        assert_eq!(locked(), (false, false));
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_ambiguous_loops() {
    let lock = Lock::new();
    let condition = Condition::with_lock(lock.clone());
    let (first_lock, first_condition) = (lock.clone(), condition.clone());
    run(async move {
        // To wait in vain binds them to this loop.
        first_lock.acquire().await?;
        assert_eq!(kind_of(wait_for(first_condition.wait(), 0.1).await), Kind::Timeout);
        assert_eq!(kind_of(wait_for(first_lock.acquire(), 0.1).await), Kind::Timeout);
        first_lock.release()
    })
    .unwrap();

    run(async move {
        // Nobody has to wait for a lock that is free, and so nobody asks whose it is.
        lock.acquire().await?;
        let condition_on_it = Condition::with_lock(lock.clone());
        let error = error_of(condition_on_it.acquire().await);
        assert_eq!(
            error,
            (Kind::Runtime, "<Lock [locked]> is bound to a different event loop".to_owned())
        );
        let error = error_of(condition.wait().await);
        assert_eq!(
            error,
            (
                Kind::Runtime,
                "<Condition [locked]> is bound to a different event loop".to_owned()
            )
        );
        assert_eq!(text(&condition), "<Condition [locked]>", "nothing has changed");
        lock.release()
    })
    .unwrap();
}

#[test]
fn test_timeout_in_block() {
    run(async {
        let condition = Condition::new();
        let before = running_loop().time();
        {
            let _held = condition.hold().await?;
            assert_eq!(kind_of(wait_for(condition.wait(), 0.5).await), Kind::Timeout);
            assert_eq!(running_loop().time(), before + 0.5);
            assert_eq!(text(&condition), "<Condition [locked]>");
        }
        assert_eq!(text(&condition), "<Condition [unlocked]>");
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_cancelled_error_wakeup() {
    run(async {
        let condition = Condition::new();
        let raised = Rc::new(Cell::new(None));
        let task = create_task({
            let (condition, raised) = (condition.clone(), raised.clone());
            async move {
                let _held = condition.hold().await?;
                let outcome = condition.wait_for(|| false).await;
                raised.set(outcome.clone().err());
                outcome
            }
        });
        sleep(0).await?;
        task.cancel_with("foo");
        let error = task.await.expect_err("a cancellation");
        assert_eq!((error.kind(), error.message()), (Kind::Cancelled, "foo"));
        assert!(raised.take().is_some_and(|raised| raised.ptr_eq(&error)));
        Ok(())
    })
    .unwrap();
}

/// Takes goods out of the stock until there is less than nothing.
async fn consume(condition: Condition, stock: Rc<Cell<i32>>, trace: Trace, name: &'static str) -> Result<()> {
    let _held = condition.hold().await?;
    loop {
        let notified = condition.wait_for(|| stock.get() != 0).await;
        trace.log_iteration(format_args!(
            "{name} finds {}, {:?}",
            stock.get(),
            notified.as_ref().map_err(|error| error.kind())
        ));
        notified?;
        if stock.get() < 0 {
            return Ok(());
        }
        stock.set(stock.get() - 1);
    }
}

/// One of two consumers is notified, and cancelled so many iterations later.
fn cancel_the_notified(after: u32) -> Vec<String> {
    traced(async move |trace| {
        let condition = Condition::new();
        let stock = Rc::new(Cell::new(0));
        let [first, second] =
            ["first", "second"].map(|name| create_task(consume(condition.clone(), stock.clone(), trace.clone(), name)));
        sleep(0).await?;
        {
            let _held = condition.hold().await?;
            stock.set(1);
            condition.notify(1)?;
            for _ in 0..after {
                sleep(0).await?;
            }
            trace.log_iteration("cancel");
            first.cancel();
            timeout(0.01, condition.wait_for(|| stock.get() == 0)).await.ok();
            trace.log_iteration(format_args!("left: {}", stock.get()));
            stock.set(-1);
            condition.notify_all()?;
        }
        second.await?;
        assert!(first.cancelled());
        Ok(())
    })
}

#[test]
fn test_cancelled_wakeup() {
    assert_eq!(
        cancel_the_notified(0),
        [
            "+1 cancel",
            "+2 first finds 1, Err(Cancelled)",
            "+3 second finds 1, Ok(())",
            "+5 left: 0",
            "+6 second finds -1, Ok(())",
        ]
    );
}

#[test]
fn test_cancelled_wakeup_relock() {
    assert_eq!(
        cancel_the_notified(1),
        [
            "+2 cancel",
            "+3 first finds 1, Err(Cancelled)",
            "+4 second finds 1, Ok(())",
            "+6 left: 0",
            "+7 second finds -1, Ok(())",
        ]
    );
}
