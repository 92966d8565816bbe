//! kolo's leaves in the hands of others: foreign combinators, foreign channels, foreign executors.

mod soundness;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::thread;

use futures_channel::{mpsc, oneshot};
use futures_util::future::{Either, FutureExt, join_all, select, select_all};
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::task::LocalSpawnExt;
use futures_util::{join, pin_mut, poll, select};
use kolo_executor::{
    Clock, Error, EventLoop, Kind, Promise, Result, Task, TaskGroup, Turn, as_completed, cancellable, create_task, current_task,
    gather, running_loop, shield, sleep, sleep_with, task_group, timeout, wait, wait_for,
};
use soundness::{Bell, Living, poll_outside, run, tick};

type Leaf = Pin<Box<dyn Future<Output = Result<()>>>>;

fn leaf(future: impl Future<Output = Result<()>> + 'static) -> Leaf {
    Box::pin(future)
}

/// Makes a leaf that is done ten seconds after it was made, or after it was polled first.
type Make = (&'static str, fn() -> Leaf);

const KINDS: [Make; 12] = [
    ("sleep", || leaf(sleep(10))),
    ("promise", || leaf(promised().into_future())),
    ("promise by reference", || leaf((&promised()).into_future())),
    ("task", || leaf(create_task(sleep(10)).into_future())),
    ("any promise", || leaf((&create_task(sleep(10)).as_any()).into_future())),
    ("gather", || {
        leaf(gather([sleep(10)]).into_future().map(|outcome| outcome.map(drop)))
    }),
    ("shield", || leaf(shield(sleep(10)).into_future())),
    ("wait", || {
        leaf(wait([create_task(sleep(10))]).map(|outcome| outcome.map(drop)))
    }),
    ("wait_for", || leaf(wait_for(create_task(sleep(10)), 20))),
    ("timeout", || leaf(timeout(20, sleep(10)))),
    ("cancellable", || leaf(cancellable(sleep(10)).map(Result::flatten))),
    ("as_completed", || {
        leaf(async {
            let mut completed = as_completed([sleep(10)]);
            completed.next().await.unwrap_or(Ok(()))
        })
    }),
];

fn promised() -> Promise<()> {
    let promise = Promise::new();
    let setter = promise.clone();
    running_loop().call_later(10, move || setter.set_result(()).unwrap_or_default());
    promise
}

/// Counts how often `future` is polled.
fn counted<F: Future>(future: F) -> (impl Future<Output = F::Output>, Rc<Cell<u32>>) {
    let polls = Rc::new(Cell::new(0));
    let count = polls.clone();
    let mut future = Box::pin(future);
    let counted = poll_fn(move |context| {
        count.set(count.get() + 1);
        future.as_mut().poll(context)
    });
    (counted, polls)
}

/// Polls `future` once, as part of the running task.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll!(future)
}

// No wake-up is lost.

#[test]
fn every_leaf_completes_in_a_join() {
    run(async {
        let leaves = KINDS.map(|(_, make)| make());
        for ((name, _), outcome) in KINDS.iter().zip(timeout(20, join_all(leaves).map(Ok)).await?) {
            outcome.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        }
        assert_eq!(running_loop().time(), 10.0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn every_leaf_completes_among_many_in_a_set_of_its_own() {
    run(async {
        let mut set: FuturesUnordered<_> = KINDS
            .iter()
            .map(|(name, make)| make().map(move |outcome| outcome.map(|()| *name)))
            .collect();
        let mut names = Vec::new();
        while let Some(name) = set.next().await {
            names.push(name?);
        }
        names.sort_unstable();
        let mut expected = KINDS.map(|(name, _)| name);
        expected.sort_unstable();
        assert_eq!(names, expected);
        Ok(())
    })
    .unwrap();
}

#[test]
fn every_leaf_wins_a_select_against_a_later_one() {
    run(async {
        for (name, make) in KINDS {
            let leaf = make();
            match select(leaf, leaf_of_later()).await {
                Either::Left((outcome, _)) => outcome?,
                Either::Right(_) => panic!("{name}"),
            }
        }
        Ok(())
    })
    .unwrap();

    fn leaf_of_later() -> Leaf {
        leaf(sleep(11))
    }
}

#[test]
fn a_thousand_sleeps_in_a_set_end_in_the_order_of_their_deadlines() {
    run(async {
        // Each residue once, in a scattered order.
        let mut set: FuturesUnordered<_> = (0..1009).map(|n: i32| n * 611 % 1009).map(|n| sleep_with(n, n)).collect();
        for expected in 0..1009 {
            assert_eq!(set.next().await.unwrap()?, expected);
            assert_eq!(running_loop().time(), f64::from(expected));
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn channels_of_others_wake_tasks() {
    run(async {
        let (send, receive) = oneshot::channel();
        let (to, mut from) = mpsc::unbounded();
        let receiver = create_task(async move {
            let first = receive.await?;
            let rest: Vec<i32> = from.by_ref().take(3).collect().await;
            Ok((first, rest))
        });
        sleep(1).await?;
        send.send(1).map_err(|_| Error::other("nobody receives"))?;
        // The others come from another thread.
        let thread = thread::spawn(move || (2..5).for_each(|n| to.unbounded_send(n).unwrap()));
        assert_eq!(receiver.await?, (1, vec![2, 3, 4]));
        thread.join().unwrap();
        Ok(())
    })
    .unwrap();
}

#[test]
fn select_in_a_loop_loses_no_message_and_no_tick() {
    run(async {
        let (to, mut from) = mpsc::unbounded();
        create_task(async move {
            for n in 0..100 {
                sleep(0.7).await?;
                to.unbounded_send(n).map_err(|_| Error::other("nobody receives"))?;
            }
            Ok(())
        });
        let (mut messages, mut ticks) = (Vec::new(), 0);
        let mut next_tick = Box::pin(sleep(1).fuse());
        loop {
            select! {
                message = from.next() => match message {
                    Some(message) => messages.push(message),
                    None => break,
                },
                tick = next_tick => {
                    tick?;
                    ticks += 1;
                    next_tick = Box::pin(sleep(1).fuse());
                }
            }
        }
        assert_eq!(messages, (0..100).collect::<Vec<i32>>());
        assert!((69..=70).contains(&ticks), "{ticks}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn streams_of_ours_go_through_combinators_of_theirs() {
    run(async {
        let squares: Vec<i32> = as_completed([3, 1, 2].map(|n| sleep_with(n, n)))
            .map(|n| n.map(|n| n * n))
            .collect::<Vec<_>>()
            .await
            .into_iter()
            .collect::<Result<_>>()?;
        assert_eq!(squares, [1, 4, 9]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn futures_are_spawned_through_the_common_trait() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let (send, receive) = oneshot::channel();
    let spawned = async move { send.send(sleep_with(3, 5).await.unwrap()).unwrap() };
    event_loop.spawn_local(spawned).unwrap();
    assert_eq!(event_loop.run_until_complete(async { Ok(receive.await?) }).unwrap(), 5);
    event_loop.close().unwrap();
    assert!(event_loop.spawn_local(async {}).is_err());
}

// Cancellation.

#[test]
fn the_leaf_polled_last_is_the_one_that_is_cancelled() {
    run(async {
        // In a join, each in the last place: it is told, and the other one goes on.
        for place_of_the_promise in [0, 1] {
            let promise = Promise::<()>::new();
            let awaited = promise.clone();
            let task = create_task(async move {
                let promised = async { (&awaited).await.map_err(|error| error.is_cancelled()) };
                let slept = async { sleep(10).await.map_err(|error| error.is_cancelled()) };
                Ok(match place_of_the_promise {
                    0 => join!(promised, slept),
                    _ => {
                        let (slept, promised) = join!(slept, promised);
                        (promised, slept)
                    }
                })
            });
            sleep(1).await?;
            assert!(task.cancel());
            sleep(1).await?;
            assert_eq!(promise.cancelled(), place_of_the_promise == 1);
            assert!(!task.done());
            promise.set_result(()).ok();
            let cancelled = Err(true);
            assert_eq!(
                task.await?,
                if place_of_the_promise == 1 {
                    (cancelled, Ok(()))
                } else {
                    (Ok(()), cancelled)
                }
            );
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn every_leaf_is_cancelled_in_a_select_with_a_foreign_future() {
    run(async {
        for (name, make) in KINDS {
            let leaf = make();
            let (_send, receive) = oneshot::channel::<()>();
            let task = create_task(async move {
                match select(leaf, receive).await {
                    Either::Left((outcome, _)) => Ok(outcome.is_err_and(|error| error.is_cancelled())),
                    Either::Right(_) => Ok(false),
                }
            });
            sleep(1).await?;
            assert!(task.cancel());
            assert!(
                timeout(1, task).await.unwrap_or_else(|error| panic!("{name}: {error:?}")),
                "{name}"
            );
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_task_that_stands_on_a_set_is_dropped_there() {
    run(async {
        let (living, cleaned_up) = (Living::new(), Rc::new(Cell::new(false)));
        let (held, flag) = (living.one(), cleaned_up.clone());
        let task = create_task(async move {
            let _held = held;
            let mut set = FuturesUnordered::from_iter([sleep(10), sleep(20)]);
            // A set wakes its task to look again, and in that step polls nobody: what the task stands on is the set itself.
            set.next().await.transpose()?;
            flag.set(true);
            Ok(())
        });
        sleep(1).await?;
        assert!(task.cancel());
        assert!((&task).await.unwrap_err().is_cancelled());
        assert_eq!((living.count(), cleaned_up.get()), (0, false));
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_task_on_a_foreign_future_is_dropped_there() {
    run(async {
        let (send, receive) = oneshot::channel::<()>();
        let task = create_task(async move {
            sleep(1).await?;
            assert!(receive.await.is_ok(), "it does not go on");
            Ok(())
        });
        sleep(2).await?;
        assert!(task.cancel());
        assert!((&task).await.unwrap_err().is_cancelled());
        assert!(send.is_canceled());

        // `cancellable` turns the cancellation into an error.
        let (_send, receive) = oneshot::channel::<()>();
        let task = create_task(async { Ok(cancellable(receive).await.is_err_and(|error| error.is_cancelled())) });
        sleep(1).await?;
        assert!(task.cancel());
        assert!(task.await?);
        Ok(())
    })
    .unwrap();
}

// Dropped futures leave no trace.

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

// Leaves that move.

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

// A promise that all kinds wait for.

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

// Without a task, and without a loop.

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
