//! One value, from another thread.

use std::thread;

use kolo_executor::testing::run;
use kolo_executor::{Completer, Kind, Promise, Result, running_loop, sleep, timeout};

use super::{LATER, sleep_in_real_time};
use crate::support::outcome::{boom, error_of, kind_of};
use crate::support::reports::Reports;
use crate::support::runs::{in_loop, ticks, virtual_loop};

/// What the promise ends with when a thread does this with its completer, late enough for the loop to have nothing else to do.
fn outcome_of(act: impl FnOnce(Completer<u32>) + Send + 'static) -> Result<u32> {
    run(async {
        let (completer, promise) = running_loop().remote_promise();
        let thread = thread::spawn(move || {
            thread::sleep(LATER);
            act(completer);
        });
        let outcome = promise.await;
        let _ = thread.join();
        outcome
    })
}

#[test]
fn a_value_arrives() {
    assert_eq!(outcome_of(|completer| completer.set_result(42).unwrap()).unwrap(), 42);
    assert_eq!(outcome_of(|completer| completer.complete(Ok(43)).unwrap()).unwrap(), 43);
}

#[test]
fn an_error_arrives() {
    let boom_of = |outcome| assert_eq!(error_of(outcome), (Kind::Other, "in the thread".to_owned()));
    boom_of(outcome_of(|completer| completer.set_error(boom("in the thread")).unwrap()));
    boom_of(outcome_of(|completer| {
        completer.complete(Err(boom("in the thread"))).unwrap()
    }));
}

#[test]
fn dropped_unused_it_fails_the_promise() {
    let message = "the Completer of this promise was dropped unused: has its thread panicked, or returned early?";
    let gone = (Kind::Runtime, message.to_owned());
    assert_eq!(error_of(outcome_of(drop)), gone);
    assert_eq!(error_of(outcome_of(|_completer| panic!("the thread panics"))), gone);
}

#[test]
fn what_nobody_wants_any_more_is_let_go_in_silence() {
    let reports = run(async {
        let reports = Reports::of(&running_loop());
        for is_used in [true, false] {
            let (completer, promise) = running_loop().remote_promise::<u32>();
            let late = timeout(0.01, promise.clone().into_future()).await;
            assert_eq!(kind_of(late), Kind::Timeout);
            let act = move || if is_used { completer.set_result(1) } else { Ok(()) };
            thread::spawn(act).join().unwrap()?;
            sleep(0).await?;
            sleep(0).await?;
            assert!(promise.cancelled());
        }
        Ok(reports)
    });
    assert!(reports.unwrap().messages().is_empty());
}

#[test]
fn a_closed_loop_refuses() {
    let event_loop = virtual_loop();
    let (completer, promise) = event_loop.remote_promise();
    let (unused, _) = event_loop.remote_promise::<u32>();
    event_loop.close().unwrap();
    let outcome = thread::spawn(move || completer.set_result(42)).join().unwrap();
    assert_eq!(error_of(outcome), (Kind::Runtime, "Event loop is closed".to_owned()));
    assert!(!promise.done());
    drop(unused);
}

#[test]
fn an_error_that_nobody_awaits_is_reported() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let (completer, promise) = event_loop.remote_promise::<u32>();
    drop(promise);
    thread::spawn(move || completer.set_error(boom("unseen")))
        .join()
        .unwrap()
        .unwrap();
    ticks(&event_loop, 2);
    assert_eq!(reports.messages(), ["Promise exception was never retrieved"]);
}

#[test]
fn the_virtual_clock_is_held_while_one_lives() {
    in_loop(async {
        let (completer, promise) = running_loop().remote_promise();
        sleep_in_real_time().await?;
        completer.set_result(())?;
        promise.await?;
        sleep(1e9).await
    });
}

#[test]
fn once_it_is_used_a_deadlock_is_proved_again() {
    let outcome = run(async {
        let (completer, promise) = running_loop().remote_promise();
        thread::spawn(move || completer.set_result(()));
        promise.await?;
        Promise::<()>::new().await
    });
    assert_eq!(kind_of(outcome), Kind::Deadlock);
}
