//! `Attempt`: what is asked of a socket until the socket does it.

use std::os::fd::BorrowedFd;
use std::task::Poll;

use kolo_executor::Result;
use kolo_executor::primitive::Interest;
use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketAddrAny};

use crate::address::Address;
use crate::system::{poll_of, refused};

/// A peer that is gone is an error of the call, as it is in Python, and not the end of the program by a signal.
#[cfg(not(target_vendor = "apple"))]
pub(crate) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
pub(crate) const NO_SIGNAL: SendFlags = SendFlags::empty();

/// A system call that is made again whenever the socket is ready, until it does not have to wait.
pub(crate) trait Attempt: 'static {
    /// What comes of it.
    type Output: 'static;
    /// For what the socket has to be ready.
    const INTEREST: Interest;

    /// Makes the call; `Pending` when it would have had to wait, and is to be made again.
    fn attempt(&mut self, socket: BorrowedFd<'_>) -> Poll<Result<Self::Output>>;
}

/// `recv`.
pub(crate) struct Receive {
    bytes: Vec<u8>,
}

impl Receive {
    /// # Errors
    /// Io, when there is no memory for so much.
    pub(crate) fn new(most: usize) -> Result<Receive> {
        Ok(Receive { bytes: room_for(most)? })
    }
}

impl Attempt for Receive {
    type Output = Vec<u8>;
    const INTEREST: Interest = Interest::Read;

    fn attempt(&mut self, socket: BorrowedFd<'_>) -> Poll<Result<Vec<u8>>> {
        // Python asks the system nothing then.
        if self.bytes.capacity() == 0 {
            return Poll::Ready(Ok(Vec::new()));
        }
        let outcome = rustix::net::recv(socket, spare_capacity(&mut self.bytes), RecvFlags::empty());
        poll_of(outcome.map(|_| taken(&mut self.bytes)))
    }
}

/// `recvfrom`.
pub(crate) struct ReceiveFrom {
    bytes: Vec<u8>,
}

impl ReceiveFrom {
    /// # Errors
    /// Io, when there is no memory for so much.
    pub(crate) fn new(most: usize) -> Result<ReceiveFrom> {
        Ok(ReceiveFrom { bytes: room_for(most)? })
    }
}

impl Attempt for ReceiveFrom {
    type Output = (Vec<u8>, Address);
    const INTEREST: Interest = Interest::Read;

    fn attempt(&mut self, socket: BorrowedFd<'_>) -> Poll<Result<Self::Output>> {
        if self.bytes.capacity() == 0 {
            let outcome = rustix::net::recvfrom(socket, &mut [0; 0], RecvFlags::empty());
            return poll_of(outcome.map(|(_, _, sender)| (Vec::new(), address_of(sender))));
        }
        let outcome = rustix::net::recvfrom(socket, spare_capacity(&mut self.bytes), RecvFlags::empty());
        poll_of(outcome.map(|(_, _, sender)| (taken(&mut self.bytes), address_of(sender))))
    }
}

/// `send`, as often as it takes.
pub(crate) struct SendAll {
    pub(crate) bytes: Vec<u8>,
    pub(crate) sent: usize,
}

impl Attempt for SendAll {
    type Output = ();
    const INTEREST: Interest = Interest::Write;

    fn attempt(&mut self, socket: BorrowedFd<'_>) -> Poll<Result<()>> {
        match rustix::net::send(socket, &self.bytes[self.sent..], NO_SIGNAL) {
            Ok(count) => self.sent += count,
            Err(errno) => return poll_of(Err(errno)),
        }
        match self.sent == self.bytes.len() {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }
}

/// `sendto`.
pub(crate) struct SendTo {
    pub(crate) bytes: Vec<u8>,
    pub(crate) to: SocketAddrAny,
}

impl Attempt for SendTo {
    type Output = usize;
    const INTEREST: Interest = Interest::Write;

    fn attempt(&mut self, socket: BorrowedFd<'_>) -> Poll<Result<usize>> {
        poll_of(rustix::net::sendto(socket, &self.bytes, NO_SIGNAL, &self.to))
    }
}

/// Room for so many bytes. Nothing is written into it before the system does.
fn room_for(most: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match bytes.try_reserve_exact(most) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(refused(Errno::NOMEM)),
    }
}

/// What has come, without the room that is left.
fn taken(bytes: &mut Vec<u8>) -> Vec<u8> {
    let mut bytes = std::mem::take(bytes);
    bytes.shrink_to_fit();
    bytes
}

/// Who has sent it; a stream does not say.
pub(crate) fn address_of(sender: Option<SocketAddrAny>) -> Address {
    sender.and_then(Address::of).unwrap_or(Address::Unnamed)
}
