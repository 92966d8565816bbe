//! Sockets as std has them, awaited: asyncio's `loop.sock_*`.
//!
//! Each call is tried at once. When it would block, the loop makes it as soon as the socket is ready, in the callback and not when the task goes
//! on: what comes later belongs to the next call. That is why sockets are given in an `Rc`: while the task waits, the loop has the socket. Once nobody
//! watches it for the task any more, because another took its place or it was removed, the task keeps it open no longer.

pub(crate) mod accept;
pub(crate) mod attempt;
pub(crate) mod connect;
pub(crate) mod receive;
pub(crate) mod send;
pub(crate) mod socket_wait;

use std::os::fd::{AsFd, BorrowedFd};
use std::panic::Location;
use std::rc::Rc;
use std::task::Poll;

use kolo_executor::{Error, Result, try_running_loop};
use rustix::fs::OFlags;

use crate::sock::attempt::Attempt;
use crate::sock::socket_wait::SocketWait;
use crate::system::refused;

/// Makes the call now, or as soon as the socket is ready.
async fn attempt_or_wait<S: AsFd + 'static, A: Attempt>(
    socket: Rc<S>,
    mut attempt: A,
    site: &'static Location<'static>,
) -> Result<A::Output> {
    match attempt.attempt(socket.as_fd()) {
        Poll::Ready(outcome) => outcome.map_err(|error| error.at(site)),
        Poll::Pending => SocketWait::new(socket, attempt, site).await,
    }
}

/// In debug mode, refuses a socket for which the whole loop would wait.
fn check_is_non_blocking(socket: BorrowedFd<'_>, site: &'static Location<'static>) -> Result<()> {
    let event_loop = try_running_loop().map_err(|error| error.at(site))?;
    if !event_loop.debug() {
        return Ok(());
    }
    let flags = rustix::fs::fcntl_getfl(socket).map_err(|errno| refused(errno).at(site))?;
    match flags.contains(OFlags::NONBLOCK) {
        true => Ok(()),
        false => Err(Error::value("the socket must be non-blocking").at(site)),
    }
}
