//! Coroutines that panic.

use std::cell::RefCell;
use std::future::pending;
use std::panic::panic_any;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use kolo_executor::testing::{run, tick};
use kolo_executor::{Kind, Result, Task, as_completed, create_task, gather, shield, sleep, task_group, timeout, wait};

use super::{Bomb, loop_with_reports, panic_message};
use crate::support::lives::{Life, Living};

/// A future that panics where it is told to.
struct Panics {
    in_poll: bool,
    in_drop: bool,
    _life: Life,
}

impl Future for Panics {
    type Output = Result<i32>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<i32>> {
        assert!(!self.in_poll, "in poll");
        Poll::Ready(Ok(1))
    }
}

impl Drop for Panics {
    fn drop(&mut self) {
        assert!(!self.in_drop, "in drop");
    }
}

#[test]
fn a_future_that_panics_in_poll_in_drop_and_in_both() {
    for (in_poll, in_drop, message, report) in [
        (false, false, None, None),
        (true, false, Some("in poll"), None),
        // The value is lost: it was there, but its coroutine did not end well.
        (false, true, Some("in drop"), None),
        (
            true,
            true,
            Some("in poll"),
            Some("A destructor in a coroutine panicked: in drop"),
        ),
    ] {
        let living = Living::new();
        let (event_loop, reports) = loop_with_reports();
        let task = event_loop.create_task(Panics {
            in_poll,
            in_drop,
            _life: living.one(),
        });
        let outcome = event_loop.run_until_complete(&task);
        match message {
            None => assert_eq!(outcome.unwrap(), 1),
            Some(message) => assert_eq!(panic_message(outcome), message),
        }
        assert!(task.done());
        assert_eq!(living.count(), 0);
        assert!(event_loop.all_tasks().is_empty());
        event_loop.run_until_complete(sleep(1)).unwrap();
        assert_eq!(reports(), report.map(str::to_owned).into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_coroutine_whose_value_panics_after_its_coroutine_did() {
    let (event_loop, reports) = loop_with_reports();
    struct Both;
    impl Future for Both {
        type Output = Result<Bomb>;
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<Bomb>> {
            Poll::Ready(Ok(Bomb("the value")))
        }
    }
    impl Drop for Both {
        fn drop(&mut self) {
            panic!("the coroutine");
        }
    }
    let task = event_loop.create_task(Both);
    assert_eq!(panic_message(event_loop.run_until_complete(task)), "the coroutine");
    assert_eq!(reports(), ["A destructor in a coroutine panicked: the value"]);
}

#[test]
fn a_cancelled_coroutine_that_panics_in_drop() {
    for steps in [0, 1] {
        let (event_loop, reports) = loop_with_reports();
        let held = Bomb("in drop");
        let task = event_loop.create_task(async move {
            let _held = held;
            pending::<Result<()>>().await
        });
        (0..steps).for_each(|_| tick(&event_loop));
        assert!(task.cancel());
        assert!(event_loop.run_until_complete(&task).unwrap_err().is_cancelled());
        assert!(task.cancelled());
        assert_eq!(reports(), ["A destructor in a coroutine panicked: in drop"]);
    }
}

#[test]
fn a_task_that_panics_after_many_others_were_queued() {
    let (event_loop, reports) = loop_with_reports();
    let steps = Rc::new(RefCell::new(Vec::new()));
    let tasks: Vec<Task<()>> = (0..6)
        .map(|number| {
            let steps = steps.clone();
            event_loop.create_task(async move {
                for step in 0..3 {
                    steps.borrow_mut().push((number, step));
                    assert!(number % 2 == 0 || step < 1, "task {number}");
                    sleep(0).await?;
                }
                Ok(())
            })
        })
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        let outcome = event_loop.run_until_complete(task);
        if number % 2 == 0 {
            outcome.unwrap();
        } else {
            assert_eq!(panic_message(outcome), format!("task {number}"));
        }
    }
    // Each in its turn, in every iteration.
    let expected: Vec<_> = (0..3)
        .flat_map(|step| (0..6).filter(move |n| n % 2 == 0 || step < 2).map(move |n| (n, step)))
        .collect();
    assert_eq!(steps.take(), expected);
    assert!(reports().is_empty());
}

#[test]
fn the_panic_of_a_task_nobody_waits_for_is_reported_once() {
    let (event_loop, reports) = loop_with_reports();
    drop(event_loop.create_task::<()>(async { panic!("alone") }));
    event_loop.run_until_complete(sleep(1)).unwrap();
    assert_eq!(reports(), ["Task exception was never retrieved: alone"]);
}

#[test]
fn the_payload_of_a_panic_is_kept() {
    let (event_loop, reports) = loop_with_reports();
    let task = event_loop.create_task::<()>(async { panic_any(42_u8) });
    let error = event_loop.run_until_complete(task).unwrap_err();
    assert_eq!(error.kind(), Kind::Panic);
    assert_eq!(*error.take_panic().unwrap().downcast::<u8>().unwrap(), 42);
    assert!(error.take_panic().is_none());
    assert!(reports().is_empty());
}

#[test]
fn a_panic_arrives_through_everything_that_waits() {
    async fn panics() -> Result<i32> {
        sleep(1).await?;
        panic!("inside");
    }
    run(async {
        assert_eq!(panic_message(gather([panics(), panics()]).await), "inside");
        let outcomes = gather([panics(), panics()]).return_exceptions().await?;
        assert!(outcomes.into_iter().all(|outcome| panic_message(outcome) == "inside"));
        assert_eq!(panic_message(shield(panics()).await), "inside");
        assert_eq!(panic_message(timeout(5, create_task(panics())).await), "inside");
        assert_eq!(panic_message(as_completed([panics()]).next().await.unwrap()), "inside");
        let (done, _) = wait([create_task(panics())]).await?;
        assert_eq!(done[0].error()?.unwrap().message(), "inside");
        let group = task_group(async |group| group.create_task(panics())).await;
        assert_eq!(group.unwrap_err().errors()[0].kind(), Kind::Panic);
        Ok(())
    })
    .unwrap();
}
