//! Who gets the lock, when, and where.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use kolo_executor::testing::hops;
use kolo_executor::{Kind, Result, create_task, running_loop};

use super::{LockLike, acquiring};
use crate::support::runs::in_loop;

pub(super) fn one_at_a_time<L: LockLike>(lock: L) {
    in_loop(async move {
        let inside = Rc::new(Cell::new(0));
        let tasks: Vec<_> = (0..5)
            .map(|number| {
                let (lock, inside) = (lock.clone(), inside.clone());
                create_task(async move {
                    for round in 0..10 {
                        let _held = lock.hold().await?;
                        assert_eq!(inside.replace(inside.get() + 1), 0);
                        for _ in 0..(number + round) % 3 {
                            hops(1).await?;
                        }
                        assert_eq!(inside.replace(inside.get() - 1), 1);
                    }
                    Ok(())
                })
            })
            .collect();
        for task in tasks {
            task.await?;
        }
        assert!(!lock.locked());
        Ok(())
    });
}

pub(super) fn first_come_first_served<L: LockLike>(lock: L) {
    in_loop(async move {
        let order = Rc::new(Cell::new(0));
        lock.acquire().await?;
        let tasks = [0, 1, 2, 3].map(|number| {
            let (lock, order) = (lock.clone(), order.clone());
            create_task(async move {
                lock.acquire().await?;
                assert_eq!(order.replace(number + 1), number);
                lock.release();
                Ok(())
            })
        });
        hops(1).await?;
        assert!(lock.shows("locked", 4));
        lock.release();
        for task in tasks {
            task.await?;
        }
        assert_eq!(order.get(), 4);
        Ok(())
    });
}

pub(super) fn nobody_overtakes_a_waiter_that_was_woken<L: LockLike>(lock: L) {
    in_loop(async move {
        lock.acquire().await?;
        let had_it = Rc::new(Cell::new(false));
        let waiter = create_task({
            let (lock, had_it) = (lock.clone(), had_it.clone());
            async move {
                let _held = lock.hold().await?;
                had_it.set(true);
                Ok(())
            }
        });
        hops(1).await?;
        lock.release();
        // The task that has released it wants it back at once: it comes after the waiter, which has not run yet.
        assert!(!had_it.get());
        lock.acquire().await?;
        assert!(had_it.get());
        waiter.await
    });
}

pub(super) fn taking_what_is_free_costs_no_hop<L: LockLike>(lock: L) {
    in_loop(async move {
        let before = running_loop().iterations();
        for _ in 0..3 {
            lock.acquire().await?;
            assert!(lock.locked());
            lock.release();
            assert!(!lock.locked());
        }
        assert_eq!(running_loop().iterations(), before);
        Ok(())
    });
}

pub(super) fn handing_over_costs_one_hop<L: LockLike>(lock: L) {
    in_loop(async move {
        lock.acquire().await?;
        let waiter = acquiring(&lock);
        hops(1).await?;
        lock.release();
        assert!(!waiter.done());
        hops(1).await?;
        assert!(waiter.done());
        assert!(lock.shows("locked", 0));
        Ok(())
    });
}

pub(super) fn a_guard_releases<L: LockLike>(lock: L) {
    in_loop(async move {
        let held = lock.hold().await?;
        let waiter = acquiring(&lock);
        hops(1).await?;
        drop(held);
        hops(1).await?;
        assert!(waiter.done());
        Ok(())
    });
}

pub(super) fn a_guard_of_what_was_released_already<L: LockLike>(lock: L) {
    in_loop(async move {
        let held = lock.hold().await?;
        lock.release();
        drop(held);
        lock.acquire().await?;
        // A plain semaphore cannot know: for it two releases are two permits.
        assert_eq!(lock.locked(), L::BOUNDED);
        Ok(())
    });
}

pub(super) fn two_waits_of_one_task<L: LockLike>(lock: L) {
    in_loop(async move {
        lock.acquire().await?;
        let both = create_task({
            let lock = lock.clone();
            async move {
                let (one, two) = (lock.acquire(), lock.acquire());
                let release = async {
                    one.await?;
                    lock.release();
                    Ok(())
                };
                let (one, two) = futures_util::join!(release, two);
                one.and(two)
            }
        });
        hops(1).await?;
        assert!(lock.shows("locked", 2));
        lock.release();
        both.await?;
        assert!(lock.shows("locked", 0));
        Ok(())
    });
}

pub(super) fn a_wait_under_the_waker_of_a_combinator<L: LockLike>(lock: L) {
    in_loop(async move {
        use futures_util::stream::{FuturesUnordered, StreamExt};
        lock.acquire().await?;
        let all = create_task({
            let lock = lock.clone();
            async move {
                let acquire = async || {
                    lock.acquire().await?;
                    lock.release();
                    Result::<()>::Ok(())
                };
                let mut waits: FuturesUnordered<_> = (0..3).map(|_| acquire()).collect();
                while let Some(outcome) = waits.next().await {
                    outcome?;
                }
                Ok(())
            }
        });
        hops(1).await?;
        assert!(lock.shows("locked", 3));
        lock.release();
        all.await?;
        assert!(!lock.locked());
        Ok(())
    });
}

pub(super) fn a_second_loop_is_refused<L: LockLike>(lock: L) {
    in_loop({
        let lock = lock.clone();
        async move {
            // What need not wait does not bind it, waiting does.
            lock.acquire().await?;
            let waiter = acquiring(&lock);
            hops(1).await?;
            waiter.cancel();
            hops(1).await
        }
    });
    in_loop(async move {
        let error = lock.acquire().await.expect_err("a second loop");
        let text = format!("<{} [locked]> is bound to a different event loop", L::NAME);
        assert_eq!((error.kind(), error.message()), (Kind::Runtime, &*text));
        assert!(lock.shows("locked", 0));
        // What need not wait does not ask for the loop.
        lock.release();
        lock.acquire().await
    });
}

pub(super) fn outside_of_a_loop_only_what_is_free_can_be_had<L: LockLike>(lock: L) {
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(pin!(lock.acquire()).poll(&mut context), Poll::Ready(Ok(()))));
    let Poll::Ready(Err(error)) = pin!(lock.acquire()).poll(&mut context) else {
        panic!("it waits, with nobody to wake it")
    };
    assert_eq!((error.kind(), error.message()), (Kind::Runtime, "no running event loop"));
    assert!(lock.shows("locked", 0));
}
