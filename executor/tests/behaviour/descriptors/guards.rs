//! Guards that end what they began.

use std::cell::Cell;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use kolo_executor::primitive::{Interest, Ready};
use kolo_executor::testing::{Trace, tick};
use kolo_executor::{EventLoop, Kind, Result, Watching};

use super::{pair, send};
use crate::support::lives::DropFlag;
use crate::support::outcome::{error_of, kind_of};
use crate::support::runs::{ticks, virtual_loop};

/// An end that can be read from, and the other one.
fn ready() -> (UnixStream, UnixStream) {
    let (ours, theirs) = pair();
    send(&theirs);
    (ours, theirs)
}

/// A callback that logs its name.
fn logs(trace: &Trace, name: &'static str) -> impl FnMut() + 'static {
    let trace = trace.clone();
    move || trace.log(name)
}

/// Counts how often it is told.
#[derive(Debug, Default)]
struct Told(Cell<u32>);

impl Ready for Told {
    fn ready(&self, interest: Interest) {
        assert_eq!(interest, Interest::Read);
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn one_who_says_that_nothing_is_left_is_told_when_more_comes() {
    let event_loop = virtual_loop();
    let ((ours, theirs), told) = (ready(), Rc::new(Told::default()));
    let watching = event_loop.tell(&ours, Interest::Read, told.clone()).unwrap();
    ticks(&event_loop, 3);
    assert_eq!(told.0.get(), 3);
    watching.drained();
    ticks(&event_loop, 3);
    assert_eq!(told.0.get(), 3);
    send(&theirs);
    ticks(&event_loop, 2);
    assert_eq!(told.0.get(), 5);
    // Whoever takes its place is told of what is there.
    watching.drained();
    let other = Rc::new(Told::default());
    let _watching = event_loop.tell(&ours, Interest::Read, other.clone()).unwrap();
    watching.drained();
    ticks(&event_loop, 2);
    assert_eq!((told.0.get(), other.0.get()), (5, 2));
}

#[test]
fn a_guard_ends_what_it_began_and_drops_the_callback() {
    let event_loop = virtual_loop();
    let ((ours, _theirs), trace) = (ready(), Trace::new());
    let (dropped, flag) = DropFlag::new();
    let mut read = logs(&trace, "read");
    let reader = event_loop
        .watch_reader(&ours, move || {
            crate::support::lives::keep(&flag);
            read();
        })
        .unwrap();
    let writer = event_loop.watch_writer(&ours, logs(&trace, "written")).unwrap();
    tick(&event_loop);
    assert_eq!(trace.take(), ["read", "written"]);
    assert!(!dropped.get());
    drop(reader);
    assert!(dropped.get());
    tick(&event_loop);
    assert_eq!(trace.take(), ["written"]);
    drop(writer);
    tick(&event_loop);
    assert!(trace.take().is_empty());
    assert!(!event_loop.remove_reader(&ours) && !event_loop.remove_writer(&ours));
}

#[test]
fn a_call_that_was_about_to_come_does_not_come() {
    let event_loop = virtual_loop();
    let ((ours, _theirs), trace) = (ready(), Trace::new());
    let (first, second) = (ours.try_clone().unwrap(), ours);
    let guard: Rc<Cell<Option<Watching>>> = Rc::default();
    let (ends, mut log) = (guard.clone(), logs(&trace, "first"));
    let ending = move || {
        log();
        drop(ends.take());
    };
    let _first = event_loop.watch_reader(&first, ending).unwrap();
    guard.set(Some(event_loop.watch_reader(&second, logs(&trace, "second")).unwrap()));
    ticks(&event_loop, 2);
    assert_eq!(trace.take(), ["first", "first"]);
}

#[test]
fn a_guard_takes_nobodys_place() {
    let event_loop = virtual_loop();
    let ((ours, _theirs), trace) = (ready(), Trace::new());
    event_loop.add_reader(&ours, logs(&trace, "added")).unwrap();
    let (kind, message) = error_of(event_loop.watch_reader(&ours, logs(&trace, "refused")).map(drop));
    assert_eq!(kind, Kind::Runtime);
    assert!(message.starts_with("watch_reader: descriptor "), "{message}");
    assert!(
        message.ends_with(" has a reader already; end that first, by remove_reader or by dropping what waits for it"),
        "{message}"
    );
    tick(&event_loop);
    assert_eq!(trace.take(), ["added"]);
    assert!(event_loop.remove_reader(&ours));
    let guard = event_loop.watch_reader(&ours, logs(&trace, "guarded")).unwrap();
    assert_eq!(
        kind_of(event_loop.watch_reader(&ours, logs(&trace, "refused")).map(drop)),
        Kind::Runtime
    );
    // A writer is another thing.
    let writer: Result<Watching> = event_loop.watch_writer(&ours, || {});
    assert!(writer.is_ok());
    drop(guard);
    assert!(event_loop.watch_reader(&ours, || {}).is_ok());
}

#[test]
fn what_has_taken_a_guards_place_stays_when_the_guard_goes() {
    let event_loop = virtual_loop();
    let ((ours, _theirs), trace) = (ready(), Trace::new());
    let guard = event_loop.watch_reader(&ours, logs(&trace, "guarded")).unwrap();
    event_loop.add_reader(&ours, logs(&trace, "added")).unwrap();
    drop(guard);
    tick(&event_loop);
    assert_eq!(trace.take(), ["added"]);
    assert!(event_loop.remove_reader(&ours));
}

#[test]
fn a_guard_may_outlive_its_descriptor_and_its_loop() {
    let event_loop: EventLoop = virtual_loop();
    let (a, b) = ready();
    let closed = event_loop.watch_reader(&a, || {}).unwrap();
    let left = event_loop.watch_reader(&b, || {}).unwrap();
    drop(a);
    drop(closed);
    event_loop.close().unwrap();
    assert_eq!(kind_of(event_loop.watch_reader(&b, || {}).map(drop)), Kind::Runtime);
    drop(event_loop);
    drop(left);
}
