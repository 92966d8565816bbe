//! Sources: descriptors that belong to somebody who reads by himself.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::io::{ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::rc::{Rc, Weak};

use kolo_executor::primitive::{Interest, Ready, Source};
use kolo_executor::testing::{Trace, hops};
use kolo_executor::{Clock, EventLoop, Kind, running_loop, sleep, testing};

use super::{pair, send, traced_to_the_end};
use crate::support::outcome::error_of;

/// Reads a byte each time that it is told, and logs its name.
struct Reader {
    name: &'static str,
    socket: UnixStream,
    trace: Trace,
    source: OnceCell<Source>,
    /// Whether it says so when nothing is left.
    says_drained: bool,
    told: Cell<u32>,
    knows_the_end: Cell<bool>,
}

impl Reader {
    fn new(name: &'static str, socket: UnixStream, trace: &Trace, says_drained: bool) -> Rc<Reader> {
        Reader::of(&running_loop(), name, socket, trace, says_drained)
    }

    fn of(event_loop: &EventLoop, name: &'static str, socket: UnixStream, trace: &Trace, says_drained: bool) -> Rc<Reader> {
        let reader = Rc::new(Reader {
            name,
            socket,
            trace: trace.clone(),
            source: OnceCell::new(),
            says_drained,
            told: Cell::new(0),
            knows_the_end: Cell::new(false),
        });
        let source = Source::new(event_loop, &reader.socket, reader.clone()).expect("an open socket");
        reader.source.get_or_init(|| source);
        reader.source().watch(Interest::Read).expect("an open socket");
        reader
    }

    fn source(&self) -> &Source {
        self.source.get().expect("made with it")
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Reader {}>", self.name)
    }
}

impl Ready for Reader {
    fn ready(&self, interest: Interest) {
        assert_eq!(interest, Interest::Read);
        self.told.set(self.told.get() + 1);
        match (&self.socket).read(&mut [0]) {
            Ok(0) => self.trace.log(format!("{} end", self.name)),
            Ok(_) => self.trace.log(self.name),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                if self.says_drained {
                    self.source().drained(Interest::Read);
                }
            }
        }
    }

    fn loop_is_closed(&self) {
        self.knows_the_end.set(true);
    }
}

#[test]
fn it_is_told_in_every_iteration_as_long_as_anything_is_left() {
    let events = traced_to_the_end(async |trace| {
        let (ours, theirs) = pair();
        let reader = Reader::new("A", ours, &trace, false);
        (0..3).for_each(|_| send(&theirs));
        hops(6).await?;
        // It takes a byte at a time, and is told once more for what it has not looked at: nothing.
        assert_eq!(reader.told.get(), 3);
        reader.source().close();
        Ok(())
    });
    assert_eq!(events, ["A", "A", "A"]);
}

#[test]
fn what_has_said_that_nothing_is_left_is_told_of_what_comes() {
    let events = traced_to_the_end(async |trace| {
        let (ours, theirs) = pair();
        let reader = Reader::new("A", ours, &trace, true);
        for _ in 0..3 {
            send(&theirs);
            hops(3).await?;
        }
        reader.source().close();
        Ok(())
    });
    assert_eq!(events, ["A", "A", "A"]);
}

#[test]
fn an_end_that_came_with_the_last_byte_is_told() {
    let events = traced_to_the_end(async |trace| {
        let (ours, theirs) = pair();
        let reader = Reader::new("A", ours, &trace, true);
        send(&theirs);
        drop(theirs);
        hops(3).await?;
        reader.source().close();
        Ok(())
    });
    assert_eq!(events, ["A", "A end"]);
}

#[test]
fn sources_and_readers_stand_in_one_line() {
    let events = traced_to_the_end(async |trace| {
        let [(a, to_a), (b, to_b), (c, to_c)] = [pair(), pair(), pair()];
        let first = Reader::new("A", a, &trace, true);
        let log = trace.clone();
        running_loop().add_reader(&b, move || log.log("B"))?;
        let third = Reader::new("C", c, &trace, true);
        send(&to_c);
        send(&to_b);
        send(&to_a);
        hops(2).await?;
        // B stays ready, and so before what comes now.
        send(&to_a);
        send(&to_c);
        hops(2).await?;
        running_loop().remove_reader(&b);
        first.source().close();
        third.source().close();
        Ok(())
    });
    assert_eq!(events, ["C", "B", "A", "B", "B", "A", "C"]);
}

#[test]
fn one_that_is_unwatched_is_not_told_though_it_was_about_to_be() {
    let events = traced_to_the_end(async |trace| {
        let [(a, to_a), (b, to_b)] = [pair(), pair()];
        let second = Reader::new("B", b, &trace, true);
        let (log, other) = (trace.clone(), second.clone());
        running_loop().add_reader(&a, move || {
            log.log("A");
            other.source().unwatch(Interest::Read);
        })?;
        send(&to_a);
        send(&to_b);
        hops(2).await?;
        running_loop().remove_reader(&a);
        trace.log("B is watched again");
        second.source().watch(Interest::Read)?;
        hops(2).await?;
        second.source().close();
        Ok(())
    });
    assert_eq!(events, ["A", "B is watched again", "B"]);
}

#[test]
fn nobody_else_watches_its_descriptor_and_nobody_ends_it() {
    testing::run(async {
        let (ours, _theirs) = pair();
        let descriptor = ours.try_clone()?;
        let reader = Reader::new("A", ours, &Trace::new(), true);
        let number = std::os::fd::AsRawFd::as_raw_fd(&reader.socket);
        let used = |call: &str| {
            (
                Kind::Runtime,
                format!("{call}: File descriptor {number} is used by transport <Reader A>"),
            )
        };
        assert_eq!(error_of(running_loop().add_reader(&reader.socket, || {})), used("add_reader"));
        assert_eq!(error_of(running_loop().add_writer(&reader.socket, || {})), used("add_writer"));
        let again = Source::new(&running_loop(), &reader.socket, reader.clone());
        assert_eq!(error_of(again.map(drop)), used("Source::new"));
        assert!(!running_loop().remove_reader(&reader.socket));
        assert!(reader.source().is_watched(Interest::Read));
        reader.source().close();
        assert!(!reader.source().is_watched(Interest::Read));
        reader.source().watch(Interest::Read)?;
        assert!(!reader.source().is_watched(Interest::Read), "it is closed");
        drop(descriptor);
        Ok(())
    })
    .unwrap();
}

#[test]
fn one_that_watches_nothing_keeps_no_run_from_its_end() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let (ours, _theirs) = pair();
    let reader = Reader::of(&event_loop, "A", ours, &Trace::new(), true);
    reader.source().unwatch(Interest::Read);
    let for_ever = event_loop.create_promise::<()>();
    let outcome = event_loop.run_until_complete(async move { for_ever.await });
    assert_eq!(outcome.unwrap_err().kind(), Kind::Deadlock);
    event_loop.close().unwrap();
}

#[test]
fn the_loops_end_is_told_and_cuts_the_circle() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let (ours, _theirs) = pair();
    let reader = Reader::of(&event_loop, "A", ours, &Trace::new(), true);
    event_loop.close().unwrap();
    assert!(reader.knows_the_end.get());
    let weak: Weak<Reader> = Rc::downgrade(&reader);
    drop(reader);
    assert!(weak.upgrade().is_none());
}

#[test]
fn one_that_is_told_does_not_hold_the_virtual_clock_once_it_is_drained() {
    testing::run(async {
        let (ours, theirs) = pair();
        let reader = Reader::new("A", ours, &Trace::new(), true);
        send(&theirs);
        sleep(3600).await?;
        assert!(reader.told.get() >= 1);
        reader.source().close();
        Ok(())
    })
    .unwrap();
}
