//! `Io`: streams, as hyper reads and writes them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncBufRead, AsyncWrite};
use hyper::rt::{Read, ReadBufCursor, Write};
use kolo_net::Streams;

/// A reader and a writer, as hyper wants them. [The module](crate::rt) has examples.
///
/// When it is dropped, and no other handle of the writer is left, the connection is closed.
#[derive(Clone, Debug)]
pub struct Io(Streams);

impl Io {
    /// Of the two streams that [`open_connection`](kolo_net::open_connection) gives, or a server's handler is given.
    pub fn new(streams: impl Into<Streams>) -> Io {
        Io(streams.into())
    }

    /// A read of which somebody is shown what came.
    pub(crate) fn poll_read_seen(
        &mut self,
        context: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
        see: impl FnOnce(&[u8]),
    ) -> Poll<io::Result<()>> {
        let Io(streams) = self;
        let bytes = ready!(Pin::new(&mut *streams).poll_fill_buf(context))?;
        let count = bytes.len().min(into.remaining());
        see(&bytes[..count]);
        into.put_slice(&bytes[..count]);
        Pin::new(streams).consume(count);
        Poll::Ready(Ok(()))
    }

    /// The streams back.
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    ///
    /// use kolo::http::rt::Io;
    /// use kolo::{open_connection_on, run};
    ///
    /// run(async {
    ///     let (ours, _theirs) = UnixStream::pair()?;
    ///     let io = Io::new(open_connection_on(ours).await?);
    ///     let _streams = io.into_inner(); // after an upgrade, for example
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn into_inner(self) -> Streams {
        self.0
    }
}

impl Read for Io {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_read_seen(context, into, |_| {})
    }
}

// One piece at a time: hyper puts a small body behind its head by itself, and a `writelines` is not held up by a full buffer, as in CPython.
impl Write for Io {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_close(context)
    }
}
