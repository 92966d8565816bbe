//! Numbers that are handed out: what is kept of something that is gone must not reach a stranger who has its number.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use kolo_executor::primitive::{Claim, WaitQueue};
use kolo_executor::testing::tick;
use kolo_executor::{Clock, EventLoop, Kind, Promise, Result, Task, create_task, current_task, run, running_loop, shield, sleep};

use crate::support::child::in_child;
use crate::support::claims::Never;

/// Loops have numbers up to this, and are numbered anew after that.
const LOOPS: usize = (1 << 14) - 1;

#[test]
fn a_timer_of_a_closed_loop_is_not_taken_for_one_of_the_next_with_its_number() {
    let name = concat!(
        module_path!(),
        "::a_timer_of_a_closed_loop_is_not_taken_for_one_of_the_next_with_its_number"
    );
    // In a process in which nobody else makes loops.
    in_child(name, &[], || {
        let first = EventLoop::with_clock(Clock::Virtual).unwrap();
        let kept = Rc::new(RefCell::new(None));
        let sleeping = kept.clone();
        let armed = first.create_task(async move {
            let mut leaf = Box::pin(sleep(1000));
            std::future::poll_fn(|context| Poll::Ready(leaf.as_mut().poll(context).is_pending())).await;
            sleeping.replace(Some(leaf));
            Ok(())
        });
        let scheduled = first.call_later(2000, || {});
        first.run_until_complete(armed).unwrap();
        first.close().unwrap();
        drop(first);
        for _ in 0..LOOPS - 1 {
            drop(EventLoop::with_clock(Clock::Virtual).unwrap());
        }
        let namesake = EventLoop::with_clock(Clock::Virtual).unwrap();
        let tasks = [1, 2].map(|n| namesake.create_task(sleep(n)));
        tick(&namesake);
        drop(kept.take());
        scheduled.cancel();
        for task in tasks {
            namesake.run_until_complete(task).unwrap();
        }
        assert_eq!(namesake.time(), 2.0);
    });
}

/// What is left of a loop that has been closed.
struct Left {
    promise: Promise<()>,
    done: Task<()>,
    queue: Rc<WaitQueue>,
}

impl Left {
    fn of(event_loop: &EventLoop) -> Left {
        let queue = Rc::new(WaitQueue::new("Never.comes"));
        let waited_in = queue.clone();
        let waits = event_loop.create_task(async move { Never(&waited_in).wait().await });
        let left = Left {
            promise: event_loop.create_promise(),
            done: event_loop.create_task(sleep(0)),
            queue,
        };
        event_loop.run_until_complete(left.done.clone()).unwrap();
        waits.cancel();
        event_loop.run_until_complete(waits).unwrap_err();
        event_loop.close().unwrap();
        left
    }

    fn is_refused_by(&self, event_loop: &EventLoop) {
        let (promise, queue) = (self.promise.clone(), self.queue.clone());
        let refused = event_loop.run_until_complete(async move {
            let refused = [(&promise).await, shield(&promise).await, Never(&queue).wait().await];
            Ok(refused.map(|refused| refused.unwrap_err().kind()))
        });
        assert_eq!(refused.unwrap(), [Kind::Runtime; 3]);
        self.done.add_done_callback(|_| panic!("its loop is closed"));
        event_loop.run_until_complete(sleep(0)).unwrap();
    }
}

#[test]
fn what_is_left_of_a_closed_loop_is_not_taken_for_a_namesakes() {
    let name = concat!(module_path!(), "::what_is_left_of_a_closed_loop_is_not_taken_for_a_namesakes");
    in_child(name, &[], || {
        let new_loop = || {
            let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
            event_loop.set_exception_handler(Some(Rc::new(|report| panic!("{report:?}"))));
            event_loop
        };
        let mut left = vec![Left::of(&new_loop())];
        for _ in 0..LOOPS - 1 {
            drop(EventLoop::with_clock(Clock::Virtual).unwrap());
        }
        // From now on loops are numbered anew, and each of these is one that had a number before.
        for _ in 0..10 {
            let namesake = new_loop();
            left.iter().for_each(|left| left.is_refused_by(&namesake));
            left.push(Left::of(&namesake));
        }
        left.truncate(3);
        let namesake = new_loop();
        left.iter().for_each(|left| left.is_refused_by(&namesake));
    });
}

#[test]
fn a_remote_task_that_is_over_is_not_taken_for_another() {
    /// So many tasks later a ticket of the same row is the same again.
    const GENERATIONS: usize = 1 << 21;
    run(async {
        let remote = running_loop().remote();
        let spawn = thread::spawn(move || {
            let task = remote.spawn(|| async { Ok(current_task().unwrap().name()) });
            (task.wait_timeout(Duration::MAX), task)
        });
        while !spawn.is_finished() {
            sleep(0).await?;
        }
        let (name, first) = spawn.join().unwrap();
        let number = |name: &str| name.trim_start_matches("Task-").parse::<usize>().unwrap();
        // Tasks that a closed loop refuses are numbered like others.
        let closed = EventLoop::with_clock(Clock::Virtual)?;
        closed.set_exception_handler(Some(Rc::new(|_| {})));
        closed.close()?;
        let used = number(&closed.create_task(async { Ok(()) }).name());
        for _ in used + 1..number(&name?) + GENERATIONS {
            drop(closed.create_task(async { Ok(()) }));
        }
        // It has the row of the first, which was the last to end.
        let namesake = create_task(sleep(0.01));
        first.cancel();
        namesake.await
    })
    .unwrap();
}

#[test]
fn a_stale_waker_of_a_stranger_changes_nothing() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let waker = Rc::new(RefCell::new(Waker::noop().clone()));
    let kept = waker.clone();
    let keeps = event_loop.create_task(async move {
        std::future::poll_fn(|context: &mut Context<'_>| {
            kept.replace(context.waker().clone());
            Poll::Ready(())
        })
        .await;
        Ok(())
    });
    event_loop.run_until_complete(keeps).unwrap();
    let sleeps = event_loop.create_task(async { sleep(1).await.map(|()| running_loop().time()) });
    tick(&event_loop);
    waker.borrow().wake_by_ref();
    let woke: Result<f64> = event_loop.run_until_complete(sleeps);
    assert_eq!(woke.unwrap(), 1.0);
}
