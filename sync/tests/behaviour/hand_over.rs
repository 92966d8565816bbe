//! What happens to a grant whose waiter goes: futures dropped inside foreign combinators, loops closed, tasks that panic. The same for
//! locks and semaphores is in `contract/`.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::StreamExt;
use kolo_executor::primitive::{Claim, WaitQueue};
use kolo_executor::testing::hops;
use kolo_executor::{Kind, Result, Task, create_task, sleep};
use kolo_sync::{Barrier, Condition, Event, Lock, Queue, Semaphore};

use crate::support::outcome::text;
use crate::support::outside::droppable;
use crate::support::runs::{in_loop, virtual_loop};

/// `queue.get()`, with a handle of its own.
fn get(queue: &Queue<u32>) -> impl Future<Output = Result<u32>> + use<> {
    let queue = queue.clone();
    async move { queue.get().await }
}

/// `barrier.wait()`, with a handle of its own.
fn pass(barrier: &Barrier) -> impl Future<Output = Result<usize>> + use<> {
    let barrier = barrier.clone();
    async move { barrier.wait().await }
}

#[test]
fn a_dropped_get_leaves_the_item_to_the_next() {
    in_loop(async {
        let queue = Queue::new(0);
        let (dropped, stop) = droppable(get(&queue));
        let next = create_task(get(&queue));
        hops(1).await?;
        queue.put_nowait(7)?;
        assert_eq!(text(&queue), "<Queue maxsize=0 _queue=[7] _getters[1] tasks=1>");
        stop.set_result(())?;
        hops(1).await?;
        dropped.await?;
        assert_eq!(next.await?, 7);
        assert_eq!(text(&queue), "<Queue maxsize=0 tasks=1>");
        Ok(())
    });
}

#[test]
fn a_dropped_get_that_was_not_woken_leaves_the_queue() {
    in_loop(async {
        let queue = Queue::new(0);
        let (dropped, stop) = droppable(get(&queue));
        let next = create_task(get(&queue));
        hops(1).await?;
        stop.set_result(())?;
        dropped.await?;
        assert_eq!(text(&queue), "<Queue maxsize=0 _getters[1]>");
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
        hops(1).await?;
        assert_eq!(queue.get_nowait()?, 1);
        stop.set_result(())?;
        hops(1).await?;
        dropped.await?;
        hops(1).await?;
        assert!(next.done());
        assert_eq!(text(&queue), "<Queue maxsize=1 _queue=[3] tasks=2>");
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
        hops(1).await?;
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
        let next = create_task(get(&queue));
        hops(1).await?;
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
        hops(1).await?;
        reader.cancel();
        hops(1).await?;
        queue.put_nowait(1)?;
        queue.put_nowait(2)?;
        hops(1).await?;
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
        hops(1).await?;
        assert_eq!(text(&event), "<Event [unset, waiters:1]>");
        stop.set_result(())?;
        dropped.await?;
        assert_eq!(text(&event), "<Event [unset]>");
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

/// Notifies one of two that wait, and has its wait dropped: the other must get both the notification and the lock.
async fn notify_and_drop(queues_for_the_lock: bool) -> Result<()> {
    let (condition, log) = (Condition::new(), Rc::default());
    let (dropped, stop) = droppable(wait_for_notice(condition.clone(), "dropped", Rc::clone(&log)));
    let next = create_task(wait_for_notice(condition.clone(), "next", Rc::clone(&log)));
    hops(1).await?;
    {
        let _held = condition.hold().await?;
        condition.notify(1)?;
        if queues_for_the_lock {
            // It stands in the queue of the lock then, and is dropped when the lock is on its way to it.
            hops(1).await?;
        } else {
            stop.set_result(())?;
        }
    }
    if queues_for_the_lock {
        stop.set_result(())?;
    }
    dropped.await?;
    next.await?;
    assert_eq!(*log.borrow(), ["next"]);
    assert_eq!(text(&condition), "<Condition [unlocked]>");
    Ok(())
}

#[test]
fn a_dropped_condition_wait_passes_its_notification_on() {
    in_loop(notify_and_drop(false));
}

#[test]
fn a_condition_wait_dropped_while_it_gets_the_lock_back_passes_both_on() {
    in_loop(notify_and_drop(true));
}

#[test]
fn the_guard_of_a_dropped_condition_wait_does_not_release_for_others() {
    in_loop(async {
        let (condition, log) = (Condition::new(), Rc::default());
        let (dropped, stop) = droppable(wait_for_notice(condition.clone(), "dropped", Rc::clone(&log)));
        hops(1).await?;
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
        hops(1).await?;
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
        let (dropped, stop) = droppable(pass(&barrier));
        hops(1).await?;
        assert_eq!(barrier.n_waiting(), 1);
        stop.set_result(())?;
        dropped.await?;
        assert_eq!(barrier.n_waiting(), 0);
        let first = create_task(pass(&barrier));
        hops(1).await?;
        assert!(!first.done());
        assert_eq!(barrier.wait().await?, 1);
        assert_eq!(first.await?, 0);
        assert_eq!(text(&barrier), "<Barrier [filling, waiters:0/2]>");
        Ok(())
    });
}

#[test]
fn the_last_that_is_dropped_out_of_a_draining_barrier_opens_it() {
    in_loop(async {
        let barrier = Barrier::new(2)?;
        let (dropped, stop) = droppable(pass(&barrier));
        hops(1).await?;
        assert_eq!(barrier.wait().await?, 1);
        assert_eq!(text(&barrier), "<Barrier [draining, waiters:0/2]>");
        let late = create_task(pass(&barrier));
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
                hops(1).await?;
                panic!("while it holds both");
                #[expect(unreachable_code, reason = "it tells the type of the coroutine")]
                Ok(())
            }
        });
        hops(1).await?;
        let (_held, _permit) = (lock.hold().await?, semaphore.hold().await?);
        assert_eq!(failing.await.expect_err("a panic").kind(), Kind::Panic);
        Ok(())
    });
}

#[test]
fn a_loop_that_is_closed_leaves_the_primitives_in_order() {
    let event_loop = virtual_loop();
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
    assert_eq!(text(&lock), "<Lock [locked, waiters:2]>");
    event_loop.close().expect("it does not run");
    assert_eq!(text(&lock), "<Lock [unlocked]>");
    assert_eq!(text(&semaphore), "<Semaphore [unlocked, value:1]>");
    assert_eq!(text(&condition), "<Condition [unlocked]>");
    assert_eq!(text(&queue), "<Queue maxsize=0>");
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
        hops(1).await?;
        assert_eq!(waiters.len(), 6);
        assert!(waiters.any_live());

        tasks[0].cancel();
        waiters.wake_first();
        assert_eq!(waiters.wake(1), 1);
        assert_eq!(waiters.wake(2), 2);
        tasks[3].cancel();
        assert_eq!(waiters.len(), 6);
        hops(1).await?;
        assert_eq!(*log.borrow(), [(0, "left"), (1, "woken"), (2, "woken"), (3, "lost a grant")]);
        assert_eq!(waiters.len(), 2);

        assert!(waiters.pop());
        assert_eq!(waiters.len(), 1);
        tasks[5].cancel();
        assert!(!waiters.any_live());
        assert!(!waiters.pop());
        assert!(waiters.is_empty());
        log.borrow_mut().clear();
        hops(1).await?;
        assert_eq!(*log.borrow(), [(4, "woken"), (5, "left")]);
        waiters.wake_all();
        Ok(())
    });
}

#[test]
fn who_finds_nothing_when_woken_waits_again_at_the_end() {
    in_loop(async {
        let queue = Queue::new(0);
        let [first, second] = [create_task(get(&queue)), create_task(get(&queue))];
        hops(1).await?;
        queue.put_nowait(1)?;
        // It is taken away before the first, which it woke, gets to it.
        assert_eq!(queue.get_nowait()?, 1);
        hops(1).await?;
        assert!(!first.done());
        queue.put_nowait(2)?;
        assert_eq!(second.await?, 2);
        assert!(!first.done());
        queue.put_nowait(3)?;
        assert_eq!(first.await?, 3);
        Ok(())
    });
}
