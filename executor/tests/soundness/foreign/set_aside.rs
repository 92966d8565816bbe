//! Leaves that a task has polled and set aside, or polls beside others: a cancellation does not get lost with them.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{FutureExt, join};
use kolo_executor::testing::{hops, run};
use kolo_executor::{Promise, Result, Task, create_task, sleep};

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
fn a_wait_that_is_set_aside_takes_one_cancellation_and_no_more() {
    run(async {
        let task = create_task(async {
            let mut aside = pin!(sleep(3600));
            assert!(aside.as_mut().now_or_never().is_none());
            pending::<Result<()>>().await
        });
        sleep(1).await?;
        // The first reaches the wait, as one does that a foreign combinator polls.
        assert!(task.cancel());
        sleep(1).await?;
        assert!(task.cancel());
        sleep(1).await?;
        assert!(task.cancelled(), "{task:?}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_cancellation_in_a_circle_reaches_the_last_of_two_leaves() {
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
        // In the next step, and not in a later one, or in none.
        hops(2).await?;
        assert_eq!(outcome.get(), Some(true));
        assert!(!task.done());
        other.set_result(())?;
        sleep(1).await?;
        assert!(task.done());
        Ok(())
    })
    .unwrap();
}
