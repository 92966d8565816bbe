//! Owners that say when nothing is left: they are told of all that comes, in line with others, for fewer system calls.

use std::cell::OnceCell;
use std::fmt;
use std::io::{ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use kolo_executor::primitive::{Interest, Ready, Source};
use kolo_executor::running_loop;
use kolo_executor::testing::{Trace, hops};

use super::{pair, send, traced_to_the_end};

/// Reads a byte each time that it is told, and logs its name.
struct Reader {
    name: &'static str,
    socket: UnixStream,
    trace: Trace,
    source: OnceCell<Source>,
}

impl Reader {
    fn new(name: &'static str, socket: UnixStream, trace: &Trace) -> Rc<Reader> {
        let reader = Rc::new(Reader {
            name,
            socket,
            trace: trace.clone(),
            source: OnceCell::new(),
        });
        let source = Source::new(&running_loop(), &reader.socket, reader.clone()).expect("an open socket");
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
        match (&self.socket).read(&mut [0]) {
            Ok(0) => self.trace.log(format!("{} end", self.name)),
            Ok(_) => self.trace.log(self.name),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                self.source().drained(Interest::Read);
            }
        }
    }
}

#[test]
fn what_has_said_that_nothing_is_left_is_told_of_what_comes() {
    let events = traced_to_the_end(async |trace| {
        let (ours, theirs) = pair();
        let reader = Reader::new("A", ours, &trace);
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
        let reader = Reader::new("A", ours, &trace);
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
        let first = Reader::new("A", a, &trace);
        let log = trace.clone();
        running_loop().add_reader(&b, move || log.log("B"))?;
        let third = Reader::new("C", c, &trace);
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
