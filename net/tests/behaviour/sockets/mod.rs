//! `sock_*`: in which iteration a call is made, and in which the task goes on.

mod accepting;
mod connecting;
mod misused;
mod receiving;
mod resting;
mod sending;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

/// Two ends that do not block.
pub(crate) fn pair() -> (Rc<UnixStream>, Rc<UnixStream>) {
    let (a, b) = pair_to_give();
    (Rc::new(a), Rc::new(b))
}

/// The same, to be given away.
pub(crate) fn pair_to_give() -> (UnixStream, UnixStream) {
    let (a, b) = UnixStream::pair().expect("a pair of sockets");
    for end in [&a, &b] {
        end.set_nonblocking(true).expect("an open socket");
    }
    (a, b)
}

/// Sends what there is room for.
pub(crate) fn send(mut end: &UnixStream, bytes: &[u8]) {
    end.write_all(bytes).expect("an open socket with room");
}

/// Fills the socket up to the brim, and says with how many bytes.
pub(crate) fn fill(mut end: &UnixStream) -> usize {
    let mut count = 0;
    while let Ok(sent) = end.write(&[0; 4096]) {
        count += sent;
    }
    count
}

/// Takes all that is there, and says how many bytes.
pub(crate) fn empty(mut end: &UnixStream) -> usize {
    let mut count = 0;
    let mut buffer = [0; 65536];
    while let Ok(received @ 1..) = end.read(&mut buffer) {
        count += received;
    }
    count
}
