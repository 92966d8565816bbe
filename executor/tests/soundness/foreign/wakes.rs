//! No wake-up is lost.

use std::thread;

use futures_channel::{mpsc, oneshot};
use futures_util::future::{Either, FutureExt, join_all, select};
use futures_util::select;
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::task::LocalSpawnExt;
use kolo_executor::testing::run;
use kolo_executor::{Clock, Error, EventLoop, Result, as_completed, create_task, running_loop, sleep, sleep_with, timeout};

use super::{KINDS, Leaf, leaf};

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
