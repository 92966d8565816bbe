//! A connection as a server has it: what comes is looked at, and a client that takes nothing is waited for only so long.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use kolo_executor::{Sleep, sleep};
use kolo_net::Streams;

use crate::rt::Io;
use crate::web::lengths::Lengths;

pub(crate) struct Watched {
    io: Io,
    lengths: Rc<RefCell<Lengths>>,
    write_time: f64,
    /// Since something could not be sent.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    pub(crate) fn new(streams: Streams, lengths: Rc<RefCell<Lengths>>, write_time: f64) -> Watched {
        Watched {
            io: Io::new(streams),
            lengths,
            write_time,
            stalled: None,
        }
    }

    /// What a write came to; if that is nothing for too long, an error.
    fn or_late<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(self.write_time)));
        match stalled.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) => Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing"))),
            Poll::Ready(Err(cancelled)) => Poll::Ready(Err(cancelled.into())),
        }
    }
}

impl Read for Watched {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let Watched { io, lengths, .. } = &mut *self;
        io.poll_read_seen(context, into, |bytes| lengths.borrow_mut().look(bytes))
    }
}

impl Write for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        self.or_late(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(context);
        self.or_late(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.io).poll_shutdown(context);
        self.or_late(context, shut)
    }
}
