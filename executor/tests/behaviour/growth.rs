//! What grows no faster than the number of those that take part: each test has so many that it would not end otherwise.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::mpsc::{Sender, channel};
use std::task::{Poll, Waker};
use std::thread;

use kolo_executor::{AnyPromise, Promise, Result, ReturnWhen, Task, as_completed, create_task, gather, shield, sleep, wait};

use crate::support::many::{MANY, orders};
use crate::support::outside::droppable;
use crate::support::runs::virtual_loop;

#[test]
fn done_callbacks_are_removed_in_any_order() {
    for order in orders(MANY) {
        let event_loop = virtual_loop();
        let promise = event_loop.create_promise::<()>();
        let tokens: Vec<_> = (0..MANY)
            .map(|_| promise.add_done_callback(|_| unreachable!("it was removed")))
            .collect();
        for &number in &order {
            assert!(promise.remove_done_callback(tokens[number]));
        }
        assert!(!promise.remove_done_callback(tokens[0]));
        promise.set_result(()).unwrap();
        event_loop.run_until_complete(sleep(0)).unwrap();
    }
}

#[test]
fn awaits_of_one_promise_by_one_task_are_dropped_in_any_order() {
    for order in orders(MANY) {
        virtual_loop()
            .run_until_complete(async move {
                let promise = Promise::<()>::new();
                let mut awaits: Vec<_> = (0..MANY).map(|_| Some((&promise).into_future())).collect();
                let all_wait = poll_fn(|context| {
                    let mut awaits = awaits.iter_mut().flatten();
                    Poll::Ready(awaits.all(|wait| Pin::new(wait).poll(context).is_pending()))
                });
                assert!(all_wait.await);
                assert!(!promise.as_any().awaiters().is_empty());
                order.iter().for_each(|&number| awaits[number] = None);
                assert!(promise.as_any().awaiters().is_empty());
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn tasks_behind_shields_of_one_promise_are_cancelled_in_any_order() {
    for order in orders(MANY) {
        virtual_loop()
            .run_until_complete(async move {
                let promise = Promise::<()>::new();
                let shields = (0..MANY).map(|_| shield(&promise));
                let tasks: Vec<_> = shields.map(|shield| create_task(async move { shield.await })).collect();
                sleep(0).await?;
                order.iter().for_each(|&number| assert!(tasks[number].cancel()));
                sleep(0).await?;
                sleep(0).await?;
                assert!(tasks.iter().all(|task| task.cancelled()));
                assert!(promise.as_any().awaiters().is_empty());
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn the_first_of_those_that_are_left_is_waited_for_until_none_is() {
    /// Each wait looks at all that are left: this is a test of what they leave behind.
    const ROUNDS: usize = 1_000;
    let event_loop = virtual_loop();
    let program = async {
        let last = Promise::<usize>::new();
        let mut left: Vec<AnyPromise> = (1..ROUNDS).map(|n| create_task(sleep(n)).as_any()).collect();
        left.push(last.as_any());
        let mut kept = Vec::new();
        while left.len() > 1 {
            let (done, pending) = wait(left).return_when(ReturnWhen::FirstCompleted).await?;
            assert_eq!(done.len(), 1);
            assert!(last.as_any().awaited_by().is_empty());
            kept.push(last.as_any().handles());
            left = pending;
        }
        assert!(kept.iter().all(|&handles| handles == kept[0]), "{kept:?}");
        last.set_result(0)
    };
    event_loop.run_until_complete(program).unwrap();
    // A hop for each to end, and one for the wait to learn of it.
    assert!(event_loop.iterations() < 4 * ROUNDS as u64);
}

/// Of each of the tasks, each of which has run once, its stack is asked for: its last line.
async fn each_stack<T: 'static>(tasks: Vec<Task<T>>, last_line: &str) -> Result<()> {
    sleep(0).await?;
    sleep(0).await?;
    for task in &tasks {
        let stack = task.stack();
        let last = stack.lines().last().unwrap();
        assert!(last.contains(last_line), "{last}");
    }
    tasks.iter().for_each(|task| assert!(task.cancel()));
    // Those behind a shield go on.
    sleep(2).await
}

#[test]
fn the_stack_of_each_of_many_tasks_is_told() {
    virtual_loop()
        .run_until_complete(async {
            each_stack((0..MANY).map(|_| create_task(sleep(1))).collect(), " waits at ").await?;
            let promise = Promise::<()>::new();
            let awaiting = |promise: &Promise<()>| {
                let promise = promise.clone();
                create_task(async move { (&promise).await })
            };
            let tasks = (0..MANY).map(|_| awaiting(&promise)).collect();
            each_stack(tasks, "waits for <Promise pending> at ").await?;
            let pairs = (0..MANY).map(|_| {
                let behind = gather([shield(sleep(1))]);
                create_task(async move { behind.await })
            });
            each_stack(pairs.collect(), "  Task-").await
        })
        .unwrap();
}

/// Suspends like a future that another thread completes: `waking` is given the waker.
async fn woken_by(waking: &Sender<Waker>) {
    let mut asked = false;
    poll_fn(|context| {
        if std::mem::replace(&mut asked, true) {
            return Poll::Ready(());
        }
        waking.send(context.waker().clone()).unwrap();
        Poll::Pending
    })
    .await;
}

#[test]
fn a_loop_of_many_falls_asleep_many_times() {
    let (waking, wakers) = channel::<Waker>();
    let waker = thread::spawn(move || wakers.iter().for_each(Waker::wake));
    let event_loop = virtual_loop();
    let never = event_loop.create_promise::<()>();
    for _ in 0..MANY {
        let never = never.clone();
        event_loop.create_task(async move { (&never).await });
    }
    let main = async move {
        for _ in 0..MANY / 10 {
            // By itself, and by another task for which it waits.
            woken_by(&waking).await;
            let waking = waking.clone();
            let other = create_task(async move {
                woken_by(&waking).await;
                Ok(())
            });
            other.await?;
        }
        Ok(())
    };
    event_loop.run_until_complete(main).unwrap();
    waker.join().unwrap();
    never.set_result(()).unwrap();
    event_loop.run_until_complete(sleep(0)).unwrap();
}

#[test]
fn awaits_that_are_dropped_leave_nothing_behind() {
    let event_loop = virtual_loop();
    let program = async {
        let promise = Promise::<()>::new();
        let handles = promise.as_any().handles();
        for _ in 0..100 {
            let mut completed = as_completed([promise.clone()]).timeout(1_000);
            let waits = [
                droppable(shield(&promise).into_future()),
                droppable(gather([promise.clone(), promise.clone()]).into_future()),
                droppable(gather([promise.clone()]).return_exceptions().into_future()),
                droppable(async move { completed.next().await }),
            ];
            sleep(0).await?;
            sleep(0).await?;
            assert!(promise.as_any().handles() > handles);
            for (task, stop) in waits {
                stop.set_result(())?;
                task.await?;
            }
            assert_eq!(promise.as_any().handles(), handles);
            assert!(promise.as_any().awaiters().is_empty());
        }
        Ok(promise)
    };
    let promise = event_loop.run_until_complete(program).unwrap();
    // Nor a timer: the deadlock is told of now, not in a thousand seconds.
    event_loop.run_until_complete(async move { promise.await }).unwrap_err();
    assert_eq!(event_loop.time(), 0.0);
}
