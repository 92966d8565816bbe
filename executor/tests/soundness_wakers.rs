//! Wakers: kept by anybody, woken and dropped from anywhere, at any time.

mod soundness;

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use kolo_executor::{Clock, Error, EventLoop, Kind, Promise, Result, Task, create_task, running_loop, sleep, timeout};
use soundness::{Bell, OnDrop, poll_outside, run, tick};

const THREADS: u64 = 4;

/// Longer than anything here takes: a wake-up that is lost ends the test with an error instead of never.
const FOR_EVER: u64 = 60;

/// The waker of the running task.
async fn waker() -> Waker {
    poll_fn(|context| Poll::Ready(context.waker().clone())).await
}

/// Counts its steps until `over` is set.
fn counted(steps: &Rc<Cell<u32>>) -> impl Future<Output = Result<()>> + use<> {
    let steps = steps.clone();
    poll_fn(move |_| {
        steps.set(steps.get() + 1);
        Poll::Pending
    })
}

/// A loop with one task that stands on a foreign future, the task's waker, and the count of its steps.
fn parked_task(event_loop: &EventLoop) -> (Task<()>, Waker, Rc<Cell<u32>>) {
    let steps = Rc::new(Cell::new(0));
    let (send, receive) = mpsc::channel();
    let steps_of_task = steps.clone();
    let task = event_loop.create_task(async move {
        send.send(waker().await).map_err(|_| Error::other("nobody wants the waker"))?;
        counted(&steps_of_task).await
    });
    tick(event_loop);
    assert_eq!(steps.get(), 1);
    (task, receive.recv().unwrap(), steps)
}

// From other threads.

#[test]
fn a_million_wake_ups_from_four_threads_arrive() {
    const EACH: u64 = 250_000;
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let total = event_loop.run_until_complete(async {
        let tasks: Vec<Task<u64>> = (0..THREADS)
            .map(|_| {
                create_task(async {
                    let sent = Arc::new(AtomicU64::new(0));
                    let (waker, counter) = (waker().await, sent.clone());
                    let thread = thread::spawn(move || {
                        for _ in 0..EACH {
                            counter.fetch_add(1, Ordering::SeqCst);
                            waker.wake_by_ref();
                        }
                    });
                    // Many wake-ups may be one step, but what was sent before each must be seen after it.
                    let all = poll_fn(|_| match sent.load(Ordering::SeqCst) {
                        EACH => Poll::Ready(Ok(EACH)),
                        _ => Poll::Pending,
                    });
                    let all = timeout(FOR_EVER, all).await?;
                    thread.join().map_err(|_| Error::other("the thread panicked"))?;
                    Ok(all)
                })
            })
            .collect();
        let mut total = 0;
        for task in tasks {
            total += task.await?;
        }
        Ok(total)
    });
    assert_eq!(total.unwrap(), THREADS * EACH);
}

#[test]
fn each_single_wake_up_of_a_sleeping_loop_arrives() {
    const EACH: u64 = 10_000;
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let outcome = event_loop.run_until_complete(async {
        let tasks: Vec<Task<()>> = (0..THREADS)
            .map(|_| {
                create_task(async {
                    let (ask, answer) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
                    let (waker, asked, answered) = (waker().await, ask.clone(), answer.clone());
                    let thread = thread::spawn(move || {
                        for number in 1..=EACH {
                            asked.store(number, Ordering::SeqCst);
                            waker.wake_by_ref();
                            // Nothing else wakes the task: if this one is lost, there is no answer.
                            while answered.load(Ordering::SeqCst) < number {
                                thread::yield_now();
                            }
                        }
                    });
                    timeout(
                        FOR_EVER,
                        poll_fn(|_| {
                            let asked = ask.load(Ordering::SeqCst);
                            answer.store(asked, Ordering::SeqCst);
                            if asked == EACH { Poll::Ready(Ok(())) } else { Poll::Pending }
                        }),
                    )
                    .await?;
                    thread.join().map_err(|_| Error::other("the thread panicked"))
                })
            })
            .collect();
        for task in tasks {
            task.await?;
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn a_million_remote_calls_arrive_each_thread_s_in_order() {
    const EACH: u64 = 250_000;
    thread_local!(static ARRIVED: RefCell<[u64; THREADS as usize]> = const { RefCell::new([0; THREADS as usize]) });
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let threads: Vec<_> = (0..THREADS as usize)
        .map(|sender| {
            let remote = event_loop.remote();
            thread::spawn(move || {
                for number in 0..EACH {
                    remote
                        .call_soon(move || {
                            ARRIVED.with_borrow_mut(|arrived| {
                                assert_eq!(arrived[sender], number, "a call was lost, doubled or overtaken");
                                arrived[sender] += 1;
                            });
                        })
                        .unwrap();
                }
            })
        })
        .collect();
    let outcome = event_loop.run_until_complete(timeout(FOR_EVER, async {
        while ARRIVED.with_borrow(|arrived| *arrived != [EACH; THREADS as usize]) {
            sleep(0.001).await?;
        }
        Ok(())
    }));
    outcome.unwrap();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn many_threads_clone_and_drop_one_waker() {
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let (_task, waker, steps) = parked_task(&event_loop);
    let start = Arc::new(Barrier::new(THREADS as usize));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (waker, start) = (waker.clone(), start.clone());
            thread::spawn(move || {
                start.wait();
                let clones: Vec<Waker> = (0..1000).map(|_| waker.clone()).collect();
                assert!(clones.iter().all(|clone| clone.will_wake(&waker)));
                for (index, clone) in clones.into_iter().enumerate() {
                    if index % 2 == 0 { clone.wake() } else { drop(clone) }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    tick(&event_loop);
    // All of them came before this iteration: one step.
    assert_eq!(steps.get(), 2);
    tick(&event_loop);
    assert_eq!(steps.get(), 2);
}

#[test]
fn a_letter_left_behind_by_a_remote_handle_is_no_deadlock() {
    thread_local!(static PROMISE: RefCell<Option<Promise<()>>> = const { RefCell::new(None) });
    for _ in 0..2000 {
        let outcome = run(async {
            let promise = Promise::new();
            PROMISE.set(Some(promise.clone()));
            let remote = running_loop().remote();
            let thread = thread::spawn(move || {
                // The last handle goes while the loop is about to find out that nothing can happen any more.
                remote.call_soon(|| PROMISE.take().unwrap().set_result(()).unwrap())
            });
            promise.await?;
            thread.join().unwrap()
        });
        outcome.unwrap();
    }
}

// In the loop's own thread.

#[test]
fn a_task_is_queued_once_however_often_it_is_woken() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let (_task, waker, steps) = parked_task(&event_loop);
    for _ in 0..10 {
        waker.wake_by_ref();
    }
    tick(&event_loop);
    assert_eq!(steps.get(), 2);
    event_loop.call_soon(move || (0..10).for_each(|_| waker.wake_by_ref()));
    tick(&event_loop);
    assert_eq!(steps.get(), 2);
    tick(&event_loop);
    assert_eq!(steps.get(), 3);
    tick(&event_loop);
    assert_eq!(steps.get(), 3);
}

#[test]
fn a_task_that_wakes_itself_runs_again_in_the_next_iteration() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let steps = Rc::new(Cell::new(0));
    let count = steps.clone();
    event_loop.create_task(poll_fn::<Result<()>, _>(move |context| {
        count.set(count.get() + 1);
        context.waker().wake_by_ref();
        let copy = context.waker().clone();
        copy.wake();
        Poll::Pending
    }));
    for iteration in 1..=5 {
        tick(&event_loop);
        assert_eq!(steps.get(), iteration);
    }
}

#[test]
fn a_wake_up_between_two_runs_arrives_in_the_next() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let (_task, waker, steps) = parked_task(&event_loop);
    waker.wake();
    assert_eq!(steps.get(), 1);
    event_loop.run_until_complete(sleep(0)).unwrap();
    assert_eq!(steps.get(), 2);
}

#[test]
fn a_wake_up_reaches_a_loop_from_within_another_one() {
    let sleeping = EventLoop::with_clock(Clock::Virtual).unwrap();
    let (_task, waker, steps) = parked_task(&sleeping);
    run(async move {
        waker.wake();
        Ok(())
    })
    .unwrap();
    tick(&sleeping);
    assert_eq!(steps.get(), 2);
}

#[test]
fn wakers_of_different_tasks_are_different() {
    run(async {
        let mine = waker().await;
        let other = create_task(async { Ok(waker().await) }).await?;
        assert!(mine.will_wake(&waker().await));
        assert!(mine.will_wake(&mine.clone()));
        assert!(!mine.will_wake(&other));
        // The place in the table of tasks is used again, with another ticket.
        let next = create_task(async { Ok(waker().await) }).await?;
        assert!(!other.will_wake(&next));
        Ok(())
    })
    .unwrap();
}

// After the task, and after the loop.

#[test]
fn a_waker_whose_task_is_done_wakes_nobody() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let old = event_loop.create_task(async { Ok(waker().await) });
    let old = event_loop.run_until_complete(old).unwrap();
    // These use the places that are free again.
    let others: Vec<_> = (0..3).map(|_| parked_task(&event_loop)).collect();
    let before = event_loop.iterations();
    for _ in 0..10 {
        old.wake_by_ref();
        let old = old.clone();
        thread::spawn(move || old.wake()).join().unwrap();
        tick(&event_loop);
    }
    assert_eq!(event_loop.iterations(), before + 10);
    assert!(others.iter().all(|(_, _, steps)| steps.get() == 1));
}

#[test]
fn a_waker_of_a_named_task_that_is_done_wakes_nobody() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let named = |name: &str| Task::<()>::builder().name(name);
    // One after the other in the same place, with a name and without.
    for _ in 0..3 {
        let old = named("old").spawn_on(&event_loop, async { Ok(waker().await) });
        let old = event_loop.run_until_complete(old).unwrap();
        let steps: Vec<_> = (0..3).map(|_| Rc::new(Cell::new(0))).collect();
        let others: Vec<_> = steps
            .iter()
            .map(|steps| named("new").spawn_on(&event_loop, counted(steps)))
            .collect();
        tick(&event_loop);
        let unnamed = parked_task(&event_loop);
        old.wake_by_ref();
        tick(&event_loop);
        assert!(steps.iter().chain([&unnamed.2]).all(|steps| steps.get() == 1));
        for task in others.iter().chain([&unnamed.0]) {
            task.cancel();
        }
        tick(&event_loop);
    }
}

#[test]
fn wakers_outlive_the_loop() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let (task, waker, steps) = parked_task(&event_loop);
    event_loop.close().unwrap();
    waker.wake_by_ref();
    drop(event_loop);
    drop(task);
    waker.wake_by_ref();
    let elsewhere = waker.clone();
    thread::spawn(move || {
        elsewhere.wake_by_ref();
        let again = elsewhere.clone();
        drop(elsewhere);
        again.wake();
    })
    .join()
    .unwrap();
    // A new loop is no successor.
    run(async move {
        waker.wake();
        sleep(1).await
    })
    .unwrap();
    assert_eq!(steps.get(), 1);
}

#[test]
fn threads_wake_while_the_loop_closes() {
    for _ in 0..50 {
        let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
        let (_task, waker, _) = parked_task(&event_loop);
        let remote = event_loop.remote();
        let start = Arc::new(Barrier::new(3));
        let (wakes, calls) = (start.clone(), start.clone());
        let waking = thread::spawn(move || {
            wakes.wait();
            (0..1000).for_each(|_| waker.wake_by_ref());
        });
        let calling = thread::spawn(move || {
            calls.wait();
            // Every call that is refused comes after every call that is not.
            let outcomes: Vec<bool> = (0..1000).map(|_| remote.call_soon(|| {}).is_ok()).collect();
            assert!(outcomes.is_sorted_by_key(|accepted| !accepted));
        });
        start.wait();
        tick(&event_loop);
        event_loop.close().unwrap();
        drop(event_loop);
        waking.join().unwrap();
        calling.join().unwrap();
    }
}

#[test]
fn wakers_are_woken_while_their_thread_is_torn_down() {
    struct WakesWhenDropped(Vec<(EventLoop, Waker)>);
    impl Drop for WakesWhenDropped {
        fn drop(&mut self) {
            for (event_loop, waker) in self.0.drain(..) {
                let copy = waker.clone();
                copy.wake();
                drop(event_loop);
                waker.wake();
            }
        }
    }
    thread_local!(static LATE: RefCell<WakesWhenDropped> = const { RefCell::new(WakesWhenDropped(Vec::new())) });
    // The thread's variables are dropped in an order that depends on which of them was used first.
    for before_the_loop in [true, false] {
        let torn_down = thread::spawn(move || {
            if before_the_loop {
                LATE.with_borrow_mut(|late| late.0.clear());
            }
            let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
            let (_task, waker, _) = parked_task(&event_loop);
            LATE.with_borrow_mut(|late| late.0.push((event_loop, waker)));
        });
        torn_down.join().unwrap();
    }
}

// Inside destructors.

#[test]
fn wakers_are_woken_inside_destructors() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let (_task, waker, steps) = parked_task(&event_loop);
    let wakes = |waker: &Waker| {
        let waker = waker.clone();
        OnDrop(move || waker.wake_by_ref())
    };

    // Of a coroutine that ends, of one that is cancelled, and of one that never began.
    let held = wakes(&waker);
    event_loop.create_task(async move {
        let _held = held;
        Ok(())
    });
    tick(&event_loop);
    tick(&event_loop);
    assert_eq!(steps.get(), 2);
    for iterations in [0, 1] {
        let held = wakes(&waker);
        let task = event_loop.create_task(async move {
            let _held = held;
            sleep(10).await
        });
        (0..iterations).for_each(|_| tick(&event_loop));
        task.cancel();
        tick(&event_loop);
        tick(&event_loop);
        assert_eq!(steps.get(), 3 + iterations);
    }

    // Of a result, and of a callback that is taken back.
    let held = wakes(&waker);
    let task = event_loop.create_task(async move { Ok(held) });
    tick(&event_loop);
    assert_eq!(steps.get(), 4);
    drop(task);
    tick(&event_loop);
    assert_eq!(steps.get(), 5);
    let held = wakes(&waker);
    event_loop.call_soon(move || drop(held)).cancel();
    tick(&event_loop);
    assert_eq!(steps.get(), 6);

    // Of what goes with the loop: the tasks that are woken are gone, or go next.
    let held = wakes(&waker);
    event_loop.create_task(async move {
        let _held = held;
        pending::<Result<()>>().await
    });
    let held = wakes(&waker);
    event_loop.call_later(10, move || drop(held));
    tick(&event_loop);
    event_loop.close().unwrap();
    assert_eq!(steps.get(), 6);
}

#[test]
fn a_task_s_own_waker_is_woken_inside_its_destructor() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let task = event_loop.create_task(async {
        let waker = waker().await;
        let _wakes = OnDrop(move || waker.wake_by_ref());
        sleep(10).await
    });
    tick(&event_loop);
    task.cancel();
    tick(&event_loop);
    assert!(task.cancelled());
    tick(&event_loop);
    assert!(event_loop.all_tasks().is_empty());
}

// Foreign wakers.

/// Does what it is told to when it is woken.
struct Foreign<F: Fn() + Send + Sync>(F);

impl<F: Fn() + Send + Sync> Wake for Foreign<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn foreign(wake: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(Foreign(wake)))
}

#[test]
fn a_foreign_waker_that_panics_harms_nobody_else() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let reports = Rc::new(RefCell::new(Vec::new()));
    let list = reports.clone();
    event_loop.set_exception_handler(Some(Rc::new(move |context| list.borrow_mut().push(context.message.clone()))));

    let promise = event_loop.create_promise::<i32>();
    let awaiting = |promise: &Promise<i32>| {
        let promise = promise.clone();
        event_loop.create_task(async move { (&promise).await })
    };
    let before = awaiting(&promise);
    tick(&event_loop);
    let waker = foreign(|| panic!("this waker is broken"));
    let mut broken = Box::pin((&promise).into_future());
    assert!(broken.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let after = awaiting(&promise);
    let bell = Bell::new();
    let mut foreigner = (&promise).into_future();
    assert!(poll_outside(&mut foreigner, &bell).is_pending());
    tick(&event_loop);

    promise.set_result(5).unwrap();
    assert_eq!(event_loop.run_until_complete(before).unwrap(), 5);
    assert_eq!(event_loop.run_until_complete(after).unwrap(), 5);
    assert_eq!(bell.rings(), 1);
    assert!(poll_outside(&mut foreigner, &bell).is_ready());
    assert_eq!(reports.take(), ["Exception in waker"]);
    assert!(event_loop.all_tasks().is_empty());
}

#[test]
fn a_foreign_waker_may_run_a_loop() {
    let waker = foreign(|| run(sleep(1)).unwrap());
    // The yield wakes at once, while it is polled.
    let mut yields = Box::pin(sleep(0));
    assert!(yields.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(yields.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());

    // And this one wakes when the promise is done, between two runs of its loop.
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let promise = event_loop.create_promise::<()>();
    let mut leaf = Box::pin(promise.clone().into_future());
    assert!(leaf.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    promise.set_result(()).unwrap();
    assert!(leaf.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
}

#[test]
fn a_foreign_waker_is_woken_when_the_loop_is_gone() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let promise = event_loop.create_promise::<i32>();
    let (bell, mut leaf) = (Bell::new(), (&promise).into_future());
    assert!(poll_outside(&mut leaf, &bell).is_pending());
    event_loop.close().unwrap();
    drop(event_loop);
    promise.set_result(1).unwrap();
    assert_eq!(bell.rings(), 1);
    assert!(matches!(poll_outside(&mut leaf, &bell), Poll::Ready(Ok(1))));
}

#[test]
fn whoever_shared_its_waker_is_not_called_stuck() {
    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let stuck = event_loop.run_until_complete(pending_promise());
    assert_eq!(stuck.unwrap_err().kind(), Kind::Deadlock);

    let event_loop = EventLoop::with_clock(Clock::Real).unwrap();
    let outcome = event_loop.run_until_complete(async {
        let waker = waker().await;
        let ready = Arc::new(AtomicU64::new(0));
        let sets = ready.clone();
        let thread = thread::spawn(move || {
            sets.store(1, Ordering::SeqCst);
            waker.wake();
        });
        let seen = poll_fn(|_| match ready.load(Ordering::SeqCst) {
            0 => Poll::Pending,
            seen => Poll::Ready(seen),
        });
        let seen = seen.await;
        thread.join().unwrap();
        Ok(seen)
    });
    assert_eq!(outcome.unwrap(), 1);
}

async fn pending_promise() -> Result<()> {
    Promise::new().await
}
