//! `StreamWriter`: what tasks write to.

use std::cell::RefCell;
use std::fmt;
use std::panic::Location;
use std::rc::Rc;

use kolo_executor::primitive::say;
use kolo_executor::{Result, sleep, try_running_loop};

use crate::address::Address;
use crate::stream::polled::Flushing;
use crate::stream::protocol::StreamProtocol;
use crate::stream::reader::StreamReader;
use crate::transport::Transport;
#[cfg(feature = "tls")]
use crate::transport::connected::connected;
#[cfg(feature = "tls")]
use crate::transport::layer::Layered;

/// The writing end of a connection. Mirrors `asyncio.StreamWriter`.
///
/// A handle: clones are the same writer, and when the last is dropped the connection is closed. `let (reader, _) = open_connection(...).await?` closes it
/// at once, therefore.
///
/// [`write`](StreamWriter::write) never waits; [`drain`](StreamWriter::drain) after it keeps what is buffered small:
///
/// ```
/// use std::os::unix::net::UnixStream;
///
/// use kolo::{open_connection_on, run};
///
/// run(async {
///     let (ours, theirs) = UnixStream::pair()?;
///     let (reader, writer) = open_connection_on(ours).await?;
///     let (peer, _peers_writer) = open_connection_on(theirs).await?;
///     writer.write(b"hello\n")?;
///     writer.drain().await?;
///     assert_eq!(peer.read_line().await?, b"hello\n");
///     writer.close();
///     writer.wait_closed().await?;
///     assert!(reader.at_eof());
///     Ok(())
/// })
/// .unwrap();
/// ```
#[derive(Clone)]
pub struct StreamWriter(Rc<Outgoing>, pub(crate) Flushing);

struct Outgoing {
    /// Another one after `start_tls`.
    transport: RefCell<Transport>,
    protocol: Rc<StreamProtocol>,
    reader: StreamReader,
}

impl StreamWriter {
    /// What writes to this transport, whose protocol, or a part of it, is `protocol`. A [`drain`](StreamWriter::drain) fails with the error of
    /// `reader`; where nothing is read that is a new one. Mirrors the class's constructor.
    pub fn new(transport: Transport, protocol: Rc<StreamProtocol>, reader: StreamReader) -> StreamWriter {
        let transport = RefCell::new(transport);
        let outgoing = Outgoing {
            transport,
            protocol,
            reader,
        };
        StreamWriter(Rc::new(outgoing), Flushing::default())
    }

    /// The transport, for its finer controls. Mirrors `writer.transport`.
    ///
    /// ```
    /// use kolo::StreamWriter;
    ///
    /// fn pause_above(writer: &StreamWriter, bytes: usize) -> kolo::Result<()> {
    ///     writer.transport().set_write_buffer_limits(Some(bytes), None)
    /// }
    /// ```
    pub fn transport(&self) -> Transport {
        self.0.transport.borrow().clone()
    }

    /// Sends, at once as far as that is possible; the rest is buffered, and sent when there is room. Mirrors `writer.write`.
    ///
    /// It never waits, and a connection that is lost swallows what is written: [`drain`](StreamWriter::drain) tells.
    ///
    /// # Errors
    /// Runtime, after [`write_eof`](StreamWriter::write_eof).
    #[track_caller]
    pub fn write(&self, data: impl AsRef<[u8]>) -> Result<()> {
        self.0.transport.borrow().write(data)
    }

    /// Sends one after the other, in one system call where possible. Mirrors `writer.writelines`.
    ///
    /// As in CPython 3.13.0, a [`drain`](StreamWriter::drain) after it does not wait, however much is buffered by it.
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    ///
    /// use kolo::{open_connection_on, run};
    ///
    /// run(async {
    ///     let (ours, theirs) = UnixStream::pair()?;
    ///     let (_reader, writer) = open_connection_on(ours).await?;
    ///     let (peer, _peers_writer) = open_connection_on(theirs).await?;
    ///     writer.writelines(["first\n", "second\n"])?;
    ///     assert_eq!(writer.write_buffer_size(), 0); // the system has it
    ///     if writer.can_write_eof() {
    ///         writer.write_eof()?;
    ///     }
    ///     assert_eq!(peer.read_to_end().await?, b"first\nsecond\n");
    ///     println!("{:?} to {:?}", writer.local_address(), writer.peer_address());
    ///     writer.abort(); // as `close`, but what is buffered is thrown away
    ///     assert!(writer.is_closing());
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// As `write`.
    #[track_caller]
    pub fn writelines<L: AsRef<[u8]>>(&self, lines: impl IntoIterator<Item = L>) -> Result<()> {
        self.transport().writelines(lines)
    }

    /// Says that no more will be written, once all that is buffered is sent: the peer reads the end. Reading goes on. Mirrors `writer.write_eof`.
    ///
    /// # Errors
    /// Io, when the system refuses. Runtime, under TLS.
    #[track_caller]
    pub fn write_eof(&self) -> Result<()> {
        self.0.transport.borrow().write_eof()
    }

    /// Whether one direction can be closed alone: of a socket it can, under TLS it cannot. Mirrors `writer.can_write_eof`.
    pub fn can_write_eof(&self) -> bool {
        self.0.transport.borrow().can_write_eof()
    }

    /// Closes the connection once all that is buffered is sent. Reads end with what has come. Mirrors `writer.close`.
    pub fn close(&self) {
        self.transport().close();
    }

    /// Closes the connection at once, and throws away what is buffered. Mirrors `writer.transport.abort`.
    pub fn abort(&self) {
        self.transport().abort();
    }

    /// Whether it is closed, or about to be. Mirrors `writer.is_closing`.
    pub fn is_closing(&self) -> bool {
        self.0.transport.borrow().is_closing()
    }

    /// Suspends the task until the connection is lost, after [`close`](StreamWriter::close). Mirrors `writer.wait_closed`.
    ///
    /// # Errors
    /// That with which the connection was lost, if it was not closed in good order; Cancelled.
    ///
    /// # Cancel safety
    /// As in asyncio, all who wait for one connection share one promise: to cancel one cancels the others, and those who ask later.
    #[track_caller]
    pub fn wait_closed(&self) -> impl Future<Output = Result<()>> + use<> {
        // By reference: what they share is not taken by the first of them.
        (&self.0.protocol.closed).into_future()
    }

    /// Suspends the task while more is buffered than the high-water mark, until it is no more than the low one; usually not at all. Mirrors
    /// `writer.drain`.
    ///
    /// # Errors
    /// The reader's error, if it has one; Io (connection reset), when the connection is lost; Cancelled.
    ///
    /// # Cancel safety
    /// What was written will be sent all the same.
    #[track_caller]
    pub fn drain(&self) -> impl Future<Output = Result<()>> + use<> {
        let (outgoing, site) = (self.0.clone(), Location::caller());
        async move {
            match outgoing.is_drained() {
                true => Ok(()),
                false => outgoing.drain(site).await,
            }
        }
    }

    /// Goes on under TLS, which the peer begins at the same place of what it writes and reads. Mirrors `writer.start_tls`.
    ///
    /// Nothing may have come that was read but is part of TLS: ask for an answer before, as protocols with a `STARTTLS` do.
    ///
    /// ```
    /// use kolo::{Result, StreamReader, StreamWriter, TlsClient};
    ///
    /// async fn secured(reader: StreamReader, writer: StreamWriter) -> Result<()> {
    ///     writer.write("STARTTLS\r\n")?;
    ///     assert!(reader.read_line().await?.starts_with(b"220 "));
    ///     writer.start_tls(TlsClient::new()?.server_name("mail.example.com")).await?;
    ///     writer.write("EHLO me\r\n") // which nobody between can read
    /// }
    /// ```
    ///
    /// # Errors
    /// TLS's, when the two ends do not agree; Value, for a [`TlsClient`](crate::TlsClient) without a
    /// [`server_name`](crate::TlsClient::server_name); and as [`drain`](StreamWriter::drain). The connection is closed then.
    ///
    /// # Cancel safety
    /// The connection is closed.
    #[cfg(feature = "tls")]
    #[track_caller]
    pub fn start_tls<E: crate::tls::TlsEnd>(&self, end: E) -> impl Future<Output = Result<()>> + use<E> {
        let (outgoing, site) = (self.0.clone(), Location::caller());
        let drained = self.drain();
        async move {
            drained.await?;
            outgoing.start_tls(&end).await.map_err(|error| error.at(site))
        }
    }

    /// Whether a drain would end at once, with no error.
    pub(crate) fn is_drained(&self) -> bool {
        self.0.is_drained()
    }

    /// How many bytes are buffered for writing.
    #[doc(alias = "get_write_buffer_size")]
    pub fn write_buffer_size(&self) -> usize {
        self.0.transport.borrow().write_buffer_size()
    }

    /// The address of this end. Mirrors `writer.get_extra_info("sockname")`.
    #[doc(alias = "get_extra_info")]
    pub fn local_address(&self) -> Option<Address> {
        self.0.transport.borrow().local_address()
    }

    /// The address of the other end. Mirrors `writer.get_extra_info("peername")`.
    #[doc(alias = "get_extra_info")]
    pub fn peer_address(&self) -> Option<Address> {
        self.0.transport.borrow().peer_address()
    }
}

impl Outgoing {
    #[inline]
    fn is_drained(&self) -> bool {
        self.reader.0.check().is_ok() && !self.transport.borrow().is_closing() && self.protocol.is_drained()
    }

    async fn drain(&self, site: &'static Location<'static>) -> Result<()> {
        self.reader.0.check()?;
        let is_closing = self.transport.borrow().is_closing();
        if is_closing {
            // The connection may have to be told that it is lost.
            sleep(0).await?;
        }
        self.protocol.clone().drain(site).await
    }
}

#[cfg(feature = "tls")]
impl Outgoing {
    async fn start_tls(&self, end: &impl crate::tls::TlsEnd) -> Result<()> {
        let event_loop = try_running_loop()?;
        let below = self.transport.borrow().clone();
        // Nothing is read before there is somebody to read it.
        below.pause_reading();
        let start = |made| {
            let layered = crate::tls::upgrade(end, self.protocol.clone(), made);
            let Layered { below: tls, transport } = layered.inspect_err(|_| below.close())?;
            below.set_protocol(tls.clone());
            let below = below.clone();
            event_loop.call_soon(move || {
                // What is written fails with the connection, of which the reader is told.
                let _ = tls.connection_made(&below);
                below.resume_reading();
            });
            Ok(transport)
        };
        let transport = connected(&event_loop, start, |_| below.close()).await?;
        self.transport.replace(transport);
        Ok(())
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        let transport = self.transport.get_mut();
        if transport.is_closing() {
            return;
        }
        transport.close();
        if try_running_loop().is_ok_and(|event_loop| event_loop.debug()) {
            say(format_args!("unclosed <StreamWriter transport={transport:?}>"));
        }
    }
}

impl fmt::Debug for StreamWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (transport, reader) = (self.transport(), &self.0.reader);
        write!(f, "<StreamWriter transport={transport:?} reader={reader:?}>")
    }
}
