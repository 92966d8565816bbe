//! Descriptors that were closed without being unwatched, and those that cannot be watched.

use std::fs::File;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

use kolo_executor::testing::{Trace, tick};
use kolo_executor::{EventLoop, Kind, Result};

use super::{pair, send};
use crate::support::child::in_child;
use crate::support::outcome::error_of;
use crate::support::runs::{ticks, virtual_loop};

/// Closes an end and opens another under its number. No other test may open anything meanwhile: they run in processes of their own.
fn closed_and_back(before: UnixStream) -> (UnixStream, UnixStream) {
    let number = before.as_raw_fd();
    drop(before);
    let (ours, theirs) = pair();
    assert_eq!(ours.as_raw_fd(), number, "the lowest number that is free");
    (ours, theirs)
}

fn watch(event_loop: &EventLoop, descriptor: &impl AsRawFd, trace: &Trace, name: &'static str) -> Result<()> {
    let trace = trace.clone();
    event_loop.add_reader(descriptor, move || trace.log(name))
}

#[test]
fn a_number_that_comes_back_is_watched_anew() {
    in_child(
        concat!(module_path!(), "::a_number_that_comes_back_is_watched_anew"),
        &[],
        || {
            let event_loop = virtual_loop();
            let trace = Trace::new();
            let (ours, _theirs) = pair();
            watch(&event_loop, &ours, &trace, "old").unwrap();
            let (ours, theirs) = closed_and_back(ours);
            send(&theirs);
            ticks(&event_loop, 2);
            assert!(trace.take().is_empty(), "nobody watches the new one");
            watch(&event_loop, &ours, &trace, "new").unwrap();
            ticks(&event_loop, 2);
            assert_eq!(trace.take(), ["new", "new"]);
            assert!(event_loop.remove_reader(&ours));
            tick(&event_loop);
            assert!(trace.take().is_empty());
        },
    );
}

#[test]
fn nothing_of_the_old_one_is_left_on_the_new_one() {
    in_child(
        concat!(module_path!(), "::nothing_of_the_old_one_is_left_on_the_new_one"),
        &[],
        || {
            let event_loop = virtual_loop();
            let trace = Trace::new();
            let (ours, _theirs) = pair();
            watch(&event_loop, &ours, &trace, "old reader").unwrap();
            let (ours, theirs) = closed_and_back(ours);
            send(&theirs);
            let writer = trace.clone();
            event_loop.add_writer(&ours, move || writer.log("new writer")).unwrap();
            tick(&event_loop);
            assert_eq!(trace.take(), ["new writer"]);
            assert!(!event_loop.remove_reader(&ours));
            assert!(event_loop.remove_writer(&ours));
        },
    );
}

#[test]
fn a_number_that_comes_back_after_it_was_unwatched_is_watched_anew() {
    in_child(
        concat!(
            module_path!(),
            "::a_number_that_comes_back_after_it_was_unwatched_is_watched_anew"
        ),
        &[],
        || {
            let event_loop = virtual_loop();
            let trace = Trace::new();
            let (ours, _theirs) = pair();
            watch(&event_loop, &ours, &trace, "old").unwrap();
            let (ours, theirs) = closed_and_back(ours);
            send(&theirs);
            assert!(event_loop.remove_reader(&ours));
            watch(&event_loop, &ours, &trace, "new").unwrap();
            tick(&event_loop);
            assert_eq!(trace.take(), ["new"]);
        },
    );
}

#[test]
fn an_error_names_the_call_the_descriptor_and_the_cause() {
    let event_loop = virtual_loop();
    let file = File::open(std::env::current_exe().unwrap()).unwrap();
    let number = file.as_raw_fd();
    let refused = |call: &str, number: RawFd, cause: &str| (Kind::Io, format!("{call}: descriptor {number}: {cause}"));
    let not_permitted = "Operation not permitted (os error 1)";
    assert_eq!(
        error_of(event_loop.add_reader(&file, || {})),
        refused("add_reader", number, not_permitted)
    );
    assert_eq!(
        error_of(event_loop.add_writer(&file, || {})),
        refused("add_writer", number, not_permitted)
    );
    let error = event_loop.add_reader(&-1, || {}).unwrap_err();
    assert_eq!(error.message(), "add_reader: descriptor -1: Bad file descriptor (os error 9)");
    let cause = error.downcast_ref::<std::io::Error>().expect("the system's own error");
    assert_eq!(cause.raw_os_error(), Some(9));
}

#[test]
fn one_that_was_closed_is_refused_and_forgotten() {
    in_child(
        concat!(module_path!(), "::one_that_was_closed_is_refused_and_forgotten"),
        &[],
        || {
            let event_loop = virtual_loop();
            let trace = Trace::new();
            let (ours, _theirs) = pair();
            let number = ours.as_raw_fd();
            watch(&event_loop, &ours, &trace, "old").unwrap();
            event_loop.add_writer(&ours, || {}).unwrap();
            drop(ours);
            let message = format!("add_reader: descriptor {number}: Bad file descriptor (os error 9)");
            assert_eq!(error_of(watch(&event_loop, &number, &trace, "new")), (Kind::Io, message));
            assert!(!event_loop.remove_reader(&number) && !event_loop.remove_writer(&number));
            tick(&event_loop);
            assert!(trace.take().is_empty());
        },
    );
}
