//! Woken after the task, after the loop, and inside destructors.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::sync::{Arc, Barrier};
use std::task::Waker;
use std::thread;

use kolo_executor::testing::{run, tick};
use kolo_executor::{Clock, EventLoop, Result, Task, sleep};

use super::{counted, parked_task, waker};
use crate::support::lives::OnDrop;

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
