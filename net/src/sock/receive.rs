//! `sock_recv` and its like: what comes out of a socket.

use std::os::fd::AsFd;
use std::panic::Location;
use std::rc::Rc;
use std::task::Poll;

use kolo_executor::Result;
use rustix::net::RecvFlags;

use crate::address::Address;
use crate::sock::attempt::{Receive, ReceiveFrom, address_of};
use crate::sock::socket_wait::SocketWait;
use crate::sock::{attempt_or_wait, check_is_non_blocking};
use crate::system::poll_of;

/// Receives up to so many bytes. None means that the peer has sent its last. Mirrors `loop.sock_recv`.
///
/// What is there is returned at once, without suspending. The socket has to be non-blocking, as asyncio's: one that blocks stops the loop.
/// It is given in an [`Rc`], because the loop reads from it while the task waits.
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
///     let (ours, theirs) = (Rc::new(ours), Rc::new(theirs));
///     sock_sendall(&theirs, b"hello").await?;
///     assert_eq!(sock_recv(&ours, 1024).await?, b"hello");
///     drop(theirs);
///     assert_eq!(sock_recv(&ours, 1024).await?, b"");
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// A socket has one task that receives: when a second one waits, it takes the place of the first, which then waits until it is cancelled, as
/// in asyncio, and keeps the socket open no longer.
///
/// # Errors
/// Cancelled; Io, from the system; Runtime, when a transport uses the socket, and without a running loop; Value, in debug mode, when it blocks.
///
/// # Cancel safety
/// What had been received when the task was cancelled, one iteration before, is lost, as in asyncio. Otherwise nothing is.
#[doc(alias = "recv")]
#[track_caller]
pub fn sock_recv<S: AsFd + 'static>(socket: &Rc<S>, most: usize) -> impl Future<Output = Result<Vec<u8>>> + use<S> {
    let (socket, site) = (socket.clone(), Location::caller());
    async move {
        check_is_non_blocking(socket.as_fd(), site)?;
        attempt_or_wait(socket, Receive::new(most)?, site).await
    }
}

/// Receives into a buffer, and returns how many bytes. Mirrors `loop.sock_recv_into`. All that is said of [`sock_recv`] holds.
///
/// ```
/// use std::os::unix::net::UnixStream;
/// use std::rc::Rc;
///
/// use kolo::{run, sock_recv_into, sock_sendall};
///
/// run(async {
///     let (ours, theirs) = UnixStream::pair()?;
///     ours.set_nonblocking(true)?;
///     theirs.set_nonblocking(true)?;
///     sock_sendall(&Rc::new(theirs), b"hello").await?;
///     let mut buffer = [0; 1024];
///     let count = sock_recv_into(&Rc::new(ours), &mut buffer).await?;
///     assert_eq!(&buffer[..count], b"hello");
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// As [`sock_recv`].
///
/// # Cancel safety
/// As [`sock_recv`]; the buffer is as it was.
#[doc(alias = "recv_into")]
#[track_caller]
pub fn sock_recv_into<'a, S: AsFd + 'static>(
    socket: &Rc<S>,
    buffer: &'a mut [u8],
) -> impl Future<Output = Result<usize>> + use<'a, S> {
    let (socket, site) = (socket.clone(), Location::caller());
    async move {
        check_is_non_blocking(socket.as_fd(), site)?;
        if buffer.is_empty() {
            return Ok(0);
        }
        let received = rustix::net::recv(&socket, &mut *buffer, RecvFlags::empty());
        if let Poll::Ready(outcome) = poll_of(received.map(|(count, _)| count)) {
            return outcome.map_err(|error| error.at(site));
        }
        // The loop cannot have the buffer, which is only lent.
        let bytes = SocketWait::new(socket, Receive::new(buffer.len())?, site).await?;
        Ok(put(&bytes, buffer))
    }
}

/// Receives a datagram of up to so many bytes, and says who has sent it. Mirrors `loop.sock_recvfrom`. All that is said of [`sock_recv`] holds.
///
/// What a datagram has beyond is lost. A sender who has no address, as one of a Unix socket that is not bound, is [`Unnamed`](Address::Unnamed).
///
/// ```
/// use std::net::UdpSocket;
/// use std::rc::Rc;
///
/// use kolo::{run, sock_recvfrom, sock_sendto};
///
/// run(async {
///     let (ours, theirs) = (UdpSocket::bind(("127.0.0.1", 0))?, UdpSocket::bind(("127.0.0.1", 0))?);
///     ours.set_nonblocking(true)?;
///     theirs.set_nonblocking(true)?;
///     let (ours, theirs) = (Rc::new(ours), Rc::new(theirs));
///     sock_sendto(&theirs, b"hello", ours.local_addr()?).await?;
///     let (bytes, sender) = sock_recvfrom(&ours, 1024).await?;
///     assert_eq!((&*bytes, sender.inet()), (&b"hello"[..], Some(theirs.local_addr()?)));
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// As [`sock_recv`].
///
/// # Cancel safety
/// As [`sock_recv`].
#[doc(alias = "recvfrom")]
#[track_caller]
pub fn sock_recvfrom<S: AsFd + 'static>(
    socket: &Rc<S>,
    most: usize,
) -> impl Future<Output = Result<(Vec<u8>, Address)>> + use<S> {
    let (socket, site) = (socket.clone(), Location::caller());
    async move {
        check_is_non_blocking(socket.as_fd(), site)?;
        attempt_or_wait(socket, ReceiveFrom::new(most)?, site).await
    }
}

/// Receives a datagram into a buffer, and returns how many bytes, and who has sent them. Mirrors `loop.sock_recvfrom_into`. All that is said of
/// [`sock_recvfrom`] holds.
///
/// ```
/// use std::net::UdpSocket;
/// use std::rc::Rc;
///
/// use kolo::{run, sock_recvfrom_into};
///
/// run(async {
///     let (ours, theirs) = (UdpSocket::bind(("127.0.0.1", 0))?, UdpSocket::bind(("127.0.0.1", 0))?);
///     ours.set_nonblocking(true)?;
///     theirs.send_to(b"hello", ours.local_addr()?)?;
///     let mut buffer = [0; 1024];
///     let (count, sender) = sock_recvfrom_into(&Rc::new(ours), &mut buffer).await?;
///     assert_eq!((&buffer[..count], sender.inet()), (&b"hello"[..], Some(theirs.local_addr()?)));
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// As [`sock_recv`].
///
/// # Cancel safety
/// As [`sock_recv_into`].
#[doc(alias = "recvfrom_into")]
#[track_caller]
pub fn sock_recvfrom_into<'a, S: AsFd + 'static>(
    socket: &Rc<S>,
    buffer: &'a mut [u8],
) -> impl Future<Output = Result<(usize, Address)>> + use<'a, S> {
    let (socket, site) = (socket.clone(), Location::caller());
    async move {
        check_is_non_blocking(socket.as_fd(), site)?;
        let received = rustix::net::recvfrom(&socket, &mut *buffer, RecvFlags::empty());
        if let Poll::Ready(outcome) = poll_of(received.map(|(count, _, sender)| (count, address_of(sender)))) {
            return outcome.map_err(|error| error.at(site));
        }
        let (bytes, sender) = SocketWait::new(socket, ReceiveFrom::new(buffer.len())?, site).await?;
        Ok((put(&bytes, buffer), sender))
    }
}

/// Puts the bytes, for which there is room, at the beginning of the buffer.
fn put(bytes: &[u8], buffer: &mut [u8]) -> usize {
    buffer[..bytes.len()].copy_from_slice(bytes);
    bytes.len()
}
