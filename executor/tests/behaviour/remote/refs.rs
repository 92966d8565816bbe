//! References for other threads to values that stay in the loop's.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread::{self, ThreadId};

use kolo_executor::testing::{Trace, run};
use kolo_executor::{EventLoop, Kind, Promise, Result, Turn, running_loop, sleep, timeout};

use super::{LATER, sleep_in_real_time};
use crate::support::lives::DropFlag;
use crate::support::outcome::{boom, error_of, kind_of};
use crate::support::reports::Reports;
use crate::support::runs::{in_loop, virtual_loop};

/// Runs what other threads have asked for.
fn turn(event_loop: &EventLoop) {
    while event_loop.turn().expect("an iteration") == Turn::Now {}
}

/// Notes in which thread it is dropped.
struct Owned(Rc<Cell<Option<ThreadId>>>);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.set(Some(thread::current().id()));
    }
}

#[test]
fn a_thread_completes_a_promise_in_a_line() {
    let outcome = run(async {
        let promise = Promise::new();
        let there = running_loop().remote_ref(promise.clone());
        thread::spawn(move || there.call(|promise| promise.set_result(42)));
        promise.await
    });
    assert_eq!(outcome.unwrap(), 42);
}

#[test]
fn a_call_runs_in_the_loops_thread_with_a_value_that_is_not_send() {
    let event_loop = virtual_loop();
    let calls = Rc::new(RefCell::new(Vec::new()));
    let there = event_loop.remote_ref(calls.clone());
    let call = move || there.call(|calls| calls.borrow_mut().push(thread::current().id()));
    thread::spawn(call).join().unwrap().unwrap();
    assert!(calls.borrow().is_empty(), "not before the loop runs");
    turn(&event_loop);
    assert_eq!(*calls.borrow(), [thread::current().id()]);
}

#[test]
fn calls_of_one_thread_come_in_order_through_whatever_handles() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let (a, remote) = (event_loop.remote_ref(trace.clone()), event_loop.remote());
    let b = event_loop.remote_ref(trace.clone());
    let calls = move || {
        a.call(|trace| trace.log("a"))?;
        let through_remote = a.clone();
        remote.call_soon(move || drop(through_remote.call(|trace| trace.log("later"))))?;
        b.call(|trace| trace.log("b"))?;
        a.clone().call(|trace| trace.log("a again"))
    };
    thread::spawn(calls).join().unwrap().unwrap();
    turn(&event_loop);
    assert_eq!(trace.take(), ["a", "b", "a again", "later"]);
}

#[test]
fn the_value_goes_in_the_loops_thread_when_the_last_reference_has_gone_in_another() {
    let event_loop = virtual_loop();
    let dropped = Rc::new(Cell::new(None));
    let there = event_loop.remote_ref(Owned(dropped.clone()));
    let clone = there.clone();
    thread::spawn(move || drop(there)).join().unwrap();
    turn(&event_loop);
    assert_eq!(dropped.get(), None, "one is left");
    let last_call = move || clone.call(|owned| assert_eq!(owned.0.get(), None, "calls that came before come first"));
    thread::spawn(last_call).join().unwrap().unwrap();
    assert_eq!(dropped.get(), None, "not in that thread");
    turn(&event_loop);
    assert_eq!(dropped.get(), Some(thread::current().id()));
    assert_eq!(event_loop.turn().unwrap(), Turn::Done);
}

#[test]
fn the_value_goes_with_the_loop_at_the_latest_and_calls_are_refused_from_then_on() {
    let event_loop = virtual_loop();
    let (dropped, flag) = DropFlag::new();
    let there = event_loop.remote_ref(flag);
    let closures = Arc::new(());
    let (waiting, refused) = (closures.clone(), closures.clone());
    let call = {
        let there = there.clone();
        move || there.call(move |_| drop(waiting))
    };
    thread::spawn(call).join().unwrap().unwrap();
    event_loop.close().unwrap();
    assert!(dropped.get());
    assert_eq!(
        Arc::strong_count(&closures),
        2,
        "the call that came too late went with the loop"
    );
    let outcome = thread::spawn(move || there.call(move |_| drop(refused))).join().unwrap();
    assert_eq!(error_of(outcome), (Kind::Runtime, "Event loop is closed".to_owned()));
    assert_eq!(Arc::strong_count(&closures), 1, "so does one that is refused");
}

#[test]
fn a_loop_that_is_closed_already_keeps_nothing() {
    let event_loop = virtual_loop();
    event_loop.close().unwrap();
    let (dropped, flag) = DropFlag::new();
    let there = event_loop.remote_ref(flag);
    assert!(dropped.get());
    assert_eq!(kind_of(there.call(|_| ())), Kind::Runtime);
    assert_eq!(kind_of(there.spawn(|_| async { Ok(()) }).wait()), Kind::Runtime);
}

#[test]
fn errors_and_panics_of_calls_are_reported() {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let there = event_loop.remote_ref(Promise::<u32>::new());
    there.call(|promise| promise.set_result(1)).unwrap();
    there.call(|promise| promise.set_result(2)).unwrap();
    there.call(|_| -> Result<()> { panic!("in a call") }).unwrap();
    there.call(|_| Err::<(), _>(std::fmt::Error)).unwrap();
    turn(&event_loop);
    let told: Vec<_> = reports
        .take()
        .into_iter()
        .map(|report| report.error.unwrap().kind())
        .collect();
    assert_eq!(told, [Kind::InvalidState, Kind::Panic, Kind::Other]);
}

#[test]
fn a_destructor_that_panics_is_reported() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    drop(event_loop.remote_ref(Bad));
    turn(&event_loop);
    let closed = event_loop.remote_ref(Bad);
    event_loop.close().unwrap();
    assert_eq!(reports.messages(), ["Exception in callback", "Exception in destructor"]);
    drop(closed);
}

#[test]
fn a_thread_waits_for_a_coroutine_that_uses_the_value() {
    in_loop(async {
        let there = running_loop().remote_ref(Cell::new(20));
        let (done, is_done) = mpsc::channel();
        let thread = thread::spawn(move || {
            let sum = there.spawn(|value| async move {
                sleep(0).await?;
                value.set(value.get() + 1);
                Ok(2 * value.get())
            });
            let failed = there.spawn(|_| async { Err::<(), _>(boom("in the loop")) });
            done.send((sum.wait(), error_of(failed.wait()))).unwrap();
        });
        while !thread.is_finished() {
            sleep(0).await?;
        }
        let (sum, failed) = is_done.recv()?;
        assert_eq!((sum?, failed), (42, (Kind::Other, "in the loop".to_owned())));
        Ok(())
    });
}

#[test]
fn while_one_lives_a_run_waits_and_is_no_deadlock() {
    let outcome = run(async {
        let promise = Promise::new();
        let there = running_loop().remote_ref(promise.clone());
        let sets = move || {
            thread::sleep(LATER);
            there.call(|promise| promise.set_result(42))
        };
        thread::spawn(sets);
        promise.await
    });
    assert_eq!(outcome.unwrap(), 42);
}

#[test]
fn when_none_is_left_a_deadlock_is_proved_again() {
    let outcome = run(async {
        let promise = Promise::<()>::new();
        let there = running_loop().remote_ref(promise.clone());
        thread::spawn(move || {
            thread::sleep(LATER);
            drop(there);
        });
        promise.await
    });
    assert_eq!(kind_of(outcome), Kind::Deadlock);
}

#[test]
fn a_loop_that_sleeps_learns_that_the_last_handle_has_gone() {
    // Without a letter that would wake it.
    let outcome = run(async {
        let remote = running_loop().remote();
        thread::spawn(move || {
            thread::sleep(LATER);
            drop(remote);
        });
        Promise::<()>::new().await
    });
    assert_eq!(kind_of(outcome), Kind::Deadlock);
    let slept = run(async {
        let remote = running_loop().remote();
        thread::spawn(move || {
            thread::sleep(LATER);
            drop(remote);
        });
        sleep(1e9).await
    });
    slept.unwrap();
}

#[test]
fn however_the_last_handle_goes_the_loop_does_not_wait_for_ever() {
    for _ in 0..500 {
        let outcome = run(async {
            let (completer, promise) = running_loop().remote_promise();
            let there = running_loop().remote_ref(());
            let threads = [
                thread::spawn(move || completer.set_result(())),
                thread::spawn(move || there.call(|_| ())),
            ];
            promise.await?;
            let outcome = timeout(1e9, Promise::<()>::new().into_future()).await;
            for thread in threads {
                thread.join().unwrap()?;
            }
            outcome
        });
        assert_eq!(kind_of(outcome), Kind::Timeout);
    }
}

#[test]
fn the_virtual_clock_is_held_while_one_lives() {
    in_loop(async {
        let there = running_loop().remote_ref(());
        sleep_in_real_time().await?;
        drop(there);
        // The value is dropped one hop later.
        sleep(0).await?;
        sleep(1e9).await
    });
}
