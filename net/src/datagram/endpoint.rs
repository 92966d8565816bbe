//! `create_datagram_endpoint`: a socket of datagrams is made, and its transport.

use std::future::IntoFuture;
use std::os::fd::OwnedFd;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;

use kolo_executor::{Error, Result, try_running_loop};
use rustix::net::{AddressFamily, SocketType, sockopt};

use crate::datagram::open::{Opened, Options};
use crate::datagram::protocol::DatagramProtocol;
use crate::datagram::socket::DatagramSocket;
use crate::datagram::transport::DatagramTransport;
use crate::endpoint::Endpoint;
use crate::resolve::Family;
use crate::system::refused;
use crate::transport::connected::connected;

/// Makes a socket of datagrams, and gives its transport and its protocol, which `factory` makes once there is a socket. Mirrors
/// `loop.create_datagram_endpoint`.
///
/// It is told [at which address](DatagramEndpoint::local) it receives, [to which](DatagramEndpoint::remote) it sends, or both; addresses are those of
/// UDP, or paths of Unix sockets. With a remote address nothing is received from others, unless it may
/// [broadcast](DatagramEndpoint::allow_broadcast).
///
/// ```
/// use std::cell::RefCell;
/// use std::rc::Rc;
///
/// use kolo::{Address, DatagramProtocol, DatagramTransport, Promise, Result, create_datagram_endpoint, run};
///
/// /// Sends everything back.
/// struct Echo(RefCell<Option<DatagramTransport>>);
///
/// impl DatagramProtocol for Echo {
///     fn connection_made(&self, transport: &DatagramTransport) -> Result<()> {
///         self.0.replace(Some(transport.clone()));
///         Ok(())
///     }
///
///     fn datagram_received(&self, data: &[u8], sender: &Address) -> Result<()> {
///         let transport = self.0.borrow();
///         transport.as_ref().expect("made before").sendto(data, sender.clone())
///     }
/// }
///
/// struct Client(Promise<Vec<u8>>);
///
/// impl DatagramProtocol for Client {
///     fn datagram_received(&self, data: &[u8], _sender: &Address) -> Result<()> {
///         self.0.set_result(data.to_vec())
///     }
/// }
///
/// run(async {
///     let echo = || Rc::new(Echo(RefCell::default()));
///     let (server, _) = create_datagram_endpoint(echo).local(("127.0.0.1", 0)).await?;
///     let client = || Rc::new(Client(Promise::new()));
///     let address = server.local_address().expect("it is bound");
///     let (transport, client) = create_datagram_endpoint(client).remote(address).await?;
///     transport.send("hello")?;
///     assert_eq!(client.0.clone().await?, b"hello");
///     transport.close();
///     server.close();
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Of the future that this gives: Io, when the socket cannot be made, bound or connected; Value, without an address and a family
/// (`unexpected address family`), and when the local and the remote address do not go together (`can not get address information`); Cancelled;
/// Runtime, without a running loop.
///
/// # Cancel safety
/// The socket is closed.
#[track_caller]
pub fn create_datagram_endpoint<P: DatagramProtocol + 'static>(factory: impl FnOnce() -> Rc<P> + 'static) -> DatagramEndpoint<P> {
    DatagramEndpoint::new(factory, None, Location::caller())
}

/// [`create_datagram_endpoint`] with a socket of datagrams that is there already: bound and connected as it is to be. Mirrors
/// `loop.create_datagram_endpoint(sock=...)`.
///
/// ```
/// use std::net::UdpSocket;
/// use std::rc::Rc;
///
/// use kolo::{DatagramProtocol, create_datagram_endpoint_on, run};
///
/// struct Deaf;
///
/// impl DatagramProtocol for Deaf {}
///
/// run(async {
///     let socket = UdpSocket::bind("127.0.0.1:0")?;
///     socket.set_ttl(4)?;
///     let (transport, _deaf) = create_datagram_endpoint_on(|| Rc::new(Deaf), socket).await?;
///     transport.close();
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Of the future that this gives: Value, for a socket of streams, and when it is told anything else; Cancelled; Runtime, without a running loop.
/// The socket is closed then.
#[track_caller]
pub fn create_datagram_endpoint_on<P: DatagramProtocol + 'static>(
    factory: impl FnOnce() -> Rc<P> + 'static,
    socket: impl Into<OwnedFd>,
) -> DatagramEndpoint<P> {
    DatagramEndpoint::new(factory, Some(socket.into()), Location::caller())
}

/// What [`create_datagram_endpoint`] is told before it is awaited.
///
/// ```
/// use std::rc::Rc;
///
/// use kolo::{DatagramProtocol, Family, create_datagram_endpoint, run};
///
/// struct Deaf;
///
/// impl DatagramProtocol for Deaf {}
///
/// run(async {
///     let all = create_datagram_endpoint(|| Rc::new(Deaf)).family(Family::V4).allow_broadcast(true);
///     let (all, _) = all.local(("0.0.0.0", 0)).reuse_port(true).await?;
///     let (unix, _) = create_datagram_endpoint(|| Rc::new(Deaf)).unix().await?; // without a path: it only sends
///     all.close();
///     unix.close();
///     Ok(())
/// })
/// .unwrap();
/// ```
#[must_use = "nothing is made before it is awaited"]
pub struct DatagramEndpoint<P> {
    factory: Box<dyn FnOnce() -> Rc<P>>,
    socket: Option<OwnedFd>,
    options: Options,
    site: &'static Location<'static>,
}

impl<P: DatagramProtocol + 'static> DatagramEndpoint<P> {
    fn new(
        factory: impl FnOnce() -> Rc<P> + 'static,
        socket: Option<OwnedFd>,
        site: &'static Location<'static>,
    ) -> DatagramEndpoint<P> {
        DatagramEndpoint {
            factory: Box::new(factory),
            socket,
            options: Options::default(),
            site,
        }
    }

    /// Where it receives; port 0 is one that is free. The file of a Unix socket that nobody uses any more is removed first. Mirrors `local_addr=`.
    pub fn local(mut self, address: impl Into<Endpoint>) -> Self {
        self.options.local = Some(address.into());
        self
    }

    /// Where it sends, and from where alone it receives. Mirrors `remote_addr=`.
    pub fn remote(mut self, address: impl Into<Endpoint>) -> Self {
        self.options.remote = Some(address.into());
        self
    }

    /// Addresses of this family alone; without an address the socket is of this family, and bound when it first sends. Mirrors `family=`.
    pub fn family(mut self, family: Family) -> Self {
        self.options.family = Some(match family {
            Family::V4 => AddressFamily::INET,
            Family::V6 => AddressFamily::INET6,
        });
        self
    }

    /// A Unix socket: that need not be said where there is a path. Mirrors `family=socket.AF_UNIX`.
    #[doc(alias = "AF_UNIX")]
    pub fn unix(mut self) -> Self {
        self.options.family = Some(AddressFamily::UNIX);
        self
    }

    /// Others may receive at the same address that ask for this too. Mirrors `reuse_port=`.
    pub fn reuse_port(mut self, on: bool) -> Self {
        self.options.reuse_port = on;
        self
    }

    /// It may send to all computers of a network. Then it is not connected to its remote address. Mirrors `allow_broadcast=`.
    pub fn allow_broadcast(mut self, on: bool) -> Self {
        self.options.allow_broadcast = on;
        self
    }
}

impl<P: DatagramProtocol + 'static> IntoFuture for DatagramEndpoint<P> {
    type Output = Result<(DatagramTransport, Rc<P>)>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        let site = self.site;
        Box::pin(async move { self.create().await.map_err(|error| error.at(site)) })
    }
}

impl<P: DatagramProtocol + 'static> DatagramEndpoint<P> {
    async fn create(self) -> Result<(DatagramTransport, Rc<P>)> {
        let event_loop = try_running_loop()?;
        let (socket, remote) = match self.socket {
            Some(socket) => check(socket, &self.options)?,
            None => self.options.open(self.site).await?,
        };
        let protocol = (self.factory)();
        let told = protocol.clone();
        let start = |made| DatagramSocket::start(&event_loop, socket, told, remote, made);
        let transport = connected(&event_loop, start, DatagramTransport::close).await?;
        Ok((transport, protocol))
    }
}

/// A socket of somebody else's.
fn check(socket: OwnedFd, options: &Options) -> Result<Opened> {
    if sockopt::socket_type(&socket).map_err(refused)? == SocketType::STREAM {
        return Err(Error::value(format!("A datagram socket was expected, got {socket:?}")));
    }
    let told = options.told();
    if !told.is_empty() {
        let told = told.join(", ");
        let text = "socket modifier keyword arguments can not be used when sock is specified.";
        return Err(Error::value(format!("{text} ({told})")));
    }
    rustix::io::ioctl_fionbio(&socket, true).map_err(refused)?;
    Ok((socket, None))
}
