//! Times, clocks and descriptors.

use std::cell::Cell;
use std::fs::File;
use std::rc::Rc;

use kolo_executor::testing::{Trace, tick};
use kolo_executor::{
    EventLoop, Kind, Promise, Timeout, as_completed, running_loop, sleep, sleep_with, timeout, timeout_at, wait, wait_for,
};

use super::value;
use crate::support::child::in_child;
use crate::support::outcome::{error_of, kind_of, panic_of};
use crate::support::runs::virtual_loop;

#[test]
fn a_delay_that_is_no_number_is_refused() {
    let event_loop = virtual_loop();
    let nan = f64::NAN;
    assert_eq!(
        panic_of(|| event_loop.call_later(nan, || ())),
        "call_later: the time is NaN (not a number)"
    );
    assert_eq!(
        panic_of(|| event_loop.call_at(nan, || ())),
        "call_at: the time is NaN (not a number)"
    );
    assert_eq!(
        panic_of(|| event_loop.set_slow_callback_duration(nan)),
        "set_slow_callback_duration: the time is NaN (not a number)"
    );
    let began = Rc::new(Cell::new(false));
    let flag = began.clone();
    event_loop
        .run_until_complete(async move {
            let body = || {
                let flag = flag.clone();
                async move {
                    flag.set(true);
                    Ok(())
                }
            };
            assert_eq!(error_of(sleep(nan).await), value("Invalid delay: NaN (not a number)"));
            assert_eq!(error_of(sleep(f32::NAN).await), value("Invalid delay: NaN (not a number)"));
            assert_eq!(error_of(sleep_with(nan, 1).await), value("Invalid delay: NaN (not a number)"));
            let refused = value("Invalid timeout: NaN (not a number)");
            assert_eq!(error_of(timeout(nan, body()).await), refused);
            assert_eq!(error_of(timeout_at(nan, body()).await), refused);
            assert_eq!(error_of(Timeout::after(nan).run(body()).await), refused);
            assert_eq!(error_of(wait_for(body(), nan).await), refused);
            let promise = Promise::<()>::new();
            assert_eq!(error_of(wait_for(&promise, nan).await), refused);
            assert_eq!(error_of(wait([&promise]).timeout(nan).await.map(|_| ())), refused);
            let message = panic_of(|| as_completed([&promise]).timeout(nan));
            assert_eq!(message, "as_completed: the timeout is NaN (not a number)");
            assert!(!promise.done());

            let deadline = Timeout::after(1);
            let handle = deadline.clone();
            let moved = deadline.run(async move { handle.reschedule(nan) }).await;
            assert_eq!(error_of(moved), value("Invalid deadline: NaN (not a number)"));
            Ok(())
        })
        .unwrap();
    assert!(!began.get(), "no body has run");
    assert_eq!(event_loop.time(), 0.0);
}

#[test]
fn a_negative_delay_is_over_at_once() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let log = trace.clone();
    event_loop
        .run_until_complete(async move {
            let this = running_loop();
            log.start();
            for delay in [-1.0, -2.0, 0.0] {
                let log = log.clone();
                this.call_later(delay, move || log.log_iteration(delay));
            }
            let at = log.clone();
            assert_eq!(this.call_at(-3, move || at.log_iteration("at -3")).when(), -3.0);
            // One hop and no timer.
            sleep(-1).await?;
            log.log_iteration("slept");
            let outcome = wait_for(sleep(1), -1).await;
            log.log_iteration(format!("{:?}", outcome.unwrap_err().kind()));
            let (done, pending) = wait([Promise::<()>::new()]).timeout(-1).await?;
            log.log_iteration(format!("{} done, {} pending", done.len(), pending.len()));
            Ok(())
        })
        .unwrap();
    // By deadline, the most negative first; what was ready before runs before what is due.
    let expected = [
        "+1 slept",
        "+1 at -3",
        "+1 -2",
        "+1 -1",
        "+1 0",
        "+4 Timeout",
        "+6 0 done, 1 pending",
    ];
    assert_eq!(trace.take(), expected);
    assert_eq!(event_loop.time(), 0.0);
}

#[test]
fn a_clock_that_does_not_exist_is_refused() {
    let name = concat!(module_path!(), "::a_clock_that_does_not_exist_is_refused");
    let output = in_child(name, &[("KOLO_CLOCK", Some("lunar"))], || {
        let expected = value("KOLO_CLOCK is 'lunar', it must be 'real' or 'virtual'");
        assert_eq!(error_of(EventLoop::new()), expected);
        assert_eq!(error_of(kolo_executor::run(async { Ok(()) })), expected);
        println!("refused");
    });
    if let Some(output) = output {
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("refused"), "{text}");
    }
}

#[test]
fn a_switch_says_yes_or_no() {
    let name = concat!(module_path!(), "::a_switch_says_yes_or_no");
    let words = [("1", true), ("true", true), ("0", false), ("false", false), ("", false)];
    for (word, on) in words {
        let output = in_child(name, &[("KOLO_DEBUG", Some(word)), ("KOLO_STATS", Some(word))], || {
            let event_loop = EventLoop::new().unwrap();
            println!("debug: {}", event_loop.debug());
            event_loop.close().unwrap();
        });
        if let Some(output) = output {
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(text.contains(&format!("debug: {on}")), "{word}: {text}");
            let counted = String::from_utf8(output.stderr).unwrap().contains("kolo: 0 iterations");
            assert_eq!(counted, on, "{word}");
        }
    }
}

#[test]
fn a_switch_that_says_neither_is_refused() {
    let name = concat!(module_path!(), "::a_switch_that_says_neither_is_refused");
    for variable in ["KOLO_DEBUG", "KOLO_STATS"] {
        for word in ["maybe", "True", " 1"] {
            let output = in_child(name, &[(variable, Some(word))], || {
                println!("refused: {:?}", EventLoop::new().unwrap_err());
                assert_eq!(kind_of(kolo_executor::run(async { Ok(()) })), Kind::Value);
            });
            if let Some(output) = output {
                let text = String::from_utf8(output.stdout).unwrap();
                let expected = format!("refused: Value: {variable} is '{word}', it must be '1' or 'true', or '0' or 'false'");
                assert!(text.contains(&expected), "{text}");
            }
        }
    }
}

#[test]
fn a_descriptor_that_cannot_be_watched_is_refused() {
    let event_loop = virtual_loop();
    let file = File::open(std::env::current_exe().unwrap()).unwrap();
    assert_eq!(kind_of(event_loop.add_reader(&file, || ())), Kind::Io);
    assert_eq!(kind_of(event_loop.add_writer(&file, || ())), Kind::Io);
    assert!(!event_loop.remove_reader(&file));
    tick(&event_loop);
}
