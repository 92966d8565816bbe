//! What may still come from outside keeps the virtual clock from jumping, and a run from being a deadlock. These tests wait in real time,
//! for that is what they are about; none depends on how long it takes.

use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use kolo_executor::testing::run;
use kolo_executor::{Clock, EventLoop, Kind, Promise, Turn, create_task, running_loop, sleep};

use super::{pair, send};
use crate::support::outcome::kind_of;
use crate::support::runs::{in_loop, traced};

/// Long enough for another thread to nudge the loop in the middle of it.
const LIMIT: f64 = 0.1;

/// The waker of a task that is done: waking it nudges the loop, and does nothing.
async fn stale_waker() -> kolo_executor::Result<Waker> {
    let (sender, receiver) = mpsc::channel();
    create_task(std::future::poll_fn(move |context| {
        sender.send(context.waker().clone()).expect("somebody waits for it");
        Poll::Ready(Ok(()))
    }))
    .await?;
    Ok(receiver.recv()?)
}

/// Nudges the loop again and again until it is told to stop.
fn nudge(waker: Waker) -> (mpsc::Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = mpsc::channel();
    let thread = thread::spawn(move || {
        while stopped.recv_timeout(Duration::from_millis(5)) == Err(mpsc::RecvTimeoutError::Timeout) {
            waker.wake_by_ref();
        }
    });
    (stop, thread)
}

/// Sleeps while stray nudges come, and something that could still be told of by others lives.
async fn nudged_sleep() -> kolo_executor::Result<()> {
    let (stop, thread) = nudge(stale_waker().await?);
    let start = Instant::now();
    let iterations = running_loop().iterations();
    sleep(LIMIT).await?;
    assert!(start.elapsed() >= Duration::from_secs_f64(LIMIT), "it waits in real time");
    assert_eq!(running_loop().time(), LIMIT);
    assert_eq!(running_loop().iterations() - iterations, 2, "a nudge costs no iterations");
    drop(stop);
    thread.join().expect("no panic");
    Ok(())
}

#[test]
fn a_remote_handle_is_waited_for_in_real_time_whatever_nudges() {
    in_loop(async {
        let _remote = running_loop().remote();
        nudged_sleep().await
    });
}

#[test]
fn a_keep_alive_guard_is_waited_for_in_real_time_whatever_nudges() {
    in_loop(async {
        let _alive = running_loop().keep_alive();
        nudged_sleep().await
    });
}

#[test]
fn a_descriptor_to_which_nothing_happens_does_not_hold_the_virtual_clock() {
    in_loop(async {
        let (ours, _theirs) = pair();
        running_loop().add_reader(&ours, || {})?;
        sleep(3600).await
    });
}

#[test]
fn what_comes_while_it_waits_comes_at_the_old_time() {
    let events = traced(async |trace| {
        let (ours, theirs) = pair();
        let log = trace.clone();
        let source = Arc::new(ours);
        let watched = source.clone();
        running_loop().add_reader(&*source, move || {
            running_loop().remove_reader(&*watched);
            log.log_time("reader");
        })?;
        // As long as it lives the clock stands still: a descriptor alone says nothing of the thread.
        let alive = running_loop().remote();
        let thread = thread::spawn(move || {
            send(&theirs);
            drop(alive);
            theirs
        });
        sleep(3600).await?;
        trace.log_time("timer");
        drop(thread.join());
        Ok(())
    });
    assert_eq!(events, ["0s reader", "3600s timer"]);
}

#[test]
fn descriptors_of_this_loop_alone_need_not_be_waited_for() {
    let events = traced(async |trace| {
        running_loop().set_waits_for_descriptors(false);
        let (ours, theirs) = pair();
        let (log, watched) = (trace.clone(), ours.try_clone()?);
        running_loop().add_reader(&ours, move || {
            super::take(&watched);
            log.log_time("reader");
        })?;
        let far_end = theirs.try_clone()?;
        running_loop().call_later(1800, move || send(&far_end));
        sleep(1800).await?;
        trace.log_time("sent");
        sleep(1800).await?;
        trace.log_time("timer");
        running_loop().remove_reader(&ours);
        Ok(())
    });
    assert_eq!(events, ["1800s sent", "1800s reader", "3600s timer"]);
}

#[test]
fn with_descriptors_of_this_loop_alone_a_deadlock_is_proved() {
    let outcome = run(async {
        running_loop().set_waits_for_descriptors(false);
        let (ours, theirs) = pair();
        let arrived = Promise::<()>::new();
        let (watched, told) = (ours.try_clone()?, arrived.clone());
        running_loop().add_reader(&ours, move || {
            super::take(&watched);
            drop(told.set_result(()));
        })?;
        send(&theirs);
        arrived.await?;
        Promise::<()>::new().await
    });
    assert_eq!(kind_of(outcome), Kind::Deadlock);
}

/// Turns until the sleep is over, and waits in between as long as it is told to. `outside` lives so long.
fn turned_sleep<O>(outside: impl FnOnce(&EventLoop) -> O) {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let _outside = outside(&event_loop);
    let sleeper = event_loop.create_task(sleep(LIMIT));
    let start = Instant::now();
    assert_eq!(event_loop.turn().unwrap(), Turn::At(LIMIT));
    while !sleeper.done() {
        if let Turn::At(when) = event_loop.turn().unwrap() {
            let left = Duration::from_secs_f64(when - event_loop.time());
            thread::sleep(left.saturating_sub(start.elapsed()));
        }
    }
    assert!(start.elapsed() >= Duration::from_secs_f64(LIMIT), "it waits in real time");
    assert_eq!(event_loop.time(), LIMIT);
}

#[test]
fn a_loop_that_is_driven_by_turns_moves_its_clock_when_the_time_has_really_passed() {
    turned_sleep(EventLoop::remote);
    turned_sleep(|event_loop| {
        let (ours, theirs) = pair();
        event_loop.add_reader(&ours, || unreachable!("nothing is sent")).unwrap();
        (ours, theirs)
    });
}
