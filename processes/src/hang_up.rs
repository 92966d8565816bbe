//! The end of the other side of a socket.

use std::io;
use std::os::fd::AsFd;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Blocks until the other side has closed the socket, by its end for example, up to the deadline: whether it has.
///
/// Letters that have come are left where they are.
pub(crate) fn until_hung_up(socket: impl AsFd, deadline: Option<Instant>) -> io::Result<bool> {
    loop {
        // One hears of the end in any case, and is to hear of nothing else.
        let mut sockets = [PollFd::new(&socket, PollFlags::empty())];
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let left = left.map(|left| {
            Timespec::try_from(left).unwrap_or(Timespec {
                tv_sec: i32::MAX.into(),
                tv_nsec: 0,
            })
        });
        match poll(&mut sockets, left.as_ref()) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
