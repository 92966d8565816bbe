//! `sock_accept`: a connection of a listening socket.

use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::Location;
use std::rc::Rc;
use std::task::Poll;

use kolo_executor::Result;
use kolo_executor::primitive::Interest;

use crate::address::Address;
use crate::sock::attempt::{Attempt, address_of};
use crate::sock::{attempt_or_wait, check_is_non_blocking};
use crate::system::poll_of;

/// A listening socket, and what its connections are: of a `TcpListener` `TcpStream`s, of a `UnixListener` `UnixStream`s, of an `OwnedFd`
/// descriptors. [`sock_accept`] takes one.
pub trait Listener: AsFd + sealed::Sealed + 'static {
    /// A connection.
    type Connection: From<OwnedFd> + AsFd + 'static;
}

impl Listener for TcpListener {
    type Connection = TcpStream;
}

impl Listener for UnixListener {
    type Connection = UnixStream;
}

impl Listener for OwnedFd {
    type Connection = OwnedFd;
}

mod sealed {
    use std::net::TcpListener;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixListener;

    pub trait Sealed {}
    impl Sealed for TcpListener {}
    impl Sealed for UnixListener {}
    impl Sealed for OwnedFd {}
}

/// Accepts a connection, and says whose it is. Mirrors `loop.sock_accept`.
///
/// One that waits already is accepted at once, without suspending. The connection is non-blocking; it comes in an [`Rc`], as
/// [`sock_recv`](crate::sock_recv) and the others take it.
///
/// ```
/// use std::net::TcpListener;
/// use std::rc::Rc;
///
/// use kolo::{create_task, run, sock_accept, sock_recv, sock_sendall};
///
/// /// Gives everybody back what they send.
/// async fn serve(listener: Rc<TcpListener>) -> kolo::Result<()> {
///     loop {
///         let (connection, _address) = sock_accept(&listener).await?;
///         create_task(async move {
///             loop {
///                 let bytes = sock_recv(&connection, 1024).await?;
///                 if bytes.is_empty() {
///                     return Ok(());
///                 }
///                 sock_sendall(&connection, &bytes).await?;
///             }
///         });
///     }
/// }
/// # fn main() -> kolo::Result<()> {
/// #     use std::io::{Read, Write};
/// #     use std::net::TcpStream;
/// #     run(async {
/// #         let listener = TcpListener::bind(("127.0.0.1", 0))?;
/// #         listener.set_nonblocking(true)?;
/// #         let address = listener.local_addr()?;
/// #         let server = create_task(serve(Rc::new(listener)));
/// #         let client = Rc::new(TcpStream::connect(address)?);
/// #         client.set_nonblocking(true)?;
/// #         sock_sendall(&client, b"hello").await?;
/// #         assert_eq!(sock_recv(&client, 1024).await?, b"hello");
/// #         server.cancel();
/// #         Ok(())
/// #     })
/// # }
/// ```
///
/// # Errors
/// Cancelled; Io, from the system; Runtime, when a transport uses the listener, and without a running loop; Value, in debug mode, when it
/// blocks.
///
/// # Cancel safety
/// A connection that had been accepted when the task was cancelled, one iteration before, is closed. One that had not stays for the next
/// `sock_accept`.
#[doc(alias = "accept")]
#[track_caller]
pub fn sock_accept<L: Listener>(listener: &Rc<L>) -> impl Future<Output = Result<(Rc<L::Connection>, Address)>> + use<L> {
    let (listener, site) = (listener.clone(), Location::caller());
    async move {
        check_is_non_blocking(listener.as_fd(), site)?;
        let (connection, address) = attempt_or_wait(listener, Accept, site).await?;
        Ok((Rc::new(connection.into()), address))
    }
}

/// `accept`.
struct Accept;

impl Attempt for Accept {
    type Output = (OwnedFd, Address);
    const INTEREST: Interest = Interest::Read;

    fn attempt(&mut self, listener: BorrowedFd<'_>) -> Poll<Result<(OwnedFd, Address)>> {
        poll_of(accept(listener))
    }
}

/// Accepts a connection that does not block and is not passed on to other programs.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn accept(listener: BorrowedFd<'_>) -> rustix::io::Result<(OwnedFd, Address)> {
    use rustix::net::{SocketFlags, acceptfrom_with};

    let (connection, address) = acceptfrom_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?;
    Ok((connection, address_of(address)))
}

/// Where that is not one call.
#[cfg(target_vendor = "apple")]
pub(crate) fn accept(listener: BorrowedFd<'_>) -> rustix::io::Result<(OwnedFd, Address)> {
    let (connection, address) = rustix::net::acceptfrom(listener)?;
    rustix::io::fcntl_setfd(&connection, rustix::io::FdFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&connection, true)?;
    Ok((connection, address_of(address)))
}
