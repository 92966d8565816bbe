//! Turn by turn: several loops in one thread, and how long to wait in between.

use std::thread;
use std::time::{Duration, Instant};

use kolo_executor::testing::Trace;
use kolo_executor::{Clock, EventLoop, Promise, Result, Turn, sleep};

use super::settle;
use crate::support::runs::virtual_loop;

/// Takes a turn of each until none has anything left to do.
fn round_robin(loops: &[EventLoop]) {
    loop {
        let turns: Vec<Turn> = loops
            .iter()
            .map(|event_loop| event_loop.turn().expect("an iteration"))
            .collect();
        if turns.iter().all(|turn| *turn == Turn::Done) {
            return;
        }
        assert!(
            !turns.iter().all(|turn| *turn == Turn::Io),
            "nobody else gives them anything to do"
        );
    }
}

#[test]
fn several_loops_take_turns_in_one_thread() {
    let trace = Trace::new();
    let loops = [virtual_loop(), virtual_loop(), virtual_loop()];
    for (name, event_loop) in ["a", "b", "c"].into_iter().zip(&loops) {
        let trace = trace.clone();
        event_loop.create_task(async move {
            for step in 0..3 {
                trace.log(format_args!("{name}{step}"));
                sleep(0).await?;
            }
            Ok(())
        });
    }
    round_robin(&loops);
    assert_eq!(trace.take(), ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]);
}

#[test]
fn each_has_a_clock_of_its_own() {
    let (early, late) = (virtual_loop(), virtual_loop());
    early.create_task(sleep(1));
    late.create_task(sleep(10));
    round_robin(&[early.clone(), late.clone()]);
    assert_eq!((early.time(), late.time()), (1.0, 10.0));
}

#[test]
fn a_task_of_one_completes_a_promise_of_another() {
    let trace = Trace::new();
    let (asks, answers) = (virtual_loop(), virtual_loop());
    let (question, answer) = (answers.create_promise::<u32>(), asks.create_promise::<u32>());
    let (asked, answered, log) = (question.clone(), answer.clone(), trace.clone());
    let asker = asks.create_task(async move {
        asked.set_result(21)?;
        log.log("asked");
        answer.await
    });
    let log = trace.clone();
    answers.create_task(async move {
        let number = question.await?;
        log.log("answered");
        answered.set_result(2 * number)
    });
    round_robin(&[asks, answers]);
    assert_eq!(
        (asker.result().unwrap(), trace.take()),
        (42, vec!["asked".into(), "answered".into()])
    );
}

#[test]
fn one_that_fails_or_closes_leaves_the_others_alone() {
    let (ends, goes_on) = (virtual_loop(), virtual_loop());
    let failed: kolo_executor::Task<()> = ends.create_task(async { Err(kolo_executor::Error::value("no")) });
    let task = goes_on.create_task(sleep(1));
    assert_eq!(settle(&ends), Turn::Done);
    assert!(failed.error().unwrap().is_some());
    goes_on.turn().unwrap();
    ends.close().unwrap();
    round_robin(&[goes_on]);
    assert!(task.done());
}

#[test]
fn a_turn_says_for_how_long_to_wait() {
    let event_loop = virtual_loop();
    let timeout = |turn: Turn| turn.timeout(&event_loop);
    assert_eq!(timeout(Turn::Now), Some(Duration::ZERO));
    assert_eq!((timeout(Turn::Io), timeout(Turn::Done)), (None, None));
    // In whole milliseconds, rounded up.
    assert_eq!(timeout(Turn::At(0.0)), Some(Duration::ZERO));
    assert_eq!(timeout(Turn::At(1.0)), Some(Duration::from_secs(1)));
    assert_eq!(timeout(Turn::At(1.000_000_1)), Some(Duration::from_millis(1001)));
    assert_eq!(timeout(Turn::At(-1.0)), Some(Duration::ZERO));
}

/// Waits as it is told until nothing is left to do. How many turns that took.
fn wait_as_told(event_loop: &EventLoop) -> Result<usize> {
    let mut turns = 1;
    loop {
        match event_loop.turn()? {
            Turn::Done | Turn::Io => return Ok(turns),
            turn => thread::sleep(turn.timeout(event_loop).expect("a time")),
        }
        turns += 1;
    }
}

#[test]
fn a_virtual_clock_that_is_held_moves_on_when_the_program_has_really_waited() {
    let event_loop = virtual_loop();
    let _alive = event_loop.keep_alive();
    let task = event_loop.create_task(sleep(0.05));
    settle(&event_loop);
    assert_eq!(event_loop.turn().unwrap(), Turn::At(0.05));
    assert_eq!((event_loop.time(), task.done()), (0.0, false));
    let start = Instant::now();
    assert!(wait_as_told(&event_loop).unwrap() <= 4);
    assert!(task.done() && start.elapsed() >= Duration::from_millis(40));
    assert_eq!(event_loop.time(), 0.05);
}

#[test]
fn a_program_that_waits_for_timers_takes_few_turns() {
    for clock in [Clock::Real, Clock::Virtual] {
        let event_loop = EventLoop::with_clock(clock).unwrap();
        let task = event_loop.create_task(async {
            for _ in 0..5 {
                sleep(0.01).await?;
            }
            Ok(())
        });
        let turns = wait_as_told(&event_loop).unwrap();
        assert!(task.done());
        // The task's first step; then for each sleep its end, and the step that begins the next.
        assert!(turns <= 1 + 2 * 5 + 5, "{turns} turns");
    }
}

#[test]
fn what_the_program_itself_does_in_between_is_seen_in_the_next_turn() {
    let event_loop = virtual_loop();
    let promise = Promise::new();
    let waits = event_loop.create_task(promise.clone().into_future());
    assert_eq!(settle(&event_loop), Turn::Io);
    promise.set_result(1).unwrap();
    let new = event_loop.create_task(async { Ok(2) });
    assert_eq!(settle(&event_loop), Turn::Done);
    assert_eq!((waits.result().unwrap(), new.result().unwrap()), (1, 2));
}
