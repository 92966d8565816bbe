//! What grows no faster than the number of those that wait: each test has so many that it would not end otherwise.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use kolo_executor::{Result, Task, create_task, sleep};
use kolo_sync::{Condition, Event, Semaphore};

use crate::support::many::{MANY, orders};
use crate::support::runs::virtual_loop;

/// So many tasks that do this, each of which has run once.
async fn waiting<F: Future<Output = Result<()>> + 'static>(wait: impl Fn() -> F) -> Result<Vec<Task<()>>> {
    let tasks = (0..MANY).map(|_| create_task(wait())).collect();
    sleep(0).await?;
    Ok(tasks)
}

fn in_a_loop(program: impl Future<Output = Result<()>> + 'static) {
    virtual_loop().run_until_complete(program).unwrap();
}

#[test]
fn those_who_wait_for_an_event_are_cancelled_in_any_order() {
    for order in orders(MANY) {
        in_a_loop(async move {
            let event = Event::new();
            let waiter = event.clone();
            let tasks = waiting(move || {
                let event = waiter.clone();
                async move { event.wait().await }
            })
            .await?;
            order.iter().for_each(|&number| assert!(tasks[number].cancel()));
            sleep(0).await?;
            assert!(tasks.iter().all(|task| task.cancelled()));
            assert_eq!(format!("{event:?}"), "<Event [unset]>");
            Ok(())
        });
    }
}

async fn acquirers(semaphore: &Semaphore) -> Result<Vec<Task<()>>> {
    waiting(|| {
        let semaphore = semaphore.clone();
        async move { semaphore.acquire().await }
    })
    .await
}

#[test]
fn those_who_wait_for_a_semaphore_are_cancelled_in_any_order() {
    for order in orders(MANY) {
        in_a_loop(async move {
            let semaphore = Semaphore::new(0)?;
            let tasks = acquirers(&semaphore).await?;
            order.iter().for_each(|&number| assert!(tasks[number].cancel()));
            // Handed to nobody, and nobody is in the way.
            semaphore.release();
            assert!(!semaphore.locked());
            sleep(0).await?;
            assert!(tasks.iter().all(|task| task.cancelled()));
            assert_eq!(semaphore.value(), 1);
            Ok(())
        });
    }
}

#[test]
fn a_semaphore_is_released_many_times_in_one_step() {
    in_a_loop(async {
        let semaphore = Semaphore::new(0)?;
        let tasks = acquirers(&semaphore).await?;
        (0..MANY).for_each(|_| semaphore.release());
        sleep(0).await?;
        assert!(tasks.iter().all(|task| task.done()));
        assert_eq!(semaphore.value(), 0);
        Ok(())
    });
}

#[test]
fn a_condition_notifies_one_many_times_in_one_step() {
    in_a_loop(async {
        let condition = Condition::new();
        let waiter = condition.clone();
        let tasks = waiting(move || {
            let condition = waiter.clone();
            async move {
                condition.acquire().await?;
                condition.wait().await?;
                condition.release()
            }
        })
        .await?;
        // After all of them.
        condition.acquire().await?;
        for _ in 0..MANY {
            condition.notify(1)?;
        }
        condition.release()?;
        for task in tasks {
            task.await?;
        }
        Ok(())
    });
}

#[test]
fn a_semaphore_is_asked_many_times_while_many_leave() {
    in_a_loop(async {
        let semaphore = Semaphore::new(0)?;
        let tasks = acquirers(&semaphore).await?;
        semaphore.release();
        assert!(semaphore.locked());
        for task in &tasks {
            // The first has the permit on its way; the others are gone one by one.
            assert!(semaphore.locked());
            task.cancel();
        }
        tasks.iter().for_each(|_| assert!(semaphore.locked()));
        sleep(0).await?;
        assert!(!semaphore.locked());
        let tasks = acquirers(&Semaphore::new(0)?).await?;
        drop(tasks);
        Ok(())
    });
}

#[test]
fn a_semaphore_behind_many_that_were_cancelled_is_asked_many_times() {
    in_a_loop(async {
        let semaphore = Semaphore::new(0)?;
        let tasks = acquirers(&semaphore).await?;
        tasks.iter().for_each(|task| assert!(task.cancel()));
        semaphore.release();
        tasks.iter().for_each(|_| assert!(!semaphore.locked()));
        Ok(())
    });
}

#[test]
fn waits_are_dropped_in_any_order() {
    for order in orders(MANY) {
        in_a_loop(async move {
            let (event, semaphore) = (Event::new(), Semaphore::new(0)?);
            let both = || {
                [
                    Box::pin(event.wait()) as Pin<Box<dyn Future<Output = Result<()>>>>,
                    Box::pin(semaphore.acquire()),
                ]
            };
            let mut waits: Vec<_> = (0..MANY).map(|_| Some(both())).collect();
            let all_wait = poll_fn(|context| {
                let mut waits = waits.iter_mut().flatten().flatten();
                Poll::Ready(waits.all(|wait| wait.as_mut().poll(context).is_pending()))
            });
            assert!(all_wait.await);
            order.iter().for_each(|&number| waits[number] = None);
            assert_eq!(format!("{event:?} {semaphore:?}"), "<Event [unset]> <Semaphore [locked]>");
            Ok(())
        });
    }
}

#[test]
fn the_stack_of_each_of_many_in_a_queue_is_told() {
    in_a_loop(async {
        let semaphore = Semaphore::new(1)?;
        semaphore.acquire().await?;
        let tasks = acquirers(&semaphore).await?;
        for task in &tasks {
            assert!(task.stack().contains("waits for Semaphore.acquire at "));
        }
        semaphore.release();
        for task in tasks {
            task.await?;
            semaphore.release();
        }
        Ok(())
    });
}
