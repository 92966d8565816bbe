//! Leaves that a task has polled and set aside, or polls beside others: a cancellation does not get lost with them.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

use futures_util::future::{FutureExt, join};
use kolo_executor::testing::{hops, run};
use kolo_executor::types::Cloned;
use kolo_executor::{Promise, Result, Task, create_task, sleep};

use crate::support::lives::Living;

#[test]
fn a_yield_that_is_given_up_at_once_keeps_no_cancellation() {
    run(async {
        let task = create_task(async {
            assert!(sleep(0).now_or_never().is_none());
            pending::<Result<()>>().await
        });
        sleep(1).await?;
        assert!(task.cancel());
        sleep(1).await?;
        assert!(task.cancelled(), "{task:?}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_wait_that_is_set_aside_takes_no_cancellation_from_its_task() {
    run(async {
        let task = create_task(async {
            let mut aside = pin!(sleep(3600));
            assert!(aside.as_mut().now_or_never().is_none());
            pending::<Result<()>>().await
        });
        sleep(1).await?;
        // It reaches the wait as well, which may be one that a foreign combinator polls.
        assert!(task.cancel());
        hops(1).await?;
        assert!(task.cancelled(), "{task:?}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_cancellation_in_a_circle_reaches_both_leaves() {
    run(async {
        let outcome = Rc::new(Cell::new(None));
        let (told, other) = (outcome.clone(), Promise::<()>::new());
        let first = other.clone();
        let partner: Rc<RefCell<Option<Task<()>>>> = Rc::default();
        let awaited = partner.clone();
        let task = create_task(async move {
            let partner = awaited.take().expect("it was put there");
            let second = partner.into_future().inspect(|outcome| told.set(Some(outcome.is_err())));
            join(first.into_future(), second).await.0
        });
        let own = Promise::clone(&task);
        partner.replace(Some(create_task(own.into_future())));
        sleep(1).await?;
        assert!(task.cancel());
        assert!(other.cancelled());
        // In the next step, and not in a later one, or in none.
        hops(2).await?;
        assert_eq!(outcome.get(), Some(true));
        assert!(task.done());
        Ok(())
    })
    .unwrap();
}

/// Polls a leaf once and keeps it elsewhere.
async fn poll_and_set_aside<F: Future + Unpin>(leaf: &Rc<RefCell<Option<F>>>) -> bool {
    poll_fn(|context| {
        let mut leaf = leaf.borrow_mut();
        Poll::Ready(Pin::new(leaf.as_mut().expect("a leaf")).poll(context).is_pending())
    })
    .await
}

#[test]
fn an_await_that_is_moved_into_the_task_for_which_it_waits_is_refused() {
    let living = Living::new();
    let life = living.one();
    run(async move {
        let leaf = Rc::new(RefCell::new(None::<Cloned<()>>));
        let moved = leaf.clone();
        let task: Task<()> = create_task(async move {
            let _life = life;
            sleep(0).await?;
            // It is told one hop later, as of every await that is refused.
            assert!(poll_and_set_aside(&moved).await);
            sleep(0).await?;
            let own = poll_fn(|context| Pin::new(moved.borrow_mut().as_mut().unwrap()).poll(context)).await;
            assert_eq!(own.unwrap_err().message(), "Task cannot await on itself: 'Task-2'");
            Ok(())
        });
        task.set_name("Task-2");
        leaf.replace(Some((&task).into_future()));
        assert!(poll_and_set_aside(&leaf).await);
        task.await
    })
    .unwrap();
    assert_eq!(living.count(), 0);
}

#[test]
fn a_task_that_is_done_keeps_nothing_of_an_await_that_it_has_set_aside() {
    let living = Living::new();
    run({
        let living = living.clone();
        async move {
            let promise = Promise::new();
            let leaf = Rc::new(RefCell::new(Some((&promise).into_future())));
            let moved = leaf.clone();
            let task = create_task(async move {
                assert!(poll_and_set_aside(&moved).await);
                Ok(())
            });
            hops(1).await?;
            assert!(task.done());
            promise.set_result(living.one())?;
            drop(promise);
            // It comes to its end elsewhere.
            assert!(!poll_and_set_aside(&leaf).await);
            drop(leaf);
            assert_eq!(living.count(), 0);
            task.await
        }
    })
    .unwrap();
}
