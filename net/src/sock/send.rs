//! `sock_sendall` and `sock_sendto`: what goes into a socket.

use std::os::fd::AsFd;
use std::panic::Location;
use std::rc::Rc;
use std::task::Poll;

use kolo_executor::Result;

use crate::address::Address;
use crate::sock::attempt::{NO_SIGNAL, SendAll, SendTo};
use crate::sock::check_is_non_blocking;
use crate::sock::socket_wait::SocketWait;
use crate::system::{poll_of, to_system};

/// Sends all of the bytes. Mirrors `loop.sock_sendall`.
///
/// What the system takes at once goes at once, without suspending; of the rest as much as it takes in each iteration in which there is room
/// again. The socket has to be non-blocking; it is given in an [`Rc`], because the loop writes to it while the task waits. A copy is made of the
/// bytes that have to wait.
///
/// A socket has one task that sends: when a second one waits, it takes the place of the first, which then waits until it is cancelled, as in
/// asyncio.
///
/// [`sock_recv`](crate::sock_recv) has an example.
///
/// ```
/// use std::os::unix::net::UnixStream;
/// use std::rc::Rc;
///
/// use kolo::{run, sock_recv, sock_sendall};
///
/// run(async {
///     let (ours, theirs) = UnixStream::pair()?;
///     ours.set_nonblocking(true)?;
///     theirs.set_nonblocking(true)?;
///     sock_sendall(&Rc::new(ours), b"hello").await?;
///     assert_eq!(sock_recv(&Rc::new(theirs), 100).await?, b"hello");
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Cancelled; Io, from the system; Runtime, when a transport uses the socket, and without a running loop; Value, in debug mode, when it blocks.
/// How much was sent before is not known.
///
/// # Cancel safety
/// Some of the bytes may have been sent, and it is not known how many: close the socket.
#[doc(alias = "send")]
#[doc(alias = "sendall")]
#[track_caller]
pub fn sock_sendall<'a, S: AsFd + 'static>(socket: &Rc<S>, bytes: &'a [u8]) -> impl Future<Output = Result<()>> + use<'a, S> {
    let (socket, site) = (socket.clone(), Location::caller());
    async move {
        check_is_non_blocking(socket.as_fd(), site)?;
        let sent = match poll_of(rustix::net::send(&socket, bytes, NO_SIGNAL)) {
            Poll::Ready(outcome) => outcome.map_err(|error| error.at(site))?,
            Poll::Pending => 0,
        };
        if sent == bytes.len() {
            return Ok(());
        }
        let rest = SendAll {
            bytes: bytes[sent..].to_vec(),
            sent: 0,
        };
        SocketWait::new(socket, rest, site).await
    }
}

/// Sends a datagram to an address, and returns how many bytes. Mirrors `loop.sock_sendto`. All that is said of [`sock_sendall`] holds.
///
/// [`sock_recvfrom`](crate::sock_recvfrom) has an example.
///
/// ```
/// use std::net::UdpSocket;
/// use std::rc::Rc;
///
/// use kolo::{run, sock_recvfrom, sock_sendto};
///
/// run(async {
///     let (ours, theirs) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
///     ours.set_nonblocking(true)?;
///     theirs.set_nonblocking(true)?;
///     let address = theirs.local_addr()?;
///     assert_eq!(sock_sendto(&Rc::new(ours), b"hello", address).await?, 5);
///     let (bytes, _from) = sock_recvfrom(&Rc::new(theirs), 100).await?;
///     assert_eq!(bytes, b"hello");
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// As [`sock_sendall`]; Io, when a path is too long; Value, of an address that is none.
///
/// # Cancel safety
/// The datagram may have been sent, or not.
#[doc(alias = "sendto")]
#[track_caller]
pub fn sock_sendto<'a, S: AsFd + 'static, A: Into<Address>>(
    socket: &Rc<S>,
    bytes: &'a [u8],
    address: A,
) -> impl Future<Output = Result<usize>> + use<'a, S, A> {
    let (socket, site) = (socket.clone(), Location::caller());
    let address = address.into();
    async move {
        check_is_non_blocking(socket.as_fd(), site)?;
        let to = to_system(&address).map_err(|error| error.at(site))?;
        if let Poll::Ready(outcome) = poll_of(rustix::net::sendto(&socket, bytes, NO_SIGNAL, &to)) {
            return outcome.map_err(|error| error.at(site));
        }
        let bytes = bytes.to_vec();
        SocketWait::new(socket, SendTo { bytes, to }, site).await
    }
}
