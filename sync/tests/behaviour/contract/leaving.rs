//! Waiters that are cancelled, and futures that are dropped.

use futures_util::{FutureExt, pin_mut, select_biased};
use kolo_executor::create_task;
use kolo_executor::testing::hops;

use super::{LockLike, acquiring};
use crate::support::outside::droppable;
use crate::support::runs::in_loop;

pub(super) fn a_cancelled_waiter_is_skipped<L: LockLike>(lock: L) {
    in_loop(async move {
        lock.acquire().await?;
        let [first, second] = [acquiring(&lock), acquiring(&lock)];
        hops(1).await?;
        first.cancel();
        assert!(lock.shows("locked", 2));
        hops(1).await?;
        assert!(first.cancelled());
        assert!(lock.shows("locked", 1));
        lock.release();
        hops(1).await?;
        assert!(second.done());
        second.await
    });
}

pub(super) fn a_waiter_cancelled_after_its_grant_passes_it_on<L: LockLike>(lock: L) {
    in_loop(async move {
        lock.acquire().await?;
        let [first, second, third] = [acquiring(&lock), acquiring(&lock), acquiring(&lock)];
        hops(1).await?;
        lock.release();
        first.cancel();
        hops(1).await?;
        assert!(first.cancelled());
        assert!(!second.done());
        hops(1).await?;
        assert!(second.done());
        assert!(!third.done());
        assert!(lock.shows("locked", 1));
        second.await
    });
}

pub(super) fn many_waiters_cancelled_after_their_grants_pass_them_on<L: LockLike>(lock: L) {
    in_loop(async move {
        lock.acquire().await?;
        let waiters: Vec<_> = (0..4).map(|_| acquiring(&lock)).collect();
        hops(1).await?;
        lock.release();
        for waiter in &waiters {
            waiter.cancel();
            hops(1).await?;
        }
        for waiter in &waiters {
            hops(1).await?;
            assert!(waiter.cancelled());
        }
        assert!(!lock.locked());
        lock.acquire().await
    });
}

pub(super) fn a_future_dropped_before_its_grant_leaves_the_queue<L: LockLike>(lock: L) {
    in_loop(async move {
        lock.acquire().await?;
        let dropped = create_task({
            let lock = lock.clone();
            async move {
                let acquire = lock.acquire().fuse();
                let nap = hops(1).fuse();
                pin_mut!(acquire, nap);
                select_biased! {
                    _ = acquire => unreachable!("it is held"),
                    slept = nap => slept,
                }
            }
        });
        let waiter = acquiring(&lock);
        hops(1).await?;
        assert!(lock.shows("locked", 2));
        hops(1).await?;
        dropped.await?;
        assert!(lock.shows("locked", 1));
        lock.release();
        hops(1).await?;
        assert!(waiter.done());
        Ok(())
    });
}

pub(super) fn a_future_dropped_after_its_grant_passes_it_on<L: LockLike>(lock: L) {
    in_loop(async move {
        lock.acquire().await?;
        let (dropped, stop) = droppable({
            let lock = lock.clone();
            async move { lock.acquire().await }
        });
        let waiter = acquiring(&lock);
        hops(1).await?;
        lock.release();
        stop.set_result(())?;
        hops(1).await?;
        dropped.await?;
        hops(1).await?;
        assert!(waiter.done());
        assert!(lock.shows("locked", 0));
        Ok(())
    });
}

pub(super) fn a_guard_future_dropped_after_its_grant_passes_it_on<L: LockLike>(lock: L) {
    in_loop(async move {
        lock.acquire().await?;
        let (dropped, stop) = droppable({
            let lock = lock.clone();
            async move { lock.hold().await }
        });
        hops(1).await?;
        lock.release();
        stop.set_result(())?;
        dropped.await?;
        assert!(!lock.locked());
        let _held = lock.hold().await?;
        assert!(lock.shows("locked", 0));
        Ok(())
    });
}

pub(super) fn a_future_never_polled_holds_nothing<L: LockLike>(lock: L) {
    in_loop(async move {
        let early = lock.acquire();
        assert!(!lock.locked());
        let held = lock.hold().await?;
        drop(early);
        assert!(lock.locked());
        drop(held);
        assert!(!lock.locked());
        Ok(())
    });
}
