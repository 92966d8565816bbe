//! Leaves that move: between tasks, to a foreign waker, out of the loop.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use futures_channel::oneshot;
use futures_util::future::{Either, FutureExt, select, select_all};
use futures_util::pin_mut;
use kolo_executor::testing::{run, tick};
use kolo_executor::{
    Clock, EventLoop, Kind, Promise, Result, Task, create_task, current_task, running_loop, sleep, sleep_with, timeout,
};

use super::{KINDS, counted, leaf, poll_once};
use crate::support::outside::{Bell, poll_outside};

#[test]
fn a_leaf_polled_in_one_task_is_awaited_in_another() {
    run(async {
        for (name, make) in KINDS {
            let leaf = make();
            let begun = running_loop().time();
            let (send, receive) = oneshot::channel();
            let (first, polls) = counted(async move {
                let mut leaf = leaf;
                assert!(poll_once(&mut leaf).await.is_pending());
                assert!(send.send(leaf).is_ok());
                std::future::pending::<Result<()>>().await
            });
            let first = create_task(first);
            let second = create_task(async move { receive.await?.await });
            timeout(15, second).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_eq!(running_loop().time(), begun + 10.0, "{name}");
            // The leaf may wake the task in whose place it began to wait, but once at the most.
            assert!(polls.get() <= 2, "{name}: {}", polls.get());
            first.cancel();
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_leaf_that_moved_is_not_cancelled_with_the_task_it_came_from() {
    run(async {
        for (name, make) in KINDS {
            let leaf = make();
            let (send, receive) = oneshot::channel();
            let (start, started) = oneshot::channel::<()>();
            let first = create_task(async move {
                let mut leaf = leaf;
                assert!(poll_once(&mut leaf).await.is_pending());
                assert!(send.send(leaf).is_ok());
                started.await?;
                std::future::pending::<Result<()>>().await
            });
            let second = create_task(async move { receive.await?.await });
            sleep(1).await?;
            start.send(()).unwrap();
            sleep(1).await?;
            assert!(first.cancel());
            sleep(1).await?;
            assert!(first.cancelled(), "{name}");
            assert!(!second.done(), "{name}");
            second.await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_task_that_awaits_a_leaf_from_another_can_be_cancelled() {
    run(async {
        for (name, make) in KINDS {
            let leaf = make();
            let (send, receive) = oneshot::channel();
            create_task(async move {
                let mut leaf = leaf;
                assert!(poll_once(&mut leaf).await.is_pending());
                assert!(send.send(leaf).is_ok());
                sleep(100).await
            });
            let second = create_task(async move { receive.await?.await });
            sleep(1).await?;
            assert!(second.cancel());
            sleep(0).await?;
            sleep(0).await?;
            sleep(0).await?;
            assert!(second.cancelled(), "{name}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_leaf_goes_back_and_forth_between_wakers() {
    run(async {
        for (name, make) in KINDS {
            let mut leaf = make();
            let bell = Bell::new();
            for _ in 0..3 {
                assert!(poll_once(&mut leaf).await.is_pending(), "{name}");
                assert!(poll_outside(&mut leaf, &bell).is_pending(), "{name}");
                sleep(1).await?;
            }
            // Whoever polled it last is woken: somebody else's waker, and then the task's own.
            assert!(poll_outside(&mut leaf, &bell).is_pending(), "{name}");
            assert_eq!(bell.rings(), 0, "{name}");
            timeout(15, leaf).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn tasks_callbacks_and_foreign_wakers_wait_for_one_promise() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let promise = event_loop.create_promise::<i32>();
    let order = Rc::new(RefCell::new(Vec::new()));
    let note = |what: String| {
        let order = order.clone();
        move || order.borrow_mut().push(what)
    };
    let mut foreign: Vec<_> = (0..3).map(|_| ((&promise).into_future(), Bell::new())).collect();
    for (number, (leaf, bell)) in foreign.iter_mut().enumerate() {
        let awaited = promise.clone();
        let done = note(format!("task {number}"));
        event_loop.create_task(async move {
            assert_eq!((&awaited).await?, 7);
            done();
            Ok(())
        });
        tick(&event_loop);
        let done = note(format!("callback {number}"));
        promise.add_done_callback(move |_| done());
        assert!(poll_outside(leaf, bell).is_pending());
    }
    promise.set_result(7).unwrap();
    // Foreign wakers are woken at once, everybody else one hop later, in the order in which they came.
    for (leaf, bell) in &mut foreign {
        assert_eq!(bell.rings(), 1);
        assert_eq!(leaf.now_or_never().unwrap().unwrap(), 7);
    }
    tick(&event_loop);
    assert_eq!(
        order.take(),
        ["task 0", "callback 0", "task 1", "callback 1", "task 2", "callback 2"]
    );
    assert!(event_loop.all_tasks().is_empty());
}

#[test]
fn one_leaf_among_many_is_dropped_and_the_others_are_woken() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    for dropped in 0..4 {
        let promise = event_loop.create_promise::<()>();
        // All with one waker: each must take back its own registration.
        let bells: Vec<_> = (0..4).map(|_| Bell::new()).collect();
        let mut leaves: Vec<_> = bells
            .iter()
            .map(|bell| {
                let mut leaf = (&promise).into_future();
                assert!(poll_outside(&mut leaf, bell).is_pending());
                assert!(poll_outside(&mut leaf, bell).is_pending());
                leaf
            })
            .collect();
        drop(leaves.remove(dropped));
        promise.set_result(()).unwrap();
        for (number, bell) in bells.iter().enumerate() {
            assert_eq!(bell.rings(), usize::from(number != dropped));
        }
    }
}

#[test]
fn leaves_are_polled_by_a_foreign_executor_inside_a_callback() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let bell = Bell::new();
    let polled = Rc::new(RefCell::new(Vec::new()));
    let (list, waker) = (polled.clone(), bell.clone());
    event_loop.call_soon(move || {
        assert!(current_task().is_none());
        let leaves = [leaf(sleep(1)), leaf(create_task(sleep(1)).into_future()), leaf(sleep(0))];
        list.borrow_mut().extend(leaves);
        assert!(
            list.borrow_mut()
                .iter_mut()
                .all(|leaf| poll_outside(leaf, &waker).is_pending())
        );
    });
    tick(&event_loop);
    assert_eq!(bell.rings(), 1, "the yield");
    event_loop.run_until_complete(sleep(2)).unwrap();
    assert_eq!(bell.rings(), 2);
    let outcomes: Vec<_> = polled.borrow_mut().iter_mut().map(|leaf| poll_outside(leaf, &bell)).collect();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Poll::Ready(Ok(())))));
}

#[test]
fn leaves_without_a_loop_fail_with_words() {
    let bell = Bell::new();
    let Poll::Ready(outcome) = poll_outside(&mut sleep(1), &bell) else {
        panic!("a sleep needs a loop")
    };
    assert_eq!(outcome.unwrap_err().kind(), Kind::Runtime);
    // A promise tells one hop later, as it does in a task.
    let mut unbound = Promise::<()>::new().into_future();
    assert!(poll_outside(&mut unbound, &bell).is_pending());
    assert_eq!(bell.rings(), 1);
    let Poll::Ready(outcome) = poll_outside(&mut unbound, &bell) else {
        panic!("a promise needs a loop")
    };
    assert_eq!(outcome.unwrap_err().kind(), Kind::Runtime);
    // One that is done needs none.
    let promise = Promise::new();
    promise.set_result(3).unwrap();
    assert_eq!(promise.into_future().now_or_never().unwrap().unwrap(), 3);
}

#[test]
fn select_all_takes_tasks_until_none_is_left() {
    run(async {
        let mut tasks: Vec<_> = [3, 1, 2].map(|n| create_task(sleep_with(n, n)).into_future()).into();
        let mut order = Vec::new();
        while !tasks.is_empty() {
            let (outcome, _, rest) = select_all(tasks).await;
            order.push(outcome?);
            tasks = rest;
        }
        assert_eq!(order, [1, 2, 3]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn pinned_on_the_stack_and_polled_by_reference() {
    run(async {
        let sleeping = sleep(5);
        pin_mut!(sleeping);
        let task: Task<i32> = create_task(sleep_with(1, 1));
        let mut awaited = pin!(task.into_future());
        let first = select(&mut sleeping, &mut awaited).await;
        assert!(matches!(first, Either::Right((Ok(1), _))));
        sleeping.await?;
        assert_eq!(running_loop().time(), 5.0);
        Ok(())
    })
    .unwrap();
}
