//! `LockTests`: locks.

use kolo_executor::testing::{Trace, run};
use kolo_executor::{Kind, Promise, Result, create_task, sleep};
use kolo_sync::Lock;

use crate::support::outcome::{kind_of, text};
use crate::support::runs::{cancel_soon, traced};

async fn acquire(lock: Lock, trace: Trace, name: &'static str) -> Result<()> {
    trace.log_iteration(format_args!("{name} asks"));
    lock.acquire().await?;
    trace.log_iteration(format_args!("{name} has it"));
    Ok(())
}

#[test]
fn test_repr() {
    let lock = Lock::new();
    assert_eq!(text(&lock), "<Lock [unlocked]>");
    run(async move {
        lock.acquire().await?;
        assert_eq!(text(&lock), "<Lock [locked]>");
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_acquire() {
    let events = traced(async |trace| {
        let lock = Lock::new();
        lock.acquire().await?;
        let spawn = |name| create_task(acquire(lock.clone(), trace.clone(), name));
        let release = || {
            trace.log_iteration("release");
            lock.release()
        };
        let (first, second) = (spawn("first"), spawn("second"));
        sleep(0).await?;
        release()?;
        sleep(0).await?;
        sleep(0).await?;
        assert!(!second.done(), "a lock is granted once for each release");
        let third = spawn("third");
        release()?;
        sleep(0).await?;
        release()?;
        sleep(0).await?;
        assert!(first.done() && second.done() && third.done());
        Ok(())
    });
    assert_eq!(
        events,
        [
            "+1 first asks",
            "+1 second asks",
            "+1 release",
            "+2 first has it",
            "+3 release",
            // The lock is free by now, but on its way to the second.
            "+4 third asks",
            "+4 second has it",
            "+4 release",
            "+5 third has it",
        ]
    );
}

#[test]
fn test_acquire_cancel() {
    run(async {
        let lock = Lock::new();
        lock.acquire().await?;
        let task = create_task({
            let lock = lock.clone();
            async move { lock.acquire().await }
        });
        cancel_soon(&task);
        assert_eq!(kind_of(task.await), Kind::Cancelled);
        assert_eq!(text(&lock), "<Lock [locked]>");
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_cancel_race() {
    async fn hold(lock: Lock, trace: Trace, name: &'static str, until: Option<Promise<()>>) -> Result<()> {
        let held = lock.hold().await;
        trace.log_iteration(format_args!("{name}: {:?}", held.as_ref().map_err(|error| error.kind())));
        let _held = held?;
        if let Some(promise) = until {
            promise.await?;
        }
        trace.log_iteration(format_args!("{name} lets go"));
        Ok(())
    }

    let events = traced(async |trace| {
        let lock = Lock::new();
        let end = Promise::new();
        let spawn = |name, until| create_task(hold(lock.clone(), trace.clone(), name, until));
        let a = spawn("A", Some(end.clone()));
        sleep(0).await?;
        assert_eq!(text(&lock), "<Lock [locked]>");
        let b = spawn("B", None);
        sleep(0).await?;
        assert_eq!(text(&lock), "<Lock [locked, waiters:1]>");
        let c = spawn("C", None);
        sleep(0).await?;
        assert_eq!(text(&lock), "<Lock [locked, waiters:2]>");

        end.set_result(())?;
        b.cancel();
        assert_eq!(
            text(&lock),
            "<Lock [locked, waiters:2]>",
            "B is cancelled and still at the head"
        );
        sleep(0).await?;
        trace.log_iteration(text(&lock));
        assert!(a.done() && b.cancelled() && !c.done());
        c.await
    });
    assert_eq!(
        events,
        [
            "+1 A: Ok(<Held <Lock [locked]>>)",
            "+4 A lets go",
            "+4 B: Err(Cancelled)",
            "+4 <Lock [unlocked, waiters:1]>",
            "+5 C: Ok(<Held <Lock [locked]>>)",
            "+5 C lets go",
        ]
    );
}

#[test]
fn test_finished_waiter_cancelled() {
    let events = traced(async |trace| {
        let lock = Lock::new();
        lock.acquire().await?;
        let b = create_task(acquire(lock.clone(), trace.clone(), "B"));
        sleep(0).await?;
        assert_eq!(text(&lock), "<Lock [locked, waiters:1]>");

        let c = create_task(acquire(lock.clone(), trace.clone(), "C"));
        b.cancel();
        lock.release()?;
        assert_eq!(text(&lock), "<Lock [unlocked, waiters:1]>");
        sleep(0).await?;
        trace.log_iteration(text(&lock));
        assert!(b.cancelled());
        c.await
    });
    assert_eq!(
        events,
        ["+1 B asks", "+2 C asks", "+2 C has it", "+2 <Lock [locked]>"],
        "C does not wait behind somebody who is cancelled"
    );
}

#[test]
fn test_release_no_waiters() {
    run(async {
        let lock = Lock::new();
        lock.acquire().await?;
        assert!(lock.locked());
        lock.release()?;
        assert!(!lock.locked());
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_context_manager() {
    run(async {
        let lock = Lock::new();
        assert!(!lock.locked());
        let held = lock.hold().await?;
        assert!(lock.locked());
        drop(held);
        assert!(!lock.locked());
        Ok(())
    })
    .unwrap();
}
