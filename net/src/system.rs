//! What the system says, in asyncio's words: results of calls that may not be possible yet, errors, and addresses.

use std::io;
use std::os::fd::OwnedFd;
use std::task::Poll;

use kolo_executor::{Error, Kind, OsError, Result};
use rustix::io::Errno;
#[cfg(not(target_vendor = "apple"))]
use rustix::net::SocketFlags;
use rustix::net::{AddressFamily, SocketAddrAny, SocketAddrUnix, SocketType};

use crate::address::Address;

/// The result of a call that does not block: `Pending` when it would have had to, or a signal came first.
#[inline]
pub(crate) fn poll_of<T>(outcome: rustix::io::Result<T>) -> Poll<Result<T>> {
    match outcome {
        Ok(value) => Poll::Ready(Ok(value)),
        Err(Errno::AGAIN | Errno::INTR) => Poll::Pending,
        Err(errno) => Poll::Ready(Err(refused(errno))),
    }
}

/// The system's error in the system's words.
#[cold]
pub(crate) fn refused(errno: Errno) -> Error {
    Error::from(io::Error::from(errno)).without_place()
}

/// The system's error in words of our own.
#[cold]
pub(crate) fn refused_as(errno: i32, text: String) -> Error {
    Error::from(OsError {
        errno,
        text: text.into(),
    })
    .without_place()
}

/// An `OSError` that did not come from the system.
#[cold]
pub(crate) fn os_error(text: impl Into<String>) -> Error {
    Error::new(Kind::Io, text.into()).without_place()
}

/// What Python's `str` says of an error: of the system's, `[Errno 111] Connection refused`.
pub(crate) fn python_text(error: &Error) -> String {
    match error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
        Some(errno) => format!("[Errno {errno}] {}", text_of(errno)),
        None => error.message().to_owned(),
    }
}

/// The system's words for one of its errors. Mirrors `os.strerror`.
pub(crate) fn text_of(errno: i32) -> String {
    let mut text = io::Error::from_raw_os_error(errno).to_string();
    let words = text.strip_suffix(&format!(" (os error {errno})")).map(str::len);
    text.truncate(words.unwrap_or(text.len()));
    text
}

/// The longest path of a Unix socket.
const LONGEST_PATH: usize = if cfg!(any(target_os = "linux", target_os = "android")) {
    107
} else {
    103
};

/// An address as the system takes it.
///
/// # Errors
/// Io, when a path is too long; Value, of an address that is none.
pub(crate) fn to_system(address: &Address) -> Result<SocketAddrAny> {
    match address {
        Address::Inet(address) => Ok((*address).into()),
        Address::Unix(path) if path.as_os_str().len() > LONGEST_PATH => Err(os_error("AF_UNIX path too long")),
        Address::Unix(path) => SocketAddrUnix::new(path).map(SocketAddrAny::from).map_err(refused),
        Address::Unnamed => Err(Error::value("a socket without a path cannot be reached by its address").without_place()),
    }
}

/// A socket that does not block and that other programs do not inherit.
pub(crate) fn new_socket(family: AddressFamily, kind: SocketType) -> rustix::io::Result<OwnedFd> {
    #[cfg(not(target_vendor = "apple"))]
    return rustix::net::socket_with(family, kind, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC, None);
    #[cfg(target_vendor = "apple")]
    {
        let socket = rustix::net::socket(family, kind, None)?;
        rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        Ok(socket)
    }
}

/// A socket of somebody else's, which does not block from now on.
///
/// # Errors
/// Value, when it is none of streams.
pub(crate) fn stream_socket(socket: OwnedFd) -> Result<OwnedFd> {
    match rustix::net::sockopt::socket_type(&socket) {
        Ok(SocketType::STREAM) => {}
        Ok(SocketType::DGRAM) => return Err(Error::value("A Stream Socket was expected, got one of datagrams")),
        Ok(kind) => {
            let kind = kind.as_raw();
            return Err(Error::value(format!("A Stream Socket was expected, got one of type {kind}")));
        }
        Err(errno) => {
            let error = text_of(errno.raw_os_error());
            return Err(Error::value(format!("A Stream Socket was expected, got none: {error}")));
        }
    }
    rustix::io::ioctl_fionbio(&socket, true).map_err(refused)?;
    Ok(socket)
}
