//! Deadlocks, and how they are explained.

use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::rc::Rc;

use kolo_executor::primitive::{Claim, WaitQueue};
use kolo_executor::testing::run;
use kolo_executor::{
    Error, Kind, Promise, Result, as_completed, current_task, gather, shield, sleep, task_group, wait, wait_for,
};
use kolo_sync::{Barrier, Condition, Event, Lock, Queue, Semaphore};

use super::{relative, spawn};

/// The text of the deadlock in which `main` ends, with the places in the caller's file as [`relative`] has them. The main task is called so,
/// because numbers would depend on the tests before.
#[track_caller]
fn explained<T: fmt::Debug + 'static>(base: u32, main: impl Future<Output = Result<T>> + 'static) -> String {
    let named = async {
        current_task().expect("a task").set_name("main");
        main.await
    };
    let error = run(named).expect_err("a deadlock");
    assert_eq!(error.kind(), Kind::Deadlock);
    relative(base, error.message())
}

#[test]
fn one_lock_twice() {
    let base = line!();
    let text = explained(base, async {
        let lock = Lock::new();
        lock.acquire().await?;
        lock.acquire().await
    });
    let expected = "nothing can ever run again: 1 task is stuck
  main, created at @1
    waits for Lock.acquire at @4
    <Lock [locked, waiters:1]>, held since @3 by main
  cycle: main waits for main";
    assert_eq!(text, expected);
}

#[test]
fn two_locks_crossed() {
    let base = line!();
    async fn take_both(first: Lock, second: Lock) -> Result<()> {
        let _first = first.hold().await?;
        sleep(1).await?;
        let _second = second.hold().await?;
        Ok(())
    }
    let text = explained(base, async {
        let (a, b) = (Lock::new(), Lock::new());
        let here = spawn("here", take_both(a.clone(), b.clone()));
        let there = spawn("there", take_both(b, a));
        gather([here, there]).await
    });
    let expected = "nothing can ever run again: 3 tasks are stuck
  main, created at @7
    waits for here, there at @11
  here, created at @9
    waits for Lock.acquire at @4
    <Lock [locked, waiters:1]>, held since @2 by there
  there, created at @10
    waits for Lock.acquire at @4
    <Lock [locked, waiters:1]>, held since @2 by here
  cycle: here waits for there waits for here";
    assert_eq!(text, expected);
}

#[test]
fn a_lock_never_released() {
    let base = line!();
    let text = explained(base, async {
        let lock = Lock::new();
        let forgetful = lock.clone();
        let failing = async move {
            forgetful.acquire().await?;
            Err::<(), _>(Error::value("it leaves without releasing"))
        };
        assert!(spawn("failing", failing).await.is_err());
        let _held = lock.hold().await?;
        Ok(())
    });
    let expected = "nothing can ever run again: 1 task is stuck
  main, created at @1
    waits for Lock.acquire at @9
    <Lock [locked, waiters:1]>, held since @5 by a task that has ended, created at @8";
    assert_eq!(text, expected);
}

#[test]
fn a_queue_joined_without_task_done() {
    let base = line!();
    let text = explained(base, async {
        let queue = Queue::new(0);
        let items = queue.clone();
        spawn("worker", async move {
            loop {
                let _forgotten: u32 = items.get().await?;
            }
            #[expect(unreachable_code, reason = "it tells the type of the coroutine")]
            Ok(())
        });
        queue.put(1).await?;
        queue.put(2).await?;
        queue.join().await
    });
    let expected = "nothing can ever run again: 2 tasks are stuck
  main, created at @1
    waits for Queue.join at @13
    <Queue maxsize=0 _getters[1] tasks=2>
  worker, created at @4
    waits for Queue.get at @6
    <Queue maxsize=0 _getters[1] tasks=2>";
    assert_eq!(text, expected);
}

#[test]
fn a_barrier_one_party_short() {
    let base = line!();
    async fn party(barrier: Barrier) -> Result<usize> {
        barrier.wait().await
    }
    let text = explained(base, async {
        let barrier = Barrier::new(3)?;
        let first = spawn("first", party(barrier.clone()));
        let second = spawn("second", party(barrier));
        wait([first, second]).await
    });
    let expected = "nothing can ever run again: 3 tasks are stuck
  main, created at @4
    waits for first, second at @8
  first, created at @6
    waits for Barrier.wait at @2
    <Barrier [filling, waiters:2/3]>, an orphan: no other handle of it exists
  second, created at @7
    waits for Barrier.wait at @2
    <Barrier [filling, waiters:2/3]>, an orphan: no other handle of it exists";
    assert_eq!(text, expected);
}

#[test]
fn an_event_nobody_can_set() {
    let base = line!();
    let text = explained(base, async {
        let event = Event::new();
        event.wait().await
    });
    let expected = "nothing can ever run again: 1 task is stuck
  main, created at @1
    waits for Event.wait at @3
    <Event [unset, waiters:1]>, an orphan: no other handle of it exists";
    assert_eq!(text, expected);
}

#[test]
fn an_event_that_somebody_else_could_set() {
    let base = line!();
    let text = explained(base, async {
        let event = Event::new();
        let waiting = event.clone();
        spawn("waiter", async move { waiting.wait().await }).await?;
        event.set();
        Ok(())
    });
    let expected = "nothing can ever run again: 2 tasks are stuck
  main, created at @1
    waits for waiter at @4
  waiter, created at @4
    waits for Event.wait at @4
    <Event [unset, waiters:1]>";
    assert_eq!(text, expected);
}

#[test]
fn a_task_that_waits_for_its_waiter() {
    let base = line!();
    let text = explained(base, async {
        let main = current_task().expect("a task");
        let child = spawn("child", async move { (&*main).await });
        child.await
    });
    let expected = "nothing can ever run again: 2 tasks are stuck
  main, created at @1
    waits for child at @4
  child, created at @3
    waits for main at @3
  cycle: main waits for child waits for main";
    assert_eq!(text, expected);
}

#[test]
fn a_condition_never_notified() {
    let base = line!();
    let text = explained(base, async {
        let condition = Condition::new();
        let _held = condition.hold().await?;
        condition.wait_for(|| false).await
    });
    let expected = "nothing can ever run again: 1 task is stuck
  main, created at @1
    waits for Condition.wait at @4
    <Condition [unlocked, waiters:1]>, an orphan: no other handle of it exists";
    assert_eq!(text, expected);
}

#[test]
fn a_promise_nobody_can_complete() {
    let base = line!();
    let text = explained(base, async {
        let promise = Promise::<()>::new();
        promise.await
    });
    let expected = "nothing can ever run again: 1 task is stuck
  main, created at @1
    waits for <Promise pending> at @3
    <Promise pending>, an orphan: no other handle of it exists";
    assert_eq!(text, expected);
}

#[test]
fn all_that_hold_a_semaphore() {
    let base = line!();
    async fn take_two(semaphore: Semaphore) -> Result<()> {
        let _one = semaphore.hold().await?;
        sleep(1).await?;
        let _two = semaphore.hold().await?;
        Ok(())
    }
    let text = explained(base, async {
        let semaphore = Semaphore::new(2)?;
        let (first, second) = (take_two(semaphore.clone()), take_two(semaphore));
        let tasks = [spawn("first", first), spawn("second", second)];
        let mut results = as_completed(tasks);
        results.next().await.expect("two results")
    });
    let expected = "nothing can ever run again: 3 tasks are stuck
  main, created at @7
    waits for first, second at @12
  first, created at @10
    waits for Semaphore.acquire at @4
    <Semaphore [locked, waiters:2]>, held since @2 by first and since @2 by second
  second, created at @10
    waits for Semaphore.acquire at @4
    <Semaphore [locked, waiters:2]>, held since @2 by first and since @2 by second
  cycle: first waits for first
  cycle: second waits for second";
    assert_eq!(text, expected);
}

#[test]
fn through_task_groups_shields_and_timeouts() {
    let base = line!();
    let text = explained(base, async {
        let event = Event::new();
        let waiting = event.clone();
        let work = spawn("work", async move { wait_for(waiting.wait(), None).await });
        task_group(async |group| {
            group.create_named_task("shielded", async move { shield(work).await })?;
            Ok(event)
        })
        .await
    });
    let expected = "nothing can ever run again: 3 tasks are stuck
  main, created at @1
    waits for shielded at @5
  work, created at @4
    waits for Event.wait at @4
    <Event [unset, waiters:1]>
  shielded, created at @6
    waits for work at @6";
    assert_eq!(text, expected);
}

/// A door that one task at a time can pass, built by a user.
struct Door {
    open: Cell<bool>,
    waiters: WaitQueue,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.open.get() { "<Door open>" } else { "<Door closed>" })
    }
}

impl Door {
    fn new() -> Rc<Door> {
        Rc::new_cyclic(|door| Door {
            open: Cell::new(true),
            waiters: WaitQueue::part_of(door, "Door.pass"),
        })
    }

    #[track_caller]
    fn pass(&self) -> impl Future<Output = Result<()>> {
        let place = Location::caller();
        Pass(self, place).wait_at(place)
    }
}

struct Pass<'a>(&'a Door, &'static Location<'static>);

impl Claim for Pass<'_> {
    type Output = ();

    fn queue(&self) -> &WaitQueue {
        &self.0.waiters
    }
    fn take(&mut self, _woken: bool) -> Option<Result<()>> {
        self.0.open.replace(false).then(|| {
            self.0.waiters.note_taken(self.1);
            Ok(())
        })
    }
    fn pass_on(&mut self, _woken: bool) {}
}

#[test]
fn a_primitive_of_a_user() {
    let base = line!();
    let text = explained(base, async {
        let door = Door::new();
        door.pass().await?;
        door.pass().await
    });
    let expected = "nothing can ever run again: 1 task is stuck
  main, created at @1
    waits for Door.pass at @4
    <Door closed>, held since @3 by main
  cycle: main waits for main";
    assert_eq!(text, expected);
}
