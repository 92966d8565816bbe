//! Dropped futures leave no trace.

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use futures_util::join;
use kolo_executor::testing::run;
use kolo_executor::{Clock, EventLoop, Kind, Promise, Result, Task, TaskGroup, Turn, create_task, sleep, task_group, timeout};

use super::{KINDS, counted, poll_once};
use crate::support::outside::{Bell, poll_outside};

#[test]
fn a_leaf_that_lost_a_select_wakes_nobody() {
    run(async {
        for (name, make) in KINDS {
            let leaf = make();
            let (task, polls) = counted(async {
                let mut leaf = leaf;
                assert!(poll_once(&mut leaf).await.is_pending());
                drop(leaf);
                // Long after the leaf would have been done.
                std::future::pending::<Result<()>>().await
            });
            let task = create_task(task);
            sleep(20).await?;
            assert_eq!(polls.get(), 1, "{name}");
            assert!(task.cancel());
            sleep(0).await?;
            sleep(0).await?;
            assert!(
                task.cancelled(),
                "{name}: a cancellation does not wait for a leaf that is gone"
            );
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_dropped_leaf_frees_the_task_s_place_and_its_timer() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let (send, receive) = oneshot::channel::<()>();
    let task = event_loop.create_task(async {
        for _ in 0..100 {
            let mut loser = sleep(1000);
            assert!(poll_once(&mut loser).await.is_pending());
        }
        // Only this one is left.
        sleep(1).await?;
        receive.await?;
        Ok(())
    });
    event_loop.run_until_complete(sleep(2)).unwrap();
    // No timer is armed.
    assert_eq!(event_loop.turn().unwrap(), Turn::Io);
    send.send(()).unwrap();
    event_loop.run_until_complete(task).unwrap();
    assert_eq!(event_loop.time(), 2.0);
    assert_eq!(event_loop.turn().unwrap(), Turn::Done);
}

#[test]
fn a_dropped_leaf_s_promise_is_left_alone() {
    run(async {
        let promise = Promise::<()>::new();
        let awaited = promise.clone();
        let (_send, receive) = oneshot::channel::<()>();
        let task = create_task(async move {
            // Under a waker that is not the task's own, and under the task's own.
            let bell = Bell::new();
            assert!(poll_outside(&mut (&awaited).into_future(), &bell).is_pending());
            assert!(poll_once(&mut (&awaited).into_future()).await.is_pending());
            receive.await?;
            Ok(())
        });
        sleep(1).await?;
        assert!(task.cancel());
        sleep(1).await?;
        assert!(task.cancelled());
        assert!(!promise.done());
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_leaf_that_is_kept_and_never_polled_again_does_no_harm() {
    let kept = Rc::new(RefCell::new(Vec::new()));
    let list = kept.clone();
    run(async move {
        for (name, make) in KINDS {
            let mut leaf = make();
            let list = list.clone();
            let task = create_task(async move {
                assert!(poll_once(&mut leaf).await.is_pending());
                list.borrow_mut().push(leaf);
                sleep(1).await?;
                let (a, b) = join!(sleep(2), sleep(1));
                a.and(b)
            });
            timeout(5, task).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        }
        sleep(20).await
    })
    .unwrap();
    assert_eq!(kept.take().len(), KINDS.len());
}

#[test]
fn a_task_group_that_is_dropped_cancels_its_tasks() {
    run(async {
        let members: Rc<RefCell<Vec<Task<()>>>> = Rc::default();
        let list = members.clone();
        let member = move |group: &TaskGroup| -> Result<()> {
            list.borrow_mut().push(group.create_task(sleep(1000))?);
            Ok(())
        };
        // By a select, by a cancellation on a foreign future, by a panic, and with a task that is over before the group is.
        // By a select, by a cancellation on a foreign future, and by a panic.
        let add = member.clone();
        let group = task_group(async move |group| {
            add(&group)?;
            sleep(1000).await
        });
        assert!(matches!(select(Box::pin(group), sleep(1)).await, Either::Right(_)));
        let (add, (_send, receive)) = (member.clone(), oneshot::channel::<()>());
        let on_foreign = create_task(task_group(async move |group| {
            add(&group)?;
            Ok(receive.await?)
        }));
        let add = member.clone();
        let panics = create_task(task_group(async move |group| -> Result<()> {
            add(&group)?;
            sleep(0).await?;
            panic!("in the body")
        }));
        sleep(1).await?;
        assert_eq!(panics.await.unwrap_err().kind(), Kind::Panic);
        assert!(on_foreign.cancel());
        sleep(1).await?;
        let cancelled: Vec<bool> = members.borrow().iter().map(|member| member.cancelled()).collect();
        assert_eq!(cancelled, [true; 3]);
        assert!(on_foreign.cancelled());
        Ok(())
    })
    .unwrap();
}
