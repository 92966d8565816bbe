//! `Transport`: one end of a connection, as its protocol and its streams know it.

pub(crate) mod connected;
pub(crate) mod flow;
pub(crate) mod footing;
pub(crate) mod layer;
pub(crate) mod marks;
mod outgoing;
pub(crate) mod scratch;
pub(crate) mod sendfile;
pub(crate) mod socket;

use std::fmt;
use std::fs::File;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use kolo_executor::{Promise, Result};

use crate::address::Address;
use crate::protocol::Protocol;
use crate::transport::marks::Marks;

pub(crate) use crate::transport::marks::Limits;

/// One end of a connection: it reads for its [`Protocol`](crate::Protocol), and buffers and sends what that writes. Mirrors `asyncio.Transport`.
///
/// A handle: clones are the same transport. It lives until the connection is lost, whether or not there is a handle.
///
/// ```
/// use std::os::unix::net::UnixStream;
/// use std::rc::Rc;
///
/// use kolo::{Protocol, Result, create_connection_on, open_connection_on, run};
///
/// struct Silent;
///
/// impl Protocol for Silent {
///     fn eof_received(&self) -> Result<bool> {
///         Ok(true) // stay open for writing
///     }
/// }
///
/// run(async {
///     let (ours, theirs) = UnixStream::pair()?;
///     let (transport, _) = create_connection_on(|| Rc::new(Silent), ours).await?;
///     let (peer, _peers_writer) = open_connection_on(theirs).await?;
///     println!("{:?} to {:?}", transport.local_address(), transport.peer_address());
///
///     transport.pause_reading(); // what comes waits in the system
///     assert!(!transport.is_reading());
///     transport.resume_reading();
///
///     transport.set_write_buffer_limits(Some(1024), None)?;
///     assert_eq!(transport.write_buffer_limits(), (256, 1024));
///     transport.write("first ")?;
///     transport.writelines(["second ", "third"])?;
///     assert_eq!(transport.write_buffer_size(), 0); // the system has it
///     assert!(transport.can_write_eof());
///     transport.write_eof()?;
///     assert_eq!(peer.read_to_end().await?, b"first second third");
///
///     transport.set_protocol(Rc::new(Silent)); // who is told from now on
///     transport.close(); // or `abort`, which throws away what is buffered
///     assert!(transport.is_closing());
///     Ok(())
/// })
/// .unwrap();
/// ```
#[derive(Clone)]
pub struct Transport(pub(crate) Rc<dyn Channel>);

/// What a kind of transport does: what stands behind a [`Transport`]. Each method is that of the same name there; a transport that only reads, or
/// only writes, does nothing where the other is asked for.
///
/// It tells its protocol in asyncio's order: `connection_made` first, `connection_lost` last, and nothing from within a call of the protocol's
/// that asks it to write or to close.
pub trait Channel: fmt::Debug {
    /// Sends at once what it can, and buffers the rest.
    fn write(&self, data: &[u8]) -> Result<()>;
    /// Sends one after the other.
    fn write_lines(&self, lines: &mut dyn Iterator<Item = &[u8]>) -> Result<()>;
    /// Ends the direction of writing once all is sent.
    fn write_eof(&self) -> Result<()>;
    /// Whether that direction can be ended alone.
    fn can_write_eof(&self) -> bool;
    /// Reads no more, sends what is buffered, then is lost.
    fn close(&self);
    /// Is lost at once.
    fn abort(&self);
    /// Whether it is closed, or about to be.
    fn is_closing(&self) -> bool;
    /// Reads no more for now.
    fn pause_reading(&self);
    /// Reads again.
    fn resume_reading(&self);
    /// Whether it reads.
    fn is_reading(&self) -> bool;
    /// How many bytes are buffered for writing.
    fn buffered(&self) -> usize;
    /// The water marks.
    fn marks(&self) -> Marks;
    /// Sets the water marks, and pauses the protocol if more is buffered.
    fn set_marks(&self, marks: Marks);
    /// Who is told; `None` once it is lost.
    fn protocol(&self) -> Option<Rc<dyn Protocol>>;
    /// Tells another from now on.
    fn set_protocol(&self, protocol: Rc<dyn Protocol>);
    /// Has the system send the file from `offset` on, `count` bytes or all. `None`: it cannot, for this kind of transport, and the file is read
    /// and written.
    fn send_file(&self, file: &Arc<File>, offset: u64, count: Option<u64>) -> Option<Result<Promise<u64>>> {
        let _ = (file, offset, count);
        None
    }
    /// The address of this end.
    fn local_address(&self) -> Option<Address> {
        None
    }
    /// The address of the other end.
    fn peer_address(&self) -> Option<Address> {
        None
    }
}

impl Transport {
    /// A transport of a kind of your own.
    pub fn new(channel: Rc<dyn Channel>) -> Transport {
        Transport(channel)
    }

    /// Sends, at once as far as that is possible; the rest is buffered, and sent when there is room. Mirrors `transport.write`.
    ///
    /// It never waits. A connection that is lost swallows what is written; how it was lost says
    /// [`connection_lost`](crate::Protocol::connection_lost), or the next read or drain of a stream.
    ///
    /// # Errors
    /// Runtime, after [`write_eof`](Transport::write_eof).
    #[track_caller]
    pub fn write(&self, data: impl AsRef<[u8]>) -> Result<()> {
        let site = Location::caller();
        self.0.write(data.as_ref()).map_err(|error| error.at(site))
    }

    /// Sends one after the other, in one system call where possible. Mirrors `transport.writelines`.
    ///
    /// As in CPython 3.13.0 it never pauses the protocol, however much is buffered by it; the next [`write`](Transport::write) does.
    ///
    /// # Errors
    /// As `write`.
    #[track_caller]
    pub fn writelines<L: AsRef<[u8]>>(&self, lines: impl IntoIterator<Item = L>) -> Result<()> {
        let lines: Vec<L> = lines.into_iter().collect();
        let site = Location::caller();
        let outcome = self.0.write_lines(&mut lines.iter().map(AsRef::as_ref));
        outcome.map_err(|error| error.at(site))
    }

    /// Says that no more will be written, once all that is buffered is sent: the peer reads the end. Reading goes on. Mirrors `transport.write_eof`.
    ///
    /// # Errors
    /// Io, when the system refuses. Runtime, where [`can_write_eof`](Transport::can_write_eof) says no.
    #[track_caller]
    pub fn write_eof(&self) -> Result<()> {
        let site = Location::caller();
        self.0.write_eof().map_err(|error| error.at(site))
    }

    /// Whether one direction can be closed alone: of a socket it can, under TLS it cannot.
    pub fn can_write_eof(&self) -> bool {
        self.0.can_write_eof()
    }

    /// Closes the connection: nothing more is read, what is buffered is sent, then it is lost. Mirrors `transport.close`.
    pub fn close(&self) {
        self.0.close();
    }

    /// Closes the connection at once, and throws away what is buffered. Mirrors `transport.abort`.
    pub fn abort(&self) {
        self.0.abort();
    }

    /// Whether it is closed, or about to be.
    pub fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    /// Reads no more until [`resume_reading`](Transport::resume_reading). Mirrors `transport.pause_reading`.
    pub fn pause_reading(&self) {
        self.0.pause_reading();
    }

    /// Reads again after [`pause_reading`](Transport::pause_reading). Mirrors `transport.resume_reading`.
    pub fn resume_reading(&self) {
        self.0.resume_reading();
    }

    /// Whether it reads: it is neither paused nor closing.
    pub fn is_reading(&self) -> bool {
        self.0.is_reading()
    }

    /// How many bytes are buffered for writing.
    #[doc(alias = "get_write_buffer_size")]
    pub fn write_buffer_size(&self) -> usize {
        self.0.buffered()
    }

    /// The low-water and the high-water mark, in bytes. Mirrors `transport.get_write_buffer_limits`.
    #[doc(alias = "get_write_buffer_limits")]
    pub fn write_buffer_limits(&self) -> (usize, usize) {
        let marks = self.0.marks();
        (marks.low, marks.high)
    }

    /// Sets the marks, in bytes: above `high` the protocol is told to pause, down at `low` to go on. Without one of them it follows from the
    /// other: `high` is four times `low`; without both they are 16 and 64 KiB. Mirrors `transport.set_write_buffer_limits`.
    ///
    /// # Errors
    /// Value, when `low` is more than `high`.
    #[track_caller]
    pub fn set_write_buffer_limits(&self, high: Option<usize>, low: Option<usize>) -> Result<()> {
        self.0.set_marks(Marks::new(Limits { high, low })?);
        Ok(())
    }

    /// Tells another protocol from now on, which is not told that the connection is made: it knows. Mirrors `transport.set_protocol`.
    pub fn set_protocol(&self, protocol: Rc<dyn Protocol>) {
        self.0.set_protocol(protocol);
    }

    /// The address of this end. Mirrors `get_extra_info("sockname")`.
    #[doc(alias = "sockname", alias = "get_extra_info")]
    pub fn local_address(&self) -> Option<Address> {
        self.0.local_address()
    }

    /// The address of the other end. Mirrors `get_extra_info("peername")`.
    #[doc(alias = "peername")]
    pub fn peer_address(&self) -> Option<Address> {
        self.0.peer_address()
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
