//! What every lock-like type promises, tested on each: locks, conditions, semaphores of both kinds with one permit.

mod granting;
mod leaving;

use std::fmt::{self, Debug, Formatter};

use kolo_executor::{Result, Task, create_task};
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

/// Makes tests of each check in a module, one for each type.
macro_rules! for_each_type {
    ($module:ident: $($test:ident)*) => { $(
        mod $test {
            use super::*;

            #[test]
            fn of_a_lock() {
                $module::$test(Lock::create());
            }
            #[test]
            fn of_a_condition() {
                $module::$test(UnderCondition::create());
            }
            #[test]
            fn of_a_semaphore() {
                $module::$test(Semaphore::create());
            }
            #[test]
            fn of_a_bounded_semaphore() {
                $module::$test(BoundedSemaphore::create());
            }
        }
    )* };
}

for_each_type! {
    granting:
    one_at_a_time
    first_come_first_served
    nobody_overtakes_a_waiter_that_was_woken
    taking_what_is_free_costs_no_hop
    handing_over_costs_one_hop
    a_guard_releases
    a_guard_of_what_was_released_already
    two_waits_of_one_task
    a_wait_under_the_waker_of_a_combinator
    a_second_loop_is_refused
    outside_of_a_loop_only_what_is_free_can_be_had
}

for_each_type! {
    leaving:
    a_cancelled_waiter_is_skipped
    a_waiter_cancelled_after_its_grant_passes_it_on
    many_waiters_cancelled_after_their_grants_pass_them_on
    a_future_dropped_before_its_grant_leaves_the_queue
    a_future_dropped_after_its_grant_passes_it_on
    a_guard_future_dropped_after_its_grant_passes_it_on
    a_future_never_polled_holds_nothing
}

/// A task that acquires, and is done then. It never releases.
fn acquiring<L: LockLike>(lock: &L) -> Task<()> {
    let lock = lock.clone();
    create_task(async move { lock.acquire().await })
}
