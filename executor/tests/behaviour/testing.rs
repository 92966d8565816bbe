//! The module for tests: runs on the virtual clock, single iterations, hops, traces.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use kolo_executor::testing::{self, Trace};
use kolo_executor::{Error, Kind, Promise, Result, Turn, create_task, current_task, running_loop, sleep};

use crate::support::outcome::{error_of, kind_of, panic_of};
use crate::support::runs::virtual_loop;

#[test]
fn a_run_is_on_the_virtual_clock_and_closes_its_loop() {
    let (time, event_loop) = testing::run(async {
        let before = running_loop().time();
        sleep(3600).await?;
        Ok((running_loop().time() - before, running_loop()))
    })
    .unwrap();
    assert_eq!(time, 3600.0);
    assert!(event_loop.is_closed());
}

#[test]
fn a_run_cancels_and_awaits_what_is_left() {
    let trace = Trace::new();
    let events = trace.clone();
    testing::run(async move {
        create_task(async move {
            let slept = sleep(10).await;
            sleep(1).await?;
            trace.log_time("cleaned up");
            slept
        });
        sleep(1).await
    })
    .unwrap();
    assert_eq!(events.take(), ["2s cleaned up"]);
}

#[test]
fn a_run_fails_with_the_error_of_its_coroutine() {
    let outcome: Result<()> = testing::run(async { Err(Error::value("spam")) });
    assert_eq!(error_of(outcome), (Kind::Value, "spam".to_owned()));
    assert_eq!(kind_of(testing::run(Promise::<()>::new().into_future())), Kind::Deadlock);
}

#[test]
fn a_run_within_a_run_is_refused() {
    let inner = testing::run(async { Ok(kind_of(testing::run(async { Ok(()) }))) });
    assert_eq!(inner.unwrap(), Kind::Runtime);
}

#[test]
fn a_tick_is_one_iteration() {
    let event_loop = virtual_loop();
    let steps = Rc::new(Cell::new(0));
    let counted = steps.clone();
    let task = event_loop.create_task(async move {
        loop {
            counted.set(counted.get() + 1);
            if counted.get() == 3 {
                return Ok(());
            }
            sleep(0).await?;
        }
    });
    for ticks in 1..=3 {
        testing::tick(&event_loop);
        assert_eq!((event_loop.iterations(), steps.get()), (ticks, ticks));
    }
    assert!(task.done());
    assert!(!event_loop.is_running());
}

#[test]
fn a_tick_does_not_move_the_virtual_clock() {
    let event_loop = virtual_loop();
    let sleeper = event_loop.create_task(sleep(5));
    for _ in 0..3 {
        testing::tick(&event_loop);
    }
    assert_eq!(event_loop.time(), 0.0);
    assert!(!sleeper.done());
    assert_eq!(
        event_loop.turn().unwrap(),
        Turn::Now,
        "the turn after that jumps to the deadline"
    );
    assert_eq!(event_loop.time(), 5.0);
}

#[test]
fn a_tick_of_a_loop_that_cannot_run_panics() {
    let closed = virtual_loop();
    closed.close().unwrap();
    let message = panic_of(|| testing::tick(&closed));
    assert!(message.contains("Event loop is closed"), "{message}");
    let message = testing::run(async { Ok(panic_of(|| testing::tick(&running_loop()))) }).unwrap();
    assert!(message.contains("This event loop is already running"), "{message}");
}

#[test]
fn hops_are_iterations() {
    testing::run(async {
        let time = running_loop().time();
        for count in [0, 1, 2, 7] {
            let before = running_loop().iterations();
            testing::hops(count).await?;
            assert_eq!(running_loop().iterations(), before + count as u64);
        }
        assert_eq!(running_loop().time(), time);
        Ok(())
    })
    .unwrap();
}

#[test]
fn hops_can_be_cancelled() {
    let (kind, passed) = testing::run(async {
        let before = running_loop().iterations();
        let hopping = create_task(testing::hops(1_000_000));
        testing::hops(3).await?;
        hopping.cancel();
        Ok((kind_of(hopping.await), running_loop().iterations() - before))
    })
    .unwrap();
    assert_eq!((kind, passed), (Kind::Cancelled, 5));
}

#[test]
fn clones_of_a_trace_are_one_list() {
    let trace = Trace::new();
    let other = trace.clone();
    trace.log("first");
    other.log(2);
    trace.log(format_args!("{}rd", 3));
    assert_eq!(other.take(), ["first", "2", "3rd"]);
    assert!(trace.take().is_empty(), "they were taken");
}

#[test]
fn events_have_their_iteration_and_their_time() {
    let trace = Trace::new();
    let events = trace.clone();
    testing::run(async move {
        trace.log_iteration("of the loop's own count");
        testing::hops(2).await?;
        let started_elsewhere = trace.clone();
        started_elsewhere.start();
        trace.log_iteration("at the start");
        testing::hops(3).await?;
        trace.log_iteration("three later");
        sleep(0.25).await?;
        trace.log_time("slept");
        sleep(1).await?;
        trace.log_time("slept again");
        Ok(())
    })
    .unwrap();
    let expected = [
        "+1 of the loop's own count",
        "+0 at the start",
        "+3 three later",
        "0.25s slept",
        "1.25s slept again",
    ];
    assert_eq!(events.take(), expected);
}

#[test]
fn what_is_logged_may_log_while_it_is_shown() {
    struct Chatty(Trace);
    impl fmt::Display for Chatty {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.log("shown");
            f.write_str("chatty")
        }
    }
    let trace = Trace::new();
    trace.log(Chatty(trace.clone()));
    assert_eq!(trace.take(), ["shown", "chatty"]);
}

#[test]
fn iterations_and_times_need_a_loop() {
    let trace = Trace::new();
    for message in [
        panic_of(|| trace.start()),
        panic_of(|| trace.log_iteration("never")),
        panic_of(|| trace.log_time("never")),
    ] {
        assert!(message.contains("no running event loop"), "{message}");
    }
    assert!(trace.take().is_empty());
    assert_eq!(current_task(), None);
}

#[test]
fn a_start_belongs_to_its_loop() {
    let trace = Trace::new();
    let started = trace.clone();
    testing::run(async move {
        testing::hops(10).await?;
        started.start();
        Ok(())
    })
    .unwrap();
    let message = testing::run(async move { Ok(panic_of(|| trace.log_iteration("too early"))) }).unwrap();
    assert!(message.contains("Trace::start was called in this loop"), "{message}");
}
