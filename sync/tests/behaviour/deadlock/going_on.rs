//! What becomes of stuck tasks, programs that only look stuck, and the tree of tasks.

use std::cell::Cell;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use kolo_executor::testing::run;
use kolo_executor::{
    Clock, EventLoop, Kind, Promise, Result, Runner, Task, as_completed, create_task, current_task, gather, running_loop, shield,
    sleep, task_group, wait, wait_for,
};
use kolo_sync::{Event, Lock};

use super::{relative, spawn};
use crate::support::child::in_child;

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
    let runner = Runner::builder().clock(Clock::Virtual).build().expect("a loop");
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
    let outcome = run(async {
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
    let outcome = run(async {
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
    let outcome = run(async {
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
    let outcome = run(async {
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
    let outcome = run(async {
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
    let expected = "main is running
sleeper waits at @10
gatherer waits for holder, blocked at @12
  holder waits for Event.wait at @3
  blocked waits for Lock.acquire at @2, held since @2 by holder
fresh will run in the next iteration
";
    assert_eq!(relative(base, &tree), expected);
    let blocked = relative(base, &blocked);
    let blocked: Vec<&str> = blocked.lines().skip(1).collect();
    let expected = [
        "  waits for Lock.acquire at @2, held since @2 by holder",
        "    holder waits for Event.wait at @3",
    ];
    assert_eq!(blocked, expected);
    assert_eq!(fresh.lines().last(), Some("  will run in the next iteration"));
}

/// A task for each way to wait, and `all` that waits for all of them.
async fn all_ways_to_wait(lock: &Lock, event: &Event) -> Result<Task<()>> {
    let sleeper = spawn("sleeper", sleep(5));
    let promise = Promise::<()>::new();
    let (awaited, locks, sets) = (promise.clone(), lock.clone(), event.clone());
    let [a, b, c, d] = [(); 4].map(|()| sleeper.clone());
    let all = [
        spawn("awaits", async move { (&awaited).await }),
        spawn("awaits a task", async move { a.await }),
        spawn("in a queue", async move { locks.acquire().await }),
        spawn("in a queue of nobody's", async move { sets.wait().await }),
        spawn("in a shield", async move { shield(b).await }),
        spawn("in nested gathers", async move {
            gather([gather([shield(c).as_any()]).as_any()]).await.map(drop)
        }),
        spawn(
            "in a wait",
            async move { wait([d.as_any(), promise.as_any()]).await.map(drop) },
        ),
        spawn("as completed", async {
            as_completed([spawn("a child", sleep(6))]).next().await.expect("one")
        }),
        spawn("in a group", async {
            task_group(async |group| {
                group.create_named_task("a member", sleep(7))?;
                group.create_named_task("another member", sleep(7)).map(drop)
            })
            .await
        }),
        spawn("in a limit", async { wait_for(spawn("limited", sleep(8)), 9).await }),
        spawn("in a future of somebody's", async {
            std::future::pending::<()>().await;
            Ok(())
        }),
    ];
    for _ in 0..4 {
        sleep(0).await?;
    }
    let all = spawn("all", async move { gather(all).await.map(drop) });
    sleep(0).await?;
    Ok(all)
}

#[test]
fn the_stack_is_a_part_of_the_tree() {
    let outcome = run(async {
        let (lock, event) = (Lock::new(), Event::new());
        let _held = lock.hold().await?;
        let all = all_ways_to_wait(&lock, &event).await?;
        let (tree, stack) = (running_loop().task_tree(), all.stack());
        all.cancel();
        assert!(all.await.is_err());
        Ok((tree, stack))
    });
    let (tree, stack) = outcome.expect("all is well");
    let tree: Vec<&str> = tree.lines().skip_while(|line| !line.starts_with("all ")).collect();
    let stack: Vec<&str> = stack.lines().skip(1).collect();
    assert_eq!(stack[0].replacen("  ", "all ", 1), tree[0]);
    // Each is told of with those below it, a step further to the right.
    let below: Vec<String> = tree[1..].iter().map(|line| format!("  {line}")).collect();
    assert_eq!(stack[1..], below);
    let told = stack.join("\n");
    for name in [
        "sleeper waits at",
        "a child waits",
        "another member waits",
        "limited waits",
        "held since",
        "<Promise pending>",
    ] {
        assert!(told.contains(name), "{name} in\n{told}");
    }
}

#[test]
fn why_a_standstill_is_not_proved_is_said_once_in_debug_mode() {
    let name = concat!(module_path!(), "::why_a_standstill_is_not_proved_is_said_once_in_debug_mode");
    let output = in_child(name, &[("KOLO_DEBUG", Some("1")), ("KOLO_CLOCK", Some("virtual"))], || {
        let outcome = kolo_executor::run(async {
            let lock = Lock::new();
            let _held = lock.hold().await?;
            let blocked = create_task(async move { lock.acquire().await });
            for _ in 0..2 {
                let thread = Arc::new(Mutex::new(None));
                let mut woken = false;
                std::future::poll_fn(|context| {
                    if std::mem::replace(&mut woken, true) {
                        return Poll::Ready(());
                    }
                    // Longer than it takes the loop to see that nothing is left to be done.
                    let waker = context.waker().clone();
                    let wakes = thread::spawn(move || {
                        thread::sleep(Duration::from_millis(20));
                        waker.wake();
                    });
                    thread.lock().expect("no panic").replace(wakes);
                    Poll::Pending
                })
                .await;
                thread
                    .lock()
                    .expect("no panic")
                    .take()
                    .expect("a thread")
                    .join()
                    .expect("no panic");
            }
            blocked.cancel();
            Ok(())
        });
        outcome.expect("the thread has woken it");
    });
    let Some(output) = output else { return };
    let told = String::from_utf8_lossy(&output.stderr);
    let doubt = "nothing runs, and no time will change that; it is not proved to be a deadlock, because something that is not of kolo may wake \
                 Task-1\n  Task-1, created at ";
    assert_eq!(told.matches(doubt).count(), 1, "{told}");
    assert_eq!(told.matches("not proved").count(), 1, "{told}");
    assert!(told.contains("waits for Lock.acquire at "), "{told}");
}
