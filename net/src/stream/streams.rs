//! `Streams`: a reader and a writer as one.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncBufRead, AsyncRead, AsyncWrite};

use crate::stream::reader::StreamReader;
use crate::stream::writer::StreamWriter;

/// The reader and the writer of a connection as one, as crates want it that speak a protocol over any stream.
///
/// ```
/// use futures_util::{AsyncReadExt, AsyncWriteExt};
/// use kolo::{Streams, open_connection_on, run};
/// use std::os::unix::net::UnixStream;
///
/// run(async {
///     let (ours, theirs) = UnixStream::pair()?;
///     let mut ours: Streams = open_connection_on(ours).await?.into();
///     let (reader, _writer) = open_connection_on(theirs).await?;
///     ours.write_all(b"hello").await?;
///     ours.close().await?;
///     assert_eq!(reader.read_to_end().await?, b"hello");
///     Ok(())
/// })
/// .unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Streams {
    /// Its reading half.
    pub reader: StreamReader,
    /// Its writing half.
    pub writer: StreamWriter,
}

impl From<(StreamReader, StreamWriter)> for Streams {
    fn from((reader, writer): (StreamReader, StreamWriter)) -> Streams {
        Streams { reader, writer }
    }
}

impl AsyncRead for Streams {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.reader).poll_read(context, bytes)
    }
}

impl AsyncBufRead for Streams {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Pin::new(&mut self.get_mut().reader).poll_fill_buf(context)
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        Pin::new(&mut self.reader).consume(count);
    }
}

impl AsyncWrite for Streams {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.writer).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_close(context)
    }
}
