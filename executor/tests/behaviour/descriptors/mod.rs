//! Readers and writers: when they are called, in which order, in which context, and for which descriptor.

mod awaits;
mod closed;
mod drained;
mod guards;
mod looked_at;
mod order;
mod outside;
mod sources;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use kolo_executor::Result;
use kolo_executor::testing::Trace;

use crate::support::runs::traced;

/// What happens up to the end of the coroutine. The descriptors it has left are looked at after that, until it is torn down.
#[track_caller]
pub(crate) fn traced_to_the_end(main: impl AsyncFnOnce(Trace) -> Result<()> + 'static) -> Vec<String> {
    let mut events = traced(async |trace| {
        main(trace.clone()).await?;
        trace.log("the end");
        Ok(())
    });
    let end = events
        .iter()
        .position(|event| event == "the end")
        .expect("a coroutine that ended");
    events.truncate(end);
    events
}

/// Two ends that do not block.
pub(crate) fn pair() -> (UnixStream, UnixStream) {
    let (a, b) = UnixStream::pair().expect("a pair of sockets");
    for end in [&a, &b] {
        end.set_nonblocking(true).expect("an open socket");
    }
    (a, b)
}

/// Sends a byte.
pub(crate) fn send(mut end: &UnixStream) {
    end.write_all(b"x").expect("an open socket with room");
}

/// Takes what is there.
pub(crate) fn take(mut end: &UnixStream) {
    let _ = end.read(&mut [0; 64]).expect("something to be read");
}
