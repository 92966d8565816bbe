//! New sockets: they do not block, and no child inherits them.

use std::os::fd::{AsFd, OwnedFd};

#[cfg(not(target_vendor = "apple"))]
use rustix::net::SocketFlags;
use rustix::net::{AddressFamily, SocketType};

/// The next connection that waits at a listening socket, not blocking and not inherited by children.
pub(crate) fn accept(listener: impl AsFd) -> rustix::io::Result<OwnedFd> {
    #[cfg(not(target_vendor = "apple"))]
    return rustix::net::accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK);
    #[cfg(target_vendor = "apple")]
    {
        let socket = rustix::net::accept(listener)?;
        made(&socket)?;
        Ok(socket)
    }
}

/// A new socket, not blocking and not inherited by children.
pub(crate) fn socket(family: AddressFamily, kind: SocketType) -> rustix::io::Result<OwnedFd> {
    #[cfg(not(target_vendor = "apple"))]
    return rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None);
    #[cfg(target_vendor = "apple")]
    {
        let socket = rustix::net::socket(family, kind, None)?;
        made(&socket)?;
        Ok(socket)
    }
}

#[cfg(target_vendor = "apple")]
fn made(socket: &OwnedFd) -> rustix::io::Result<()> {
    rustix::io::ioctl_fionbio(socket, true)?;
    rustix::io::fcntl_setfd(socket, rustix::io::FdFlags::CLOEXEC)
}
