//! Woken in the loop's own thread.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use kolo_executor::testing::{run, tick};
use kolo_executor::{Clock, EventLoop, Result, create_task, sleep};

use super::{parked_task, waker};

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
