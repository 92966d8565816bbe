//! The protocol on which streams stand.

use std::cell::{Cell, RefCell};
use std::io;
use std::panic::Location;
use std::rc::{Rc, Weak};

use kolo_executor::primitive::Parking;
use kolo_executor::{Error, EventLoop, Promise, Result};

use crate::protocol::Protocol;
use crate::stream::drain::{Drain, Drainers};
use crate::stream::incoming::Incoming;
use crate::stream::reader::StreamReader;
use crate::stream::writer::StreamWriter;
use crate::transport::Transport;

/// What a server does with a new connection.
pub(crate) type Connected = Rc<dyn Fn(StreamReader, StreamWriter)>;

/// What a transport has for a protocol when tasks read and write by streams: it feeds a [`StreamReader`], and has the drains of a [`StreamWriter`]
/// wait. Mirrors `asyncio.StreamReaderProtocol`.
///
/// ```
/// use std::os::unix::net::UnixStream;
///
/// use kolo::transports::StreamProtocol;
/// use kolo::{StreamReader, StreamWriter, create_connection_on, run, running_loop};
///
/// run(async {
///     let (ours, mut theirs) = UnixStream::pair()?;
///     // What `open_connection_on` does, by hand.
///     let reader = StreamReader::with_limit(1024)?;
///     let protocol = StreamProtocol::new(&running_loop(), &reader);
///     let (transport, protocol) = create_connection_on(|| protocol, ours).await?;
///     let writer = StreamWriter::new(transport, protocol, reader.clone());
///
///     std::io::Write::write_all(&mut theirs, b"hello\n")?;
///     assert_eq!(reader.read_line().await?, b"hello\n");
///     writer.close();
///     Ok(())
/// })
/// .unwrap();
/// ```
pub struct StreamProtocol {
    this: Weak<StreamProtocol>,
    /// What nobody holds any more is not read into.
    reader: RefCell<Weak<Incoming>>,
    /// Of a server's connection, until it is made: the reader, and what is done then.
    connected: RefCell<Option<(StreamReader, Connected)>>,

    pub(crate) drainers: Drainers,
    is_lost: Cell<bool>,
    /// Set when the connection is lost. One for all who wait, as in asyncio: to cancel one is to cancel all.
    pub(crate) closed: Promise<()>,
}

impl StreamProtocol {
    /// One that feeds this reader, which somebody else holds: what nobody can read any more is not read into.
    pub fn new(event_loop: &EventLoop, reader: &StreamReader) -> Rc<StreamProtocol> {
        StreamProtocol::of(event_loop, reader, None)
    }

    /// One for a transport that only writes.
    ///
    /// ```
    /// use kolo::transports::StreamProtocol;
    /// use kolo::{StreamReader, StreamWriter, Transport, running_loop};
    ///
    /// /// Streams over a transport that only writes, such as that of a pipe.
    /// fn writer(transport: Transport) -> StreamWriter {
    ///     let protocol = StreamProtocol::of_writer(&running_loop());
    ///     transport.set_protocol(protocol.clone());
    ///     StreamWriter::new(transport, protocol, StreamReader::new())
    /// }
    /// ```
    pub fn of_writer(event_loop: &EventLoop) -> Rc<StreamProtocol> {
        StreamProtocol::of(event_loop, &StreamReader::new(), None)
    }

    pub(crate) fn of(event_loop: &EventLoop, reader: &StreamReader, connected: Option<Connected>) -> Rc<StreamProtocol> {
        Rc::new_cyclic(|this| StreamProtocol {
            this: this.clone(),
            reader: RefCell::new(Rc::downgrade(&reader.0)),
            connected: RefCell::new(connected.map(|connected| (reader.clone(), connected))),
            drainers: Drainers::default(),
            is_lost: Cell::new(false),
            closed: event_loop.create_promise(),
        })
    }

    fn reader(&self) -> Option<Rc<Incoming>> {
        self.reader.borrow().upgrade()
    }

    /// What has come in a transport's buffer goes to the reader, which may exchange that for another. Whether nobody
    /// else's code ran: a reader may pause a transport of anybody's.
    #[inline]
    pub(crate) fn feed(&self, data: &mut Vec<u8>) -> bool {
        self.reader().is_none_or(|reader| reader.feed_buffer(data))
    }

    /// Whether a drain has nothing to wait for and nothing to tell.
    #[inline]
    pub(crate) fn is_drained(&self) -> bool {
        !self.is_lost.get() && !self.drainers.is_paused()
    }

    /// What `drain` does once the reader has no error, and the connection had its chance to be lost.
    pub(crate) async fn drain(self: Rc<Self>, site: &'static Location<'static>) -> Result<()> {
        if self.is_lost.get() {
            return Err(lost().at(site));
        }
        if !self.drainers.is_paused() {
            return Ok(());
        }
        Drain::new(self, Parking::new(site)).await
    }
}

/// asyncio's `ConnectionResetError('Connection lost')`, which has a kind and no number.
fn lost() -> Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "Connection lost").into()
}

impl Protocol for StreamProtocol {
    fn connection_made(&self, transport: &Transport) -> Result<()> {
        if let Some(reader) = self.reader() {
            reader.set_transport(transport.clone());
        }
        let connected = self.connected.take();
        if let (Some((reader, connected)), Some(this)) = (connected, self.this.upgrade()) {
            let writer = StreamWriter::new(transport.clone(), this, reader.clone());
            connected(reader, writer);
        }
        Ok(())
    }

    fn data_received(&self, data: &[u8]) -> Result<()> {
        if let Some(reader) = self.reader() {
            reader.feed_data(data);
        }
        Ok(())
    }

    fn eof_received(&self) -> Result<bool> {
        if let Some(reader) = self.reader() {
            reader.feed_eof();
        }
        Ok(true)
    }

    fn connection_lost(&self, error: Option<&Error>) -> Result<()> {
        if let Some(reader) = self.reader() {
            match error {
                None => reader.feed_eof(),
                Some(error) => reader.set_error(error.clone()),
            }
        }
        // Refused when it was cancelled.
        let _ = match error {
            None => self.closed.set_result(()),
            Some(error) => self.closed.set_error(error.clone()),
        };
        self.is_lost.set(true);
        self.drainers.connection_lost(error);
        self.reader.take();
        Ok(())
    }

    fn pause_writing(&self) -> Result<()> {
        self.drainers.pause();
        Ok(())
    }

    fn resume_writing(&self) -> Result<()> {
        self.drainers.resume();
        Ok(())
    }
}

impl Drop for StreamProtocol {
    fn drop(&mut self) {
        // That nobody has waited for the connection's end is no fault: its error counts as seen.
        let _ = self.closed.error();
    }
}
