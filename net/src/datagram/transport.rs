//! `DatagramTransport`: a socket of datagrams, as its users know it.

use std::fmt;
use std::os::fd::OwnedFd;
use std::panic::Location;
use std::rc::Rc;

use kolo_executor::Result;

use crate::address::Address;
use crate::datagram::socket::DatagramSocket;
use crate::transport::Limits;
use crate::transport::marks::Marks;

/// A socket of datagrams: it receives for its [`DatagramProtocol`](crate::DatagramProtocol), and buffers and sends what that sends. Mirrors
/// `asyncio.DatagramTransport`.
///
/// A handle: clones are the same transport. It lives until it is closed, whether or not there is a handle.
///
/// ```
/// use std::rc::Rc;
///
/// use kolo::{DatagramProtocol, create_datagram_endpoint, run};
///
/// struct Deaf;
///
/// impl DatagramProtocol for Deaf {}
///
/// run(async {
///     let (server, _) = create_datagram_endpoint(|| Rc::new(Deaf)).local(("127.0.0.1", 0)).await?;
///     let (sender, _) = create_datagram_endpoint(|| Rc::new(Deaf)).local(("127.0.0.1", 0)).await?;
///     let address = server.local_address().expect("it is bound");
///     sender.sendto("hello", address.clone())?;
///     assert_eq!(sender.write_buffer_size(), 0); // the system has it
///
///     let (client, _) = create_datagram_endpoint(|| Rc::new(Deaf)).remote(address.clone()).await?;
///     assert_eq!(client.peer_address(), Some(address));
///     client.set_write_buffer_limits(Some(1024), None)?;
///     assert_eq!(client.write_buffer_limits(), (256, 1024));
///     let _for_options = client.socket().expect("it is open");
///     client.send("hello again")?;
///     client.close();
///     assert!(client.is_closing());
///     sender.abort();
///     server.close();
///     Ok(())
/// })
/// .unwrap();
/// ```
#[derive(Clone)]
pub struct DatagramTransport(pub(crate) Rc<DatagramSocket>);

impl DatagramTransport {
    /// Sends a datagram to this address; an empty one is one, too. What the system has no room for is buffered, and sent when there is. Mirrors
    /// `transport.sendto(data, addr)`.
    ///
    /// It never waits. What the system refuses is told to the protocol's [`error_received`](crate::DatagramProtocol::error_received), and is
    /// no error here. On a transport that is closed it does nothing.
    ///
    /// # Errors
    /// Value, when the endpoint has a remote address and this is another (`Invalid address: must be None or ...`), and for an address that is
    /// none. What the protocol's `error_received` fails with.
    #[track_caller]
    pub fn sendto(&self, data: impl AsRef<[u8]>, address: impl Into<Address>) -> Result<()> {
        let site = Location::caller();
        let outcome = self.0.send(data.as_ref(), Some(address.into()));
        outcome.map_err(|error| error.at(site))
    }

    /// Sends a datagram to the endpoint's remote address. All that is said of [`sendto`](DatagramTransport::sendto) holds. Mirrors
    /// `transport.sendto(data)`.
    ///
    /// # Errors
    /// Value, when the endpoint has no remote address.
    #[doc(alias = "sendto")]
    #[track_caller]
    pub fn send(&self, data: impl AsRef<[u8]>) -> Result<()> {
        let site = Location::caller();
        self.0.send(data.as_ref(), None).map_err(|error| error.at(site))
    }

    /// Closes the socket: nothing more is received, what is buffered is sent, then the protocol is told. Mirrors `transport.close`.
    pub fn close(&self) {
        self.0.close();
    }

    /// Closes the socket at once, and throws away what is buffered. Mirrors `transport.abort`.
    pub fn abort(&self) {
        self.0.lose(None);
    }

    /// Whether it is closed, or about to be.
    pub fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    /// How many bytes are buffered for sending: those of the datagrams, and 8 for each of them.
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

    /// The socket's own address. Mirrors `get_extra_info("sockname")`.
    #[doc(alias = "sockname", alias = "get_extra_info")]
    pub fn local_address(&self) -> Option<Address> {
        self.0.local_address()
    }

    /// The socket, for options that kolo does not know; `None` once it is closed. Drop it soon: the socket is closed when nobody has it. Mirrors
    /// `get_extra_info("socket")`.
    #[doc(alias = "get_extra_info")]
    pub fn socket(&self) -> Option<Rc<OwnedFd>> {
        self.0.socket()
    }

    /// The address to which the socket is connected. Mirrors `get_extra_info("peername")`.
    #[doc(alias = "peername")]
    pub fn peer_address(&self) -> Option<Address> {
        self.0.peer_address()
    }
}

/// Two handles are equal when they are of the same transport.
impl PartialEq for DatagramTransport {
    fn eq(&self, other: &DatagramTransport) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for DatagramTransport {}

impl fmt::Debug for DatagramTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
