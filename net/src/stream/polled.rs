//! Streams as other crates know them: by the traits of `futures_io`, which are polled.

use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncBufRead, AsyncRead, AsyncWrite};
use kolo_executor::Result;

use crate::stream::buffer::Buffer;
use crate::stream::incoming::Wait;
use crate::stream::reader::StreamReader;
use crate::stream::writer::StreamWriter;

/// What a handle of a reader keeps between two polls. Another handle has one of its own.
#[derive(Default)]
pub(crate) struct Polled(Option<Box<State>>);

#[derive(Default)]
struct State {
    wait: Option<Wait>,
    /// What was shown, and may be looked at until it is consumed.
    shown: Buffer,
}

impl Clone for Polled {
    fn clone(&self) -> Polled {
        Polled::default()
    }
}

/// What a handle of a writer keeps between two polls: a drain.
#[derive(Default)]
pub(crate) struct Flushing(Option<Pin<Box<dyn Future<Output = Result<()>>>>>);

impl Clone for Flushing {
    fn clone(&self) -> Flushing {
        Flushing::default()
    }
}

impl StreamReader {
    /// Waits until something is buffered, or the end has come.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.unshow();
        let (incoming, Polled(state)) = (&self.0, &mut self.1);
        loop {
            if let Some(wait) = state.as_mut().and_then(|state| state.wait.as_mut()) {
                let outcome = ready!(Pin::new(wait).poll(context));
                if let Some(state) = state {
                    state.wait = None;
                }
                outcome?;
            }
            if let Some(error) = incoming.error() {
                return Poll::Ready(Err(error.into()));
            }
            if !incoming.buffer.borrow().is_empty() || incoming.has_eof() {
                return Poll::Ready(Ok(()));
            }
            state.get_or_insert_default().wait = Some(incoming.wait("poll_read", Location::caller())?);
        }
    }

    /// Puts back what was shown and not consumed.
    fn unshow(&mut self) {
        if let Some(state) = &mut self.1.0
            && !state.shown.is_empty()
        {
            let shown = std::mem::take(&mut state.shown);
            self.0.buffer.borrow_mut().put_back(shown);
        }
    }
}

impl Drop for StreamReader {
    fn drop(&mut self) {
        self.unshow();
    }
}

/// A cancelled task's read ends with an error that carries the cancellation, and is a cancellation again once it is a [`kolo::Error`](kolo_executor::Error).
impl AsyncRead for StreamReader {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &mut [u8]) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_more(context))?;
        let count = {
            let buffer = &mut *self.0.buffer.borrow_mut();
            let count = bytes.len().min(buffer.len());
            bytes[..count].copy_from_slice(&buffer.bytes()[..count]);
            buffer.skip(count);
            count
        };
        self.0.resume_if_little();
        Poll::Ready(Ok(count))
    }
}

impl AsyncBufRead for StreamReader {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        ready!(this.poll_more(context))?;
        let state = this.1.0.get_or_insert_default();
        state.shown = std::mem::take(&mut *this.0.buffer.borrow_mut());
        Poll::Ready(Ok(state.shown.bytes()))
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        if let Some(state) = &mut self.1.0 {
            state.shown.skip(count);
        }
        self.unshow();
        self.0.resume_if_little();
    }
}

/// A write takes all it is given, once no more is buffered than the high-water mark; a flush is a [`drain`](StreamWriter::drain). A close says that no more
/// will be written, by [`write_eof`](StreamWriter::write_eof), and under TLS closes the connection.
impl AsyncWrite for StreamWriter {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.as_mut().poll_flush(context))?;
        self.write(bytes)?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.1.0.is_none() {
            if self.is_drained() {
                return Poll::Ready(Ok(()));
            }
            let drain = self.drain();
            self.1.0 = Some(Box::pin(drain));
        }
        let Some(drain) = &mut self.1.0 else {
            return Poll::Ready(Ok(()));
        };
        let outcome = ready!(drain.as_mut().poll(context));
        self.1.0 = None;
        Poll::Ready(outcome.map_err(io::Error::from))
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // One that is closing has said so already.
        if self.is_closing() {
            return Poll::Ready(Ok(()));
        }
        ready!(self.as_mut().poll_flush(context))?;
        match self.can_write_eof() {
            true => self.write_eof()?,
            false => self.close(),
        }
        Poll::Ready(Ok(()))
    }
}
