//! Deadlocks are explained, whole and with the right lines; programs that only look stuck go on; the tree of tasks.

use std::cell::Cell;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;

use kolo_executor::{
    Clock, Error, EventLoop, Kind, Promise, Result, Runner, Task, as_completed, create_task, current_task, gather, running_loop,
    shield, sleep, task_group, wait, wait_for,
};
use kolo_sync::{Barrier, Claim, Condition, Event, Lock, Queue, Semaphore, WaitQueue};

fn runner() -> Runner {
    Runner::builder().clock(Clock::Virtual).build().expect("a loop")
}

/// The text of the deadlock in which `main` ends. The main task is called so, because numbers would depend on the tests before.
#[track_caller]
fn explained<T: std::fmt::Debug + 'static>(main: impl Future<Output = Result<T>> + 'static) -> String {
    let named = async {
        current_task().expect("a task").set_name("main");
        main.await
    };
    let error = runner().run(named).expect_err("a deadlock");
    assert_eq!(error.kind(), Kind::Deadlock);
    error.message().to_owned()
}

/// A task with a name.
#[track_caller]
fn spawn<T: 'static>(name: &str, coroutine: impl Future<Output = Result<T>> + 'static) -> Task<T> {
    Task::builder().name(name).spawn(coroutine)
}

/// `file:line`, so many lines below `base`.
fn at(base: u32, offset: u32) -> String {
    format!("{}:{}", file!(), base + offset)
}

#[test]
fn one_lock_twice() {
    let base = line!();
    let text = explained(async {
        let lock = Lock::new();
        lock.acquire().await?;
        lock.acquire().await
    });
    let expected = format!(
        "nothing can ever run again: 1 task is stuck
  main, created at {}
    waits for Lock.acquire at {}
    <Lock [locked, waiters:1]>, held since {} by main
  cycle: main waits for main",
        at(base, 1),
        at(base, 4),
        at(base, 3),
    );
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
    let text = explained(async {
        let (a, b) = (Lock::new(), Lock::new());
        let here = spawn("here", take_both(a.clone(), b.clone()));
        let there = spawn("there", take_both(b, a));
        gather([here, there]).await
    });
    let expected = format!(
        "nothing can ever run again: 3 tasks are stuck
  main, created at {}
    waits for here, there at {}
  here, created at {}
    waits for Lock.acquire at {second}
    <Lock [locked, waiters:1]>, held since {first} by there
  there, created at {}
    waits for Lock.acquire at {second}
    <Lock [locked, waiters:1]>, held since {first} by here
  cycle: here waits for there waits for here",
        at(base, 7),
        at(base, 11),
        at(base, 9),
        at(base, 10),
        first = at(base, 2),
        second = at(base, 4),
    );
    assert_eq!(text, expected);
}

#[test]
fn a_lock_never_released() {
    let base = line!();
    let text = explained(async {
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
    let expected = format!(
        "nothing can ever run again: 1 task is stuck
  main, created at {}
    waits for Lock.acquire at {}
    <Lock [locked, waiters:1]>, held since {} by a task that has ended, created at {}",
        at(base, 1),
        at(base, 9),
        at(base, 5),
        at(base, 8),
    );
    assert_eq!(text, expected);
}

#[test]
fn a_queue_joined_without_task_done() {
    let base = line!();
    let text = explained(async {
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
    let expected = format!(
        "nothing can ever run again: 2 tasks are stuck
  main, created at {}
    waits for Queue.join at {}
    <Queue maxsize=0 _getters[1] tasks=2>
  worker, created at {}
    waits for Queue.get at {}
    <Queue maxsize=0 _getters[1] tasks=2>",
        at(base, 1),
        at(base, 13),
        at(base, 4),
        at(base, 6),
    );
    assert_eq!(text, expected);
}

#[test]
fn a_barrier_one_party_short() {
    let base = line!();
    async fn party(barrier: Barrier) -> Result<usize> {
        barrier.wait().await
    }
    let text = explained(async {
        let barrier = Barrier::new(3)?;
        let first = spawn("first", party(barrier.clone()));
        let second = spawn("second", party(barrier));
        wait([first, second]).await
    });
    let expected = format!(
        "nothing can ever run again: 3 tasks are stuck
  main, created at {}
    waits for first, second at {}
  first, created at {}
    waits for Barrier.wait at {party}
    <Barrier [filling, waiters:2/3]>, an orphan: no other handle of it exists
  second, created at {}
    waits for Barrier.wait at {party}
    <Barrier [filling, waiters:2/3]>, an orphan: no other handle of it exists",
        at(base, 4),
        at(base, 8),
        at(base, 6),
        at(base, 7),
        party = at(base, 2),
    );
    assert_eq!(text, expected);
}

#[test]
fn an_event_nobody_can_set() {
    let base = line!();
    let text = explained(async {
        let event = Event::new();
        event.wait().await
    });
    let expected = format!(
        "nothing can ever run again: 1 task is stuck
  main, created at {}
    waits for Event.wait at {}
    <Event [unset, waiters:1]>, an orphan: no other handle of it exists",
        at(base, 1),
        at(base, 3),
    );
    assert_eq!(text, expected);
}

#[test]
fn an_event_that_somebody_else_could_set() {
    let base = line!();
    let text = explained(async {
        let event = Event::new();
        let waiting = event.clone();
        spawn("waiter", async move { waiting.wait().await }).await?;
        event.set();
        Ok(())
    });
    let expected = format!(
        "nothing can ever run again: 2 tasks are stuck
  main, created at {}
    waits for waiter at {waiter}
  waiter, created at {waiter}
    waits for Event.wait at {waiter}
    <Event [unset, waiters:1]>",
        at(base, 1),
        waiter = at(base, 4),
    );
    assert_eq!(text, expected);
}

#[test]
fn a_task_that_waits_for_its_waiter() {
    let base = line!();
    let text = explained(async {
        let main = current_task().expect("a task");
        let child = spawn("child", async move { (&*main).await });
        child.await
    });
    let expected = format!(
        "nothing can ever run again: 2 tasks are stuck
  main, created at {}
    waits for child at {}
  child, created at {child}
    waits for main at {child}
  cycle: main waits for child waits for main",
        at(base, 1),
        at(base, 4),
        child = at(base, 3),
    );
    assert_eq!(text, expected);
}

#[test]
fn a_condition_never_notified() {
    let base = line!();
    let text = explained(async {
        let condition = Condition::new();
        let _held = condition.hold().await?;
        condition.wait_for(|| false).await
    });
    let expected = format!(
        "nothing can ever run again: 1 task is stuck
  main, created at {}
    waits for Condition.wait at {}
    <Condition [unlocked, waiters:1]>, an orphan: no other handle of it exists",
        at(base, 1),
        at(base, 4),
    );
    assert_eq!(text, expected);
}

#[test]
fn a_promise_nobody_can_complete() {
    let base = line!();
    let text = explained(async {
        let promise = Promise::<()>::new();
        promise.await
    });
    let expected = format!(
        "nothing can ever run again: 1 task is stuck
  main, created at {}
    waits for <Promise pending> at {}
    <Promise pending>, an orphan: no other handle of it exists",
        at(base, 1),
        at(base, 3),
    );
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
    let text = explained(async {
        let semaphore = Semaphore::new(2)?;
        let (first, second) = (take_two(semaphore.clone()), take_two(semaphore));
        let tasks = [spawn("first", first), spawn("second", second)];
        let mut results = as_completed(tasks);
        results.next().await.expect("two results")
    });
    let held = format!("held since {one} by first and since {one} by second", one = at(base, 2));
    let expected = format!(
        "nothing can ever run again: 3 tasks are stuck
  main, created at {}
    waits for first, second at {}
  first, created at {created}
    waits for Semaphore.acquire at {two}
    <Semaphore [locked, waiters:2]>, {held}
  second, created at {created}
    waits for Semaphore.acquire at {two}
    <Semaphore [locked, waiters:2]>, {held}
  cycle: first waits for first
  cycle: second waits for second",
        at(base, 7),
        at(base, 12),
        created = at(base, 10),
        two = at(base, 4),
    );
    assert_eq!(text, expected);
}

#[test]
fn through_task_groups_shields_and_timeouts() {
    let base = line!();
    let text = explained(async {
        let event = Event::new();
        let waiting = event.clone();
        let work = spawn("work", async move { wait_for(waiting.wait(), None).await });
        task_group(async |group| {
            group.create_named_task("shielded", async move { shield(work).await })?;
            Ok(event)
        })
        .await
    });
    let expected = format!(
        "nothing can ever run again: 3 tasks are stuck
  main, created at {}
    waits for shielded at {}
  work, created at {work}
    waits for Event.wait at {work}
    <Event [unset, waiters:1]>
  shielded, created at {shielded}
    waits for work at {shielded}",
        at(base, 1),
        at(base, 5),
        work = at(base, 4),
        shielded = at(base, 6),
    );
    assert_eq!(text, expected);
}

/// A door that one task at a time can pass, built by a user.
struct Door {
    open: Cell<bool>,
    waiters: WaitQueue,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
        let place = std::panic::Location::caller();
        Pass(self, place).wait_at(place)
    }
}

struct Pass<'a>(&'a Door, &'static std::panic::Location<'static>);

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
    let text = explained(async {
        let door = Door::new();
        door.pass().await?;
        door.pass().await
    });
    let expected = format!(
        "nothing can ever run again: 1 task is stuck
  main, created at {}
    waits for Door.pass at {}
    <Door closed>, held since {} by main
  cycle: main waits for main",
        at(base, 1),
        at(base, 4),
        at(base, 3),
    );
    assert_eq!(text, expected);
}

#[test]
fn tasks_that_are_stuck_end_where_they_stand() {
    let dropped = Rc::new(Cell::new(0));
    struct Count(Rc<Cell<u32>>);
    impl Drop for Count {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let counts = [Count(dropped.clone()), Count(dropped.clone())];
    let runner = runner();
    let outcome = runner.run(async move {
        let event = Event::new();
        let tasks = counts.map(|count| {
            let event = event.clone();
            create_task(async move {
                let _count = count;
                let cleaned_up = event.wait().await;
                unreachable!("nothing of it runs again, not even the clean-up: {cleaned_up:?}")
            })
        });
        gather::<[Task<()>; 2]>(tasks).await
    });
    assert_eq!(outcome.expect_err("a deadlock").kind(), Kind::Deadlock);
    assert_eq!(dropped.get(), 0);
    runner.close().expect("an orderly end");
    assert_eq!(dropped.get(), 2);
}

/// An event that another thread will have set, and a thread that does so by `set`, some time after the loop has run out of things to do.
fn set_from_outside(set: impl FnOnce() + Send + 'static) -> mpsc::Sender<()> {
    let (parked, when_parked) = mpsc::channel();
    thread::spawn(move || {
        // Whether the loop sleeps by then or not yet, it must not give up.
        when_parked.recv().expect("the test tells when it waits");
        for _ in 0..100 {
            thread::yield_now();
        }
        set();
    });
    parked
}

#[test]
fn a_remote_handle_is_no_deadlock() {
    thread_local!(static EVENT: Event = Event::new());
    let outcome = runner().run(async {
        let remote = running_loop().remote();
        let set = || EVENT.with(Event::set);
        let parked = set_from_outside(move || remote.call_soon(set).expect("an open loop"));
        parked.send(()).expect("the thread waits");
        EVENT.with(Event::clone).wait().await
    });
    outcome.expect("the event was set");
}

#[test]
fn a_watched_descriptor_is_no_deadlock() {
    let outcome = runner().run(async {
        let (ours, mut theirs) = UnixStream::pair()?;
        let event = Event::new();
        let told = event.clone();
        running_loop().add_reader(&ours, move || told.set())?;
        let parked = set_from_outside(move || theirs.write_all(b"!").expect("an open socket"));
        parked.send(()).expect("the thread waits");
        event.wait().await?;
        assert!(running_loop().remove_reader(&ours));
        Ok(())
    });
    outcome.expect("the event was set");
}

#[test]
fn a_foreign_future_is_no_deadlock() {
    /// What another crate's oneshot has: a place for a waker, and whether it was sent.
    #[derive(Default)]
    struct Oneshot {
        sent: bool,
        waker: Option<Waker>,
    }
    let outcome = runner().run(async {
        let oneshot = Arc::new(Mutex::new(Oneshot::default()));
        let sender = oneshot.clone();
        let parked = set_from_outside(move || {
            let mut oneshot = sender.lock().expect("no panic");
            oneshot.sent = true;
            oneshot.waker.take().expect("a waiting task").wake();
        });
        let lock = Lock::new();
        let _held = lock.hold().await?;
        let blocked = lock.clone();
        let blocked = spawn("blocked by one that waits for the other thread", async move {
            blocked.acquire().await
        });
        std::future::poll_fn(|context| {
            let mut oneshot = oneshot.lock().expect("no panic");
            if oneshot.sent {
                return Poll::Ready(());
            }
            oneshot.waker = Some(context.waker().clone());
            let _ = parked.send(());
            Poll::Pending
        })
        .await;
        lock.release()?;
        blocked.await
    });
    outcome.expect("the lock was released");
}

#[test]
fn a_timer_is_no_deadlock() {
    let outcome = runner().run(async {
        let event = Event::new();
        let told = event.clone();
        running_loop().call_later(3600, move || told.set());
        event.wait().await?;
        Ok(running_loop().time())
    });
    assert_eq!(outcome.expect("the event was set"), 3600.0);
}

#[test]
fn a_loop_that_is_driven_by_turns_tells_that_nothing_is_left_to_wait_for() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).expect("a loop");
    let event = Event::new();
    let waiter = event_loop.create_task({
        let event = event.clone();
        async move { event.wait().await }
    });
    for _ in 0..3 {
        event_loop.turn().expect("a turn is never a deadlock");
        assert!(!waiter.done());
    }
    event.set();
    event_loop.turn().expect("a turn");
    assert!(waiter.done());
    event_loop.close().expect("it does not run");
}

#[test]
fn the_tree_shows_each_task_once() {
    let base = line!();
    async fn hold_until(lock: Lock, event: Event) -> Result<()> {
        let _held = lock.hold().await?;
        event.wait().await
    }
    let outcome = runner().run(async {
        current_task().expect("a task").set_name("main");
        let (lock, event) = (Lock::new(), Event::new());
        let holder = spawn("holder", hold_until(lock.clone(), event.clone()));
        let blocked = spawn("blocked", hold_until(lock.clone(), event.clone()));
        spawn("sleeper", sleep(1));
        let both = [blocked.clone(), holder.clone()];
        spawn("gatherer", async move { gather(both).await });
        sleep(0).await?;
        sleep(0).await?;
        let fresh = spawn("fresh", async { Ok(()) });
        let tree = running_loop().task_tree();
        let stacks = [blocked.stack(), fresh.stack()];
        event.set();
        blocked.await?;
        Ok((tree, stacks))
    });
    let (tree, [blocked, fresh]) = outcome.expect("all is well");
    let line = |offset| at(base, offset);
    let held = format!("waits for Lock.acquire at {}, held since {} by holder", line(2), line(2));
    let expected = format!(
        "main is running
sleeper waits at {}
gatherer waits for holder, blocked at {}
  holder waits for Event.wait at {}
  blocked {held}
fresh will run in the next iteration
",
        line(10),
        line(12),
        line(3),
    );
    assert_eq!(tree, expected);
    let blocked: Vec<&str> = blocked.lines().skip(1).collect();
    assert_eq!(
        blocked,
        [format!("  {held}"), format!("    holder waits for Event.wait at {}", line(3))]
    );
    assert_eq!(fresh.lines().last(), Some("  will run in the next iteration"));
}
