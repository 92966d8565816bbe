//! `SemaphoreTests`: semaphores of both kinds.

use kolo_executor::testing::{Trace, run};
use kolo_executor::{Kind, Result, Task, create_task, gather, sleep};
use kolo_sync::{BoundedSemaphore, Semaphore};

use crate::support::outcome::{error_of, kind_of, text};
use crate::support::runs::{cancel_soon, traced};

async fn acquire(semaphore: Semaphore, trace: Trace, name: u32) -> Result<()> {
    semaphore.acquire().await?;
    trace.log_iteration(name);
    Ok(())
}

fn acquire_all<const N: usize>(semaphore: &Semaphore, trace: &Trace, names: [u32; N]) -> [Task<()>; N] {
    names.map(|name| create_task(acquire(semaphore.clone(), trace.clone(), name)))
}

#[test]
fn test_initial_value_zero() {
    assert!(Semaphore::new(0).unwrap().locked());
}

#[test]
fn test_repr() {
    let events = traced(async |trace| {
        let semaphore = Semaphore::new(1)?;
        trace.log_iteration(text(&semaphore));
        semaphore.acquire().await?;
        trace.log_iteration(text(&semaphore));
        for name in 1..=2 {
            let _tasks = acquire_all(&semaphore, &trace, [name]);
            sleep(0).await?;
            trace.log_iteration(text(&semaphore));
        }
        Ok(())
    });
    assert_eq!(
        events,
        [
            "+0 <Semaphore [unlocked, value:1]>",
            "+0 <Semaphore [locked]>",
            "+1 <Semaphore [locked, waiters:1]>",
            "+2 <Semaphore [locked, waiters:2]>",
        ]
    );
}

#[test]
fn test_acquire() {
    let events = traced(async |trace| {
        let semaphore = Semaphore::new(3)?;
        semaphore.acquire().await?;
        semaphore.acquire().await?;
        assert!(!semaphore.locked());
        let tasks = acquire_all(&semaphore, &trace, [1, 2, 3]);
        sleep(0).await?;
        trace.log_iteration(text(&semaphore));
        let last = acquire_all(&semaphore, &trace, [4]);
        semaphore.release();
        semaphore.release();
        assert_eq!(semaphore.value(), 0, "both permits are on their way");
        sleep(0).await?;
        trace.log_iteration(text(&semaphore));
        assert!(tasks.iter().all(|task| task.done()));
        semaphore.release();
        gather(last).await?;
        trace.log_iteration(text(&semaphore));
        Ok(())
    });
    assert_eq!(
        events,
        [
            "+1 1",
            "+1 <Semaphore [locked, waiters:2]>",
            "+2 2",
            "+2 3",
            "+2 <Semaphore [locked, waiters:1]>",
            "+3 4",
            "+5 <Semaphore [locked]>",
        ]
    );
}

#[test]
fn test_acquire_cancel() {
    run(async {
        let semaphore = Semaphore::new(1)?;
        semaphore.acquire().await?;
        let task = create_task({
            let semaphore = semaphore.clone();
            async move { semaphore.acquire().await }
        });
        cancel_soon(&task);
        assert_eq!(kind_of(task.await), Kind::Cancelled);
        assert_eq!(text(&semaphore), "<Semaphore [locked]>");
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_acquire_cancel_before_awoken() {
    let events = traced(async |trace| {
        let semaphore = Semaphore::new(0)?;
        let [first, second, third, fourth] = acquire_all(&semaphore, &trace, [1, 2, 3, 4]);
        sleep(0).await?;
        first.cancel();
        second.cancel();
        semaphore.release();
        sleep(0).await?;
        sleep(0).await?;
        assert!(first.cancelled() && second.cancelled() && third.done());
        assert!(!fourth.done());
        trace.log_iteration(text(&semaphore));
        Ok(())
    });
    assert_eq!(events, ["+2 3", "+3 <Semaphore [locked, waiters:1]>"]);
}

#[test]
fn test_acquire_hang() {
    let events = traced(async |trace| {
        let semaphore = Semaphore::new(0)?;
        let [first, second] = acquire_all(&semaphore, &trace, [1, 2]);
        sleep(0).await?;
        first.cancel();
        semaphore.release();
        sleep(0).await?;
        sleep(0).await?;
        assert!(first.cancelled() && second.done());
        trace.log_iteration(text(&semaphore));
        Ok(())
    });
    assert_eq!(events, ["+2 2", "+3 <Semaphore [locked]>"]);
}

#[test]
fn test_release_not_acquired() {
    let semaphore = BoundedSemaphore::new(1).unwrap();
    let error = error_of(semaphore.release());
    assert_eq!(error, (Kind::Value, "BoundedSemaphore released too many times".to_owned()));
    assert_eq!(text(&semaphore), "<BoundedSemaphore [unlocked, value:1]>");
}

#[test]
fn test_acquire_fifo_order_2() {
    let events = traced(async |trace| {
        let semaphore = Semaphore::new(1)?;
        let first = acquire_all(&semaphore, &trace, [1]);
        let second = create_task({
            let (semaphore, trace) = (semaphore.clone(), trace.clone());
            async move {
                acquire(semaphore.clone(), trace.clone(), 2).await?;
                semaphore.release();
                acquire(semaphore, trace, 4).await
            }
        });
        let third = acquire_all(&semaphore, &trace, [3]);
        sleep(0).await?;
        semaphore.release();
        semaphore.release();
        gather(first.into_iter().chain([second]).chain(third)).await?;
        Ok(())
    });
    assert_eq!(events, ["+1 1", "+2 2", "+2 3", "+3 4"]);
}

#[test]
fn test_acquire_fifo_order_3() {
    let events = traced(async |trace| {
        let semaphore = Semaphore::new(0)?;
        let tasks = acquire_all(&semaphore, &trace, [1, 2, 3]);
        sleep(0).await?;
        tasks[0].cancel();
        sleep(0).await?;
        semaphore.release();
        semaphore.release();
        let outcomes = gather(tasks).return_exceptions().await?;
        assert_eq!(kind_of(outcomes[0].clone()), Kind::Cancelled);
        assert!(outcomes[1].is_ok() && outcomes[2].is_ok());
        Ok(())
    });
    assert_eq!(events, ["+3 2", "+3 3"]);
}
