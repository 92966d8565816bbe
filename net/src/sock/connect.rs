//! `sock_connect`: a socket is connected.

use std::os::fd::{AsFd, BorrowedFd};
use std::panic::Location;
use std::rc::Rc;
use std::task::Poll;

use kolo_executor::primitive::Interest;
use kolo_executor::{Error, Result};
use rustix::io::Errno;
use rustix::net::AddressFamily;

use crate::address::Address;
use crate::endpoint::Endpoint;
use crate::resolve::{Family, Lookup};
use crate::sock::attempt::Attempt;
use crate::sock::check_is_non_blocking;
use crate::sock::socket_wait::SocketWait;
use crate::system::{os_error, refused, refused_as, to_system};

/// Connects a socket. Mirrors `loop.sock_connect`.
///
/// A name is looked up first, for addresses of the socket's family, the first of which is taken. A Unix socket and a datagram socket are
/// connected at once, without suspending.
///
/// std makes sockets that are connected already: this is for sockets that were made by other crates, and those of datagrams.
///
/// ```
/// use std::net::UdpSocket;
/// use std::rc::Rc;
///
/// use kolo::{run, sock_connect, sock_recv, sock_sendall};
///
/// run(async {
///     let [one, other] = [(); 2].map(|()| UdpSocket::bind(("127.0.0.1", 0)).map(Rc::new));
///     let (one, other) = (one?, other?);
///     one.set_nonblocking(true)?;
///     other.set_nonblocking(true)?;
///     sock_connect(&one, other.local_addr()?).await?;
///     sock_sendall(&one, b"hello").await?;
///     assert_eq!(sock_recv(&other, 1024).await?, b"hello");
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Cancelled; Io, from the system: of a connection that was refused `Connect call failed (address)`, and when there is no such name; Runtime,
/// when a transport uses the socket, and without a running loop; Value, in debug mode, when it blocks, and when a name is given for a Unix
/// socket.
///
/// # Cancel safety
/// The connection may come to be all the same: the socket is to be closed, or connected once more. It is watched no more.
#[doc(alias = "connect")]
#[track_caller]
pub fn sock_connect<S: AsFd + 'static, E: Into<Endpoint>>(
    socket: &Rc<S>,
    endpoint: E,
) -> impl Future<Output = Result<()>> + use<S, E> {
    let (socket, site) = (socket.clone(), Location::caller());
    let endpoint = endpoint.into();
    async move {
        check_is_non_blocking(socket.as_fd(), site)?;
        let address = match endpoint {
            // The resolver's error, as in Python, and not the system's: that would take some addresses of the other family.
            Endpoint::At(Address::Inet(to)) if Family::of(&to) != family_of(socket.as_fd(), site)? => {
                first_of(socket.as_fd(), Some(to.ip().to_string()), to.port(), site).await?
            }
            Endpoint::At(address) => address,
            Endpoint::Named(host, port) => first_of(socket.as_fd(), Some(host), port, site).await?,
            Endpoint::Here(port) => first_of(socket.as_fd(), None, port, site).await?,
        };
        connect_at(socket, address, site).await
    }
}

/// The first address of a host that such a socket can be connected to.
async fn first_of(socket: BorrowedFd<'_>, host: Option<String>, port: u16, site: &'static Location<'static>) -> Result<Address> {
    let family = family_of(socket, site)?;
    let addresses = Lookup::new(host, port).family(Some(family)).resolve(site).await?;
    match addresses.first() {
        Some(address) => Ok(Address::from(*address)),
        None => Err(os_error("getaddrinfo() returned empty list").at(site)),
    }
}

/// Connects a socket to an address that needs no looking up.
pub(crate) async fn connect_at<S: AsFd + 'static>(
    socket: Rc<S>,
    address: Address,
    site: &'static Location<'static>,
) -> Result<()> {
    let to = to_system(&address).map_err(|error| error.at(site))?;
    match rustix::net::connect(&socket, &to) {
        Ok(()) => Ok(()),
        // After a signal too the connection goes on by itself.
        Err(Errno::INPROGRESS | Errno::AGAIN | Errno::INTR) => SocketWait::new(socket, Connected(address), site).await,
        Err(errno) => Err(refused(errno).at(site)),
    }
}

/// What has become of a connection under way.
struct Connected(Address);

impl Attempt for Connected {
    type Output = ();
    const INTEREST: Interest = Interest::Write;

    fn attempt(&mut self, socket: BorrowedFd<'_>) -> Poll<Result<()>> {
        Poll::Ready(match rustix::net::sockopt::socket_error(socket) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Errno::AGAIN | Errno::INTR)) => return Poll::Pending,
            Ok(Err(errno)) => Err(refused_as(errno.raw_os_error(), format!("Connect call failed {}", self.0))),
            Err(errno) => Err(refused(errno)),
        })
    }
}

/// Of which addresses a socket is.
fn family_of(socket: BorrowedFd<'_>, site: &'static Location<'static>) -> Result<Family> {
    let own = rustix::net::getsockname(socket).map_err(|errno| refused(errno).at(site))?;
    match own.address_family() {
        AddressFamily::INET => Ok(Family::V4),
        AddressFamily::INET6 => Ok(Family::V6),
        _ => Err(Error::value("a Unix socket is connected to a path, not to a host and a port").at(site)),
    }
}
