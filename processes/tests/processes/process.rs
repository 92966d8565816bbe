//! Processes that do one thing.

use std::process::Stdio;
use std::time::Duration;

use kolo::multiprocessing::{Process, Value};
use kolo::{Kind, partial};

use crate::calls::error_of;
use crate::deaths::lives_no_more;
use crate::functions::*;
use crate::harness::{Case, alone};

pub(crate) const CASES: &[Case] = &[
    ("a_process_from_its_start_to_its_end", a_process_from_its_start_to_its_end),
    ("exit_codes", exit_codes),
    ("what_cannot_be_started", what_cannot_be_started),
    ("dropped_it_is_waited_for", dropped_it_is_waited_for),
    ("dropped_a_daemon_is_terminated", dropped_a_daemon_is_terminated),
    ("a_failure_is_told_of", a_failure_is_told_of),
];

pub(crate) const ALONE: &[Case] = &[(FAILS, a_process_that_fails)];

const FAILS: &str = "a_process_that_fails";

fn a_process_from_its_start_to_its_end() {
    let (begun, may_end) = (Value::new(false).unwrap(), Value::new(false).unwrap());
    let process = Process::new(partial!(wait_for, begun.clone(), may_end.clone())).named("waiter");
    let runtime = |text: &str| (Kind::Runtime, text.to_owned());
    assert_eq!(error_of(process.join()), runtime("can only join a started process"));
    assert_eq!(error_of(process.terminate()), runtime("can only terminate a started process"));
    assert_eq!((process.pid().unwrap(), process.exitcode().unwrap()), (None, None));
    assert!(!process.is_alive().unwrap());
    assert_eq!(format!("{process:?}"), "<Process name='waiter' initial>");

    process.start().unwrap();
    assert_eq!(error_of(process.start()), runtime("cannot start a process twice"));
    until(&begun).unwrap();
    assert!(process.is_alive().unwrap() && !process.join_timeout(Duration::from_millis(1)).unwrap());
    assert_eq!(process.exitcode().unwrap(), None);
    let pid = process.pid().unwrap().unwrap();
    assert_eq!(format!("{process:?}"), format!("<Process name='waiter' pid={pid} started>"));
    let running = "Cannot close a process while it is still running. You should first call join() or terminate().";
    assert_eq!(error_of(process.close()), (Kind::Value, running.to_owned()));

    may_end.set(true).unwrap();
    process.join().unwrap();
    assert!(process.join_timeout(Duration::ZERO).unwrap());
    assert_eq!((process.exitcode().unwrap(), process.is_alive().unwrap()), (Some(0), false));
    // Nobody is there any more who could be told.
    process.kill().unwrap();
    assert_eq!(
        format!("{process:?}"),
        format!("<Process name='waiter' pid={pid} stopped exitcode=0>")
    );
    process.close().unwrap();
    assert_eq!(
        error_of(process.exitcode()),
        (Kind::Value, "process object is closed".to_owned())
    );
    assert_eq!(format!("{process:?}"), "<Process name='waiter' closed>");
}

fn exit_codes() {
    let code = |process: Process, end: fn(&Process)| {
        process.start().unwrap();
        end(&process);
        process.join().unwrap();
        process.exitcode().unwrap()
    };
    let begun = Value::new(false).unwrap();
    let waiting = || {
        begun.set(false).unwrap();
        Process::new(partial!(wait_for, begun.clone(), Value::new(false).unwrap()))
    };
    assert_eq!(code(Process::new(partial!(exit_with, 7)), |_| ()), Some(7));
    assert_eq!(code(Process::new(partial!(stop_here)), |_| ()), Some(-9));
    assert_eq!(code(waiting(), |process| process.terminate().unwrap()), Some(-15));
    assert_eq!(code(waiting(), |process| process.kill().unwrap()), Some(-9));
}

fn what_cannot_be_started() {
    let process = Process::new(partial!(not_registered, 1));
    assert_eq!(error_of(process.start()).0, Kind::Runtime);
    let process = Process::new(partial!(take::<FailsToBeSent>, Odd::new()));
    let (kind, text) = error_of(process.start());
    assert_eq!(kind, Kind::Value);
    assert!(text.ends_with("cannot be serialised: it stays here"), "{text}");
}

fn dropped_it_is_waited_for() {
    let shared = Value::new(0).unwrap();
    let process = Process::new(partial!(increment, shared.clone(), 10));
    process.start().unwrap();
    drop(process);
    assert_eq!(shared.get().unwrap(), 10);
}

fn dropped_a_daemon_is_terminated() {
    let (begun, never) = (Value::new(false).unwrap(), Value::new(false).unwrap());
    let process = Process::new(partial!(wait_for, begun.clone(), never)).daemon();
    process.start().unwrap();
    until(&begun).unwrap();
    let pid = process.pid().unwrap().unwrap();
    drop(process);
    lives_no_more(pid).unwrap();
}

fn a_failure_is_told_of() {
    let output = alone(FAILS).stderr(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("Process Process-1:\n"), "{told}");
    assert!(told.contains("Value: bad"), "{told}");
    assert!(told.contains("Process second:\n") && told.contains("Panic: oh"), "{told}");
}

fn a_process_that_fails() {
    for process in [Process::new(partial!(fail)), Process::new(partial!(panics)).named("second")] {
        process.start().unwrap();
        process.join().unwrap();
        assert_eq!(process.exitcode().unwrap(), Some(1));
    }
}
