//! What happens to a grant whose waiter goes: futures dropped inside foreign combinators, loops closed, tasks that panic. The same for
//! locks and semaphores is in `contract.rs`.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use kolo_executor::{Clock, EventLoop, Kind, Promise, Result, Runner, Task, create_task, sleep};
use kolo_sync::{Barrier, Claim, Condition, Event, Lock, Queue, Semaphore, WaitQueue};

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

/// A task that waits for `future`, and the promise that makes it drop the future instead.
fn droppable<T: 'static>(future: impl Future<Output = T> + 'static) -> (Task<()>, Promise<()>) {
    let stop = Promise::new();
    let stopped = stop.clone();
    let task = create_task(async move {
        let (future, stopped) = (pin!(future), pin!(stopped.into_future()));
        match select(stopped, future).await {
            Either::Left((stopped, _dropped_with_this)) => stopped,
            Either::Right(_) => unreachable!("it is told to stop before it gets what it waits for"),
        }
    });
    (task, stop)
}

fn getting(queue: &Queue<u32>) -> Task<u32> {
    let queue = queue.clone();
    create_task(async move { queue.get().await })
}

#[test]
fn a_dropped_get_leaves_the_item_to_the_next() {
    in_loop(async {
        let queue = Queue::new(0);
        let (dropped, stop) = droppable({
            let queue = queue.clone();
            async move { queue.get().await }
        });
        let next = getting(&queue);
        tick().await?;
        queue.put_nowait(7)?;
        assert_eq!(format!("{queue:?}"), "<Queue maxsize=0 _queue=[7] _getters[1] tasks=1>");
        stop.set_result(())?;
        tick().await?;
        dropped.await?;
        assert_eq!(next.await?, 7);
        assert_eq!(format!("{queue:?}"), "<Queue maxsize=0 tasks=1>");
        Ok(())
    });
}

#[test]
fn a_dropped_get_that_was_not_woken_leaves_the_queue() {
    in_loop(async {
        let queue = Queue::new(0);
        let (dropped, stop) = droppable({
            let queue = queue.clone();
            async move { queue.get().await }
        });
        let next = getting(&queue);
        tick().await?;
        stop.set_result(())?;
        dropped.await?;
        assert_eq!(format!("{queue:?}"), "<Queue maxsize=0 _getters[1]>");
        queue.put_nowait(7)?;
        assert_eq!(next.await?, 7);
        Ok(())
    });
}

#[test]
fn a_dropped_put_leaves_the_room_to_the_next() {
    in_loop(async {
        let queue = Queue::new(1);
        queue.put_nowait(1)?;
        let putting = |item| {
            let queue = queue.clone();
            async move { queue.put(item).await }
        };
        let (dropped, stop) = droppable(putting(2));
        let next = create_task(putting(3));
        tick().await?;
        assert_eq!(queue.get_nowait()?, 1);
        stop.set_result(())?;
        tick().await?;
        dropped.await?;
        tick().await?;
        assert!(next.done());
        assert_eq!(format!("{queue:?}"), "<Queue maxsize=1 _queue=[3] tasks=2>");
        Ok(())
    });
}

#[test]
fn a_dropped_join_is_forgotten() {
    in_loop(async {
        let queue = Queue::new(0);
        queue.put_nowait(1)?;
        let joining = || {
            let queue = queue.clone();
            async move { queue.join().await }
        };
        let (dropped, stop) = droppable(joining());
        let other = create_task(joining());
        tick().await?;
        queue.task_done()?;
        stop.set_result(())?;
        dropped.await?;
        other.await
    });
}

#[test]
fn a_dropped_stream_leaves_the_item_to_the_next() {
    in_loop(async {
        let queue = Queue::new(0);
        let (dropped, stop) = droppable({
            let mut items = queue.items();
            async move { StreamExt::next(&mut items).await }
        });
        let next = getting(&queue);
        tick().await?;
        queue.put_nowait(7)?;
        stop.set_result(())?;
        dropped.await?;
        assert_eq!(next.await?, 7);
        Ok(())
    });
}

#[test]
fn a_cancelled_stream_goes_on() {
    in_loop(async {
        let queue = Queue::new(0);
        let reader = create_task({
            let queue = queue.clone();
            async move {
                let mut items = queue.items();
                let first = items.next().await.expect("the stream has not ended");
                assert_eq!(first.expect_err("a cancellation").kind(), Kind::Cancelled);
                let mut rest = Vec::new();
                while let Some(item) = items.next().await {
                    rest.push(item?);
                }
                assert!(items.next().await.is_none());
                Ok(rest)
            }
        });
        tick().await?;
        reader.cancel();
        tick().await?;
        queue.put_nowait(1)?;
        queue.put_nowait(2)?;
        tick().await?;
        queue.put_nowait(3)?;
        queue.shutdown(false);
        assert_eq!(reader.await?, [1, 2, 3]);
        Ok(())
    });
}

#[test]
fn a_dropped_event_wait_leaves_the_queue() {
    in_loop(async {
        let event = Event::new();
        let (dropped, stop) = droppable({
            let event = event.clone();
            async move { event.wait().await }
        });
        tick().await?;
        assert_eq!(format!("{event:?}"), "<Event [unset, waiters:1]>");
        stop.set_result(())?;
        dropped.await?;
        assert_eq!(format!("{event:?}"), "<Event [unset]>");
        Ok(())
    });
}

/// Holds the condition's lock, waits, and notes that it was notified.
async fn wait_for_notice(condition: Condition, name: &'static str, log: Rc<RefCell<Vec<&'static str>>>) -> Result<()> {
    let _held = condition.hold().await?;
    condition.wait().await?;
    log.borrow_mut().push(name);
    Ok(())
}

#[test]
fn a_dropped_condition_wait_passes_its_notification_on() {
    in_loop(async {
        let (condition, log) = (Condition::new(), Rc::default());
        let (dropped, stop) = droppable(wait_for_notice(condition.clone(), "dropped", Rc::clone(&log)));
        let next = create_task(wait_for_notice(condition.clone(), "next", Rc::clone(&log)));
        tick().await?;
        {
            let _held = condition.hold().await?;
            condition.notify(1)?;
            stop.set_result(())?;
        }
        dropped.await?;
        next.await?;
        assert_eq!(*log.borrow(), ["next"]);
        assert_eq!(format!("{condition:?}"), "<Condition [unlocked]>");
        Ok(())
    });
}

#[test]
fn a_condition_wait_dropped_while_it_gets_the_lock_back_passes_both_on() {
    in_loop(async {
        let (condition, log) = (Condition::new(), Rc::default());
        let (dropped, stop) = droppable(wait_for_notice(condition.clone(), "dropped", Rc::clone(&log)));
        let next = create_task(wait_for_notice(condition.clone(), "next", Rc::clone(&log)));
        tick().await?;
        {
            let _held = condition.hold().await?;
            condition.notify(1)?;
            tick().await?;
            // It stands in the queue of the lock now, and is dropped when the lock is on its way to it.
        }
        stop.set_result(())?;
        dropped.await?;
        next.await?;
        assert_eq!(*log.borrow(), ["next"]);
        assert_eq!(format!("{condition:?}"), "<Condition [unlocked]>");
        Ok(())
    });
}

#[test]
fn the_guard_of_a_dropped_condition_wait_does_not_release_for_others() {
    in_loop(async {
        let (condition, log) = (Condition::new(), Rc::default());
        let (dropped, stop) = droppable(wait_for_notice(condition.clone(), "dropped", Rc::clone(&log)));
        tick().await?;
        let _held = condition.hold().await?;
        // The guard in the dropped coroutine goes with it, while the lock is ours.
        stop.set_result(())?;
        dropped.await?;
        assert!(condition.locked());
        condition.notify_all()
    });
}

#[test]
fn a_guard_releases_after_its_condition_wait() {
    in_loop(async {
        let (condition, log) = (Condition::new(), Rc::default());
        let task = create_task(wait_for_notice(condition.clone(), "notified", Rc::clone(&log)));
        tick().await?;
        {
            let _held = condition.hold().await?;
            condition.notify_all()?;
        }
        task.await?;
        assert_eq!(*log.borrow(), ["notified"]);
        assert!(!condition.locked());
        Ok(())
    });
}

#[test]
fn a_dropped_barrier_wait_counts_as_not_there() {
    in_loop(async {
        let barrier = Barrier::new(2)?;
        let passing = || {
            let barrier = barrier.clone();
            async move { barrier.wait().await }
        };
        let (dropped, stop) = droppable(passing());
        tick().await?;
        assert_eq!(barrier.n_waiting(), 1);
        stop.set_result(())?;
        dropped.await?;
        assert_eq!(barrier.n_waiting(), 0);
        let first = create_task(passing());
        tick().await?;
        assert!(!first.done());
        assert_eq!(barrier.wait().await?, 1);
        assert_eq!(first.await?, 0);
        assert_eq!(format!("{barrier:?}"), "<Barrier [filling, waiters:0/2]>");
        Ok(())
    });
}

#[test]
fn the_last_that_is_dropped_out_of_a_draining_barrier_opens_it() {
    in_loop(async {
        let barrier = Barrier::new(2)?;
        let passing = || {
            let barrier = barrier.clone();
            async move { barrier.wait().await }
        };
        let (dropped, stop) = droppable(passing());
        tick().await?;
        assert_eq!(barrier.wait().await?, 1);
        assert_eq!(format!("{barrier:?}"), "<Barrier [draining, waiters:0/2]>");
        let late = create_task(passing());
        stop.set_result(())?;
        dropped.await?;
        assert_eq!(barrier.wait().await?, 1);
        assert_eq!(late.await?, 0);
        Ok(())
    });
}

#[test]
fn a_task_that_panics_releases_what_it_holds() {
    in_loop(async {
        let (lock, semaphore) = (Lock::new(), Semaphore::new(1)?);
        let failing = create_task({
            let (lock, semaphore) = (lock.clone(), semaphore.clone());
            async move {
                let _held = lock.hold().await?;
                let _permit = semaphore.hold().await?;
                tick().await?;
                panic!("while it holds both");
                #[expect(unreachable_code, reason = "it tells the type of the coroutine")]
                Ok(())
            }
        });
        tick().await?;
        let (_held, _permit) = (lock.hold().await?, semaphore.hold().await?);
        assert_eq!(failing.await.expect_err("a panic").kind(), Kind::Panic);
        Ok(())
    });
}

#[test]
fn a_loop_that_is_closed_leaves_the_primitives_in_order() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).expect("a loop");
    event_loop.set_exception_handler(Some(Rc::new(|_| {})));
    let (lock, semaphore) = (Lock::new(), Semaphore::new(1).expect("a semaphore"));
    let (queue, condition) = (Queue::<u32>::new(0), Condition::new());
    for _ in 0..3 {
        let (lock, semaphore) = (lock.clone(), semaphore.clone());
        event_loop.create_task(async move {
            let _held = lock.hold().await?;
            let _permit = semaphore.hold().await?;
            sleep(10).await
        });
        let (queue, condition) = (queue.clone(), condition.clone());
        event_loop.create_task(async move {
            let _held = condition.hold().await?;
            condition.wait().await
        });
        event_loop.create_task(async move { queue.get().await });
    }
    event_loop.run_until_complete(sleep(1)).expect("a run");
    assert_eq!(format!("{lock:?}"), "<Lock [locked, waiters:2]>");
    event_loop.close().expect("it does not run");
    assert_eq!(format!("{lock:?}"), "<Lock [unlocked]>");
    assert_eq!(format!("{semaphore:?}"), "<Semaphore [unlocked, value:1]>");
    assert_eq!(format!("{condition:?}"), "<Condition [unlocked]>");
    assert_eq!(format!("{queue:?}"), "<Queue maxsize=0>");
}

/// Waits until it is woken, and tells when that comes to nothing.
struct Woken<'a, F: FnMut(bool)>(&'a WaitQueue, F);

impl<F: FnMut(bool)> Claim for Woken<'_, F> {
    type Output = ();

    fn queue(&self) -> &WaitQueue {
        self.0
    }
    fn take(&mut self, woken: bool) -> Option<Result<()>> {
        woken.then_some(Ok(()))
    }
    fn pass_on(&mut self, woken: bool) {
        (self.1)(woken);
    }
}

#[test]
fn a_queue_of_ones_own_wakes_as_it_is_told() {
    in_loop(async {
        let waiters = Rc::new(WaitQueue::new("Own.wait"));
        let log = Rc::new(RefCell::new(Vec::new()));
        let tasks: Vec<Task<()>> = (0..6)
            .map(|number| {
                let (waiters, log) = (waiters.clone(), log.clone());
                create_task(async move {
                    let lost = |woken| log.borrow_mut().push((number, if woken { "lost a grant" } else { "left" }));
                    Woken(&waiters, lost).wait().await?;
                    log.borrow_mut().push((number, "woken"));
                    Ok(())
                })
            })
            .collect();
        tick().await?;
        assert_eq!(waiters.len(), 6);
        assert!(waiters.any_live());

        tasks[0].cancel();
        waiters.wake_first();
        assert_eq!(waiters.wake(1), 1);
        assert_eq!(waiters.wake(2), 2);
        tasks[3].cancel();
        assert_eq!(waiters.len(), 6);
        tick().await?;
        assert_eq!(*log.borrow(), [(0, "left"), (1, "woken"), (2, "woken"), (3, "lost a grant")]);
        assert_eq!(waiters.len(), 2);

        assert!(waiters.pop());
        assert_eq!(waiters.len(), 1);
        tasks[5].cancel();
        assert!(!waiters.any_live());
        assert!(!waiters.pop());
        assert!(waiters.is_empty());
        log.borrow_mut().clear();
        tick().await?;
        assert_eq!(*log.borrow(), [(4, "woken"), (5, "left")]);
        waiters.wake_all();
        Ok(())
    });
}

#[test]
fn who_finds_nothing_when_woken_waits_again_at_the_end() {
    in_loop(async {
        let queue = Queue::new(0);
        let [first, second] = [getting(&queue), getting(&queue)];
        tick().await?;
        queue.put_nowait(1)?;
        // It is taken away before the first, which it woke, gets to it.
        assert_eq!(queue.get_nowait()?, 1);
        tick().await?;
        assert!(!first.done());
        queue.put_nowait(2)?;
        assert_eq!(second.await?, 2);
        assert!(!first.done());
        queue.put_nowait(3)?;
        assert_eq!(first.await?, 3);
        Ok(())
    });
}
