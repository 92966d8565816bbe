//! What every lock-like type promises, tested on each: locks, conditions, semaphores of both kinds with one permit.

use std::cell::Cell;
use std::fmt::{self, Debug, Formatter};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_util::future::{Either, select};
use futures_util::{FutureExt, pin_mut, select_biased};
use kolo_executor::{Clock, Kind, Promise, Result, Runner, Task, create_task, running_loop, sleep};
use kolo_sync::{BoundedSemaphore, Condition, Held, Lock, Permit, Semaphore};

/// Something that one task at a time can hold.
trait LockLike: Clone + Debug + 'static {
    type Guard: 'static;
    const NAME: &'static str;
    /// Whether it refuses to be released more often than it was acquired.
    const BOUNDED: bool;

    fn create() -> Self;
    fn acquire(&self) -> impl Future<Output = Result<()>>;
    fn hold(&self) -> impl Future<Output = Result<Self::Guard>>;
    fn release(&self);
    fn locked(&self) -> bool;

    /// The `Debug` text in this state, with so many in the queue.
    fn shows(&self, state: &str, waiters: usize) -> bool {
        let waiters = match waiters {
            0 => String::new(),
            waiters => format!(", waiters:{waiters}"),
        };
        format!("{self:?}") == format!("<{} [{state}{waiters}]>", Self::NAME)
    }
}

/// A condition, seen as the lock that it is under.
#[derive(Clone)]
struct UnderCondition {
    lock: Lock,
    condition: Condition,
}

impl UnderCondition {
    fn create() -> UnderCondition {
        let lock = Lock::new();
        let condition = Condition::with_lock(lock.clone());
        UnderCondition { lock, condition }
    }

    fn acquire(&self) -> impl Future<Output = Result<()>> {
        self.condition.acquire()
    }

    fn hold(&self) -> impl Future<Output = Result<Held>> {
        self.condition.hold()
    }

    fn locked(&self) -> bool {
        self.condition.locked()
    }
}

impl Debug for UnderCondition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.lock.fmt(f)
    }
}

macro_rules! lock_like {
    ($type:ty, $name:literal, $bounded:literal, $guard:ty, $create:expr, $release:expr) => {
        impl LockLike for $type {
            type Guard = $guard;
            const NAME: &'static str = $name;
            const BOUNDED: bool = $bounded;

            fn create() -> Self {
                $create
            }
            fn acquire(&self) -> impl Future<Output = Result<()>> {
                <$type>::acquire(self)
            }
            fn hold(&self) -> impl Future<Output = Result<$guard>> {
                <$type>::hold(self)
            }
            fn release(&self) {
                $release(self)
            }
            fn locked(&self) -> bool {
                <$type>::locked(self)
            }
        }
    };
}

lock_like!(Lock, "Lock", true, Held, Lock::new(), |lock: &Lock| lock
    .release()
    .expect("it is held"));
lock_like!(
    UnderCondition,
    "Lock",
    true,
    Held,
    UnderCondition::create(),
    |under: &UnderCondition| under.condition.release().expect("it is held")
);
lock_like!(
    Semaphore,
    "Semaphore",
    false,
    Permit,
    Semaphore::new(1).expect("a semaphore"),
    Semaphore::release
);
lock_like!(
    BoundedSemaphore,
    "BoundedSemaphore",
    true,
    Permit,
    BoundedSemaphore::new(1).expect("a semaphore"),
    |semaphore: &BoundedSemaphore| semaphore.release().expect("it is held")
);

/// Makes tests of each check, one for each type.
macro_rules! for_each_type {
    ($($test:ident)*) => { $(
        mod $test {
            use super::*;

            #[test]
            fn of_a_lock() {
                checks::$test(Lock::create());
            }
            #[test]
            fn of_a_condition() {
                checks::$test(UnderCondition::create());
            }
            #[test]
            fn of_a_semaphore() {
                checks::$test(Semaphore::create());
            }
            #[test]
            fn of_a_bounded_semaphore() {
                checks::$test(BoundedSemaphore::create());
            }
        }
    )* };
}

for_each_type! {
    one_at_a_time
    first_come_first_served
    nobody_overtakes_a_waiter_that_was_woken
    taking_what_is_free_costs_no_hop
    handing_over_costs_one_hop
    a_guard_releases
    a_guard_of_what_was_released_already
    a_cancelled_waiter_is_skipped
    a_waiter_cancelled_after_its_grant_passes_it_on
    many_waiters_cancelled_after_their_grants_pass_them_on
    a_future_dropped_before_its_grant_leaves_the_queue
    a_future_dropped_after_its_grant_passes_it_on
    a_guard_future_dropped_after_its_grant_passes_it_on
    a_future_never_polled_holds_nothing
    two_waits_of_one_task
    a_wait_under_the_waker_of_a_combinator
    a_second_loop_is_refused
    outside_of_a_loop_only_what_is_free_can_be_had
}

/// A task that acquires, and is done then. It never releases.
fn acquiring<L: LockLike>(lock: &L) -> Task<()> {
    let lock = lock.clone();
    create_task(async move { lock.acquire().await })
}

/// Runs a coroutine, which must succeed.
#[track_caller]
fn in_loop(main: impl Future<Output = Result<()>> + 'static) {
    let runner = Runner::builder().clock(Clock::Virtual).build().expect("a loop");
    runner.run(main).expect("the test's coroutine succeeds");
    runner.close().expect("an orderly end");
}

async fn tick() -> Result<()> {
    sleep(0).await
}

mod checks {
    use super::*;

    pub(crate) fn one_at_a_time<L: LockLike>(lock: L) {
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
                                tick().await?;
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

    pub(crate) fn first_come_first_served<L: LockLike>(lock: L) {
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
            tick().await?;
            assert!(lock.shows("locked", 4));
            lock.release();
            for task in tasks {
                task.await?;
            }
            assert_eq!(order.get(), 4);
            Ok(())
        });
    }

    pub(crate) fn nobody_overtakes_a_waiter_that_was_woken<L: LockLike>(lock: L) {
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
            tick().await?;
            lock.release();
            // The task that has released it wants it back at once: it comes after the waiter, which has not run yet.
            assert!(!had_it.get());
            lock.acquire().await?;
            assert!(had_it.get());
            waiter.await
        });
    }

    pub(crate) fn taking_what_is_free_costs_no_hop<L: LockLike>(lock: L) {
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

    pub(crate) fn handing_over_costs_one_hop<L: LockLike>(lock: L) {
        in_loop(async move {
            lock.acquire().await?;
            let waiter = acquiring(&lock);
            tick().await?;
            lock.release();
            assert!(!waiter.done());
            tick().await?;
            assert!(waiter.done());
            assert!(lock.shows("locked", 0));
            Ok(())
        });
    }

    pub(crate) fn a_guard_releases<L: LockLike>(lock: L) {
        in_loop(async move {
            let held = lock.hold().await?;
            let waiter = acquiring(&lock);
            tick().await?;
            drop(held);
            tick().await?;
            assert!(waiter.done());
            Ok(())
        });
    }

    pub(crate) fn a_guard_of_what_was_released_already<L: LockLike>(lock: L) {
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

    pub(crate) fn a_cancelled_waiter_is_skipped<L: LockLike>(lock: L) {
        in_loop(async move {
            lock.acquire().await?;
            let [first, second] = [acquiring(&lock), acquiring(&lock)];
            tick().await?;
            first.cancel();
            assert!(lock.shows("locked", 2));
            tick().await?;
            assert!(first.cancelled());
            assert!(lock.shows("locked", 1));
            lock.release();
            tick().await?;
            assert!(second.done());
            second.await
        });
    }

    pub(crate) fn a_waiter_cancelled_after_its_grant_passes_it_on<L: LockLike>(lock: L) {
        in_loop(async move {
            lock.acquire().await?;
            let [first, second, third] = [acquiring(&lock), acquiring(&lock), acquiring(&lock)];
            tick().await?;
            lock.release();
            first.cancel();
            tick().await?;
            assert!(first.cancelled());
            assert!(!second.done());
            tick().await?;
            assert!(second.done());
            assert!(!third.done());
            assert!(lock.shows("locked", 1));
            second.await
        });
    }

    pub(crate) fn many_waiters_cancelled_after_their_grants_pass_them_on<L: LockLike>(lock: L) {
        in_loop(async move {
            lock.acquire().await?;
            let waiters: Vec<_> = (0..4).map(|_| acquiring(&lock)).collect();
            tick().await?;
            lock.release();
            for waiter in &waiters {
                waiter.cancel();
                tick().await?;
            }
            for waiter in &waiters {
                tick().await?;
                assert!(waiter.cancelled());
            }
            assert!(!lock.locked());
            lock.acquire().await
        });
    }

    pub(crate) fn a_future_dropped_before_its_grant_leaves_the_queue<L: LockLike>(lock: L) {
        in_loop(async move {
            lock.acquire().await?;
            let dropped = create_task({
                let lock = lock.clone();
                async move {
                    let acquire = lock.acquire().fuse();
                    let nap = tick().fuse();
                    pin_mut!(acquire, nap);
                    select_biased! {
                        _ = acquire => unreachable!("it is held"),
                        slept = nap => slept,
                    }
                }
            });
            let waiter = acquiring(&lock);
            tick().await?;
            assert!(lock.shows("locked", 2));
            tick().await?;
            dropped.await?;
            assert!(lock.shows("locked", 1));
            lock.release();
            tick().await?;
            assert!(waiter.done());
            Ok(())
        });
    }

    /// Waits for `future`, and drops it in the step after the one in which `stop` is completed.
    async fn drop_at<T>(future: impl Future<Output = T>, stop: Promise<()>) -> Result<()> {
        let (future, stop) = (pin!(future), pin!(stop.into_future()));
        match select(stop, future).await {
            Either::Left((stopped, _dropped_with_this)) => stopped,
            Either::Right(_) => unreachable!("it is told to stop before it gets what it waits for"),
        }
    }

    pub(crate) fn a_future_dropped_after_its_grant_passes_it_on<L: LockLike>(lock: L) {
        in_loop(async move {
            lock.acquire().await?;
            let stop = Promise::new();
            let dropped = create_task({
                let (lock, stop) = (lock.clone(), stop.clone());
                async move { drop_at(lock.acquire(), stop).await }
            });
            let waiter = acquiring(&lock);
            tick().await?;
            lock.release();
            stop.set_result(())?;
            tick().await?;
            dropped.await?;
            tick().await?;
            assert!(waiter.done());
            assert!(lock.shows("locked", 0));
            Ok(())
        });
    }

    pub(crate) fn a_guard_future_dropped_after_its_grant_passes_it_on<L: LockLike>(lock: L) {
        in_loop(async move {
            lock.acquire().await?;
            let stop = Promise::new();
            let dropped = create_task({
                let (lock, stop) = (lock.clone(), stop.clone());
                async move { drop_at(lock.hold(), stop).await }
            });
            tick().await?;
            lock.release();
            stop.set_result(())?;
            dropped.await?;
            assert!(!lock.locked());
            let _held = lock.hold().await?;
            assert!(lock.shows("locked", 0));
            Ok(())
        });
    }

    pub(crate) fn a_future_never_polled_holds_nothing<L: LockLike>(lock: L) {
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

    pub(crate) fn two_waits_of_one_task<L: LockLike>(lock: L) {
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
            tick().await?;
            assert!(lock.shows("locked", 2));
            lock.release();
            both.await?;
            assert!(lock.shows("locked", 0));
            Ok(())
        });
    }

    pub(crate) fn a_wait_under_the_waker_of_a_combinator<L: LockLike>(lock: L) {
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
            tick().await?;
            assert!(lock.shows("locked", 3));
            lock.release();
            all.await?;
            assert!(!lock.locked());
            Ok(())
        });
    }

    pub(crate) fn a_second_loop_is_refused<L: LockLike>(lock: L) {
        in_loop({
            let lock = lock.clone();
            async move {
                // What need not wait does not bind it, waiting does.
                lock.acquire().await?;
                let waiter = acquiring(&lock);
                tick().await?;
                waiter.cancel();
                tick().await
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

    pub(crate) fn outside_of_a_loop_only_what_is_free_can_be_had<L: LockLike>(lock: L) {
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(pin!(lock.acquire()).poll(&mut context), Poll::Ready(Ok(()))));
        let Poll::Ready(Err(error)) = pin!(lock.acquire()).poll(&mut context) else {
            panic!("it waits, with nobody to wake it")
        };
        assert_eq!((error.kind(), error.message()), (Kind::Runtime, "no running event loop"));
        assert!(lock.shows("locked", 0));
    }
}
