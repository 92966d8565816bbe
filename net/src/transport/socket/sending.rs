//! A file that the system itself sends, without its bytes coming by here.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use kolo_executor::primitive::Interest;
use kolo_executor::{Context, Error, OsError, Promise, Result};
use rustix::io::Errno;

use crate::system::refused;
use crate::transport::Channel;
use crate::transport::sendfile::Part;
use crate::transport::socket::SocketTransport;

/// The file that is being sent.
pub(super) struct Sending {
    file: Arc<File>,
    part: Part,
    sent: u64,
    done: Promise<u64>,
    /// Reading was paused for it.
    was_reading: bool,
}

/// What one call sends at the most: as much as the system takes.
const MOST: u64 = 0x7fff_f000;

impl SocketTransport {
    pub(super) fn begin_sending(&self, file: Arc<File>, part: Part) -> Result<Promise<u64>> {
        if self.is_closing() {
            return Err(Error::runtime("Transport is closing"));
        }
        if self.sending.borrow().is_some() {
            return Err(Error::runtime("sendfile: another file is being sent on this transport"));
        }
        let Some(event_loop) = self.footing.event_loop() else {
            return Err(Error::runtime("Event loop is closed"));
        };
        let was_reading = self.is_reading();
        self.pause_reading();
        let done = event_loop.create_promise();
        let sending = Sending {
            file,
            part,
            sent: 0,
            done: done.clone(),
            was_reading,
        };
        self.sending.replace(Some(sending));
        self.writing.replace(Context::current());
        // What was written before goes first.
        if self.outgoing.borrow().is_empty() {
            self.send_more();
        }
        Ok(done)
    }

    pub(super) fn is_sending(&self) -> bool {
        self.sending.borrow().is_some()
    }

    /// Sends as much of the file as there is room for: one system call in an iteration.
    pub(super) fn send_more(&self) {
        let sent = {
            let sending = &mut *self.sending.borrow_mut();
            let (Some(sending), Some(socket)) = (sending, &*self.socket.borrow()) else {
                return;
            };
            if sending.done.done() {
                // It was cancelled.
                Ok(None)
            } else {
                let count = sending.part.count.unwrap_or(MOST).min(MOST);
                send(socket, &sending.file, &mut sending.part.offset, count).map(|sent| sending.advance(sent))
            }
        };
        match sent {
            Ok(None) => self.end_sending(None),
            Ok(Some(())) => self.watch(Interest::Write),
            Err(Errno::AGAIN | Errno::INTR) => {
                self.footing.drained(Interest::Write);
                self.watch(Interest::Write);
            }
            Err(error) => self.end_sending(Some(refused(error))),
        }
    }

    /// Ends the sending of a file, if there is one: in good order, or by this error.
    pub(super) fn end_sending(&self, error: Option<Error>) {
        let Some(sending) = self.sending.take() else { return };
        self.footing.unwatch(Interest::Write);
        if sending.was_reading {
            self.resume_reading();
        }
        // Refused when it was cancelled.
        let _ = match error {
            None => sending.done.set_result(sending.sent),
            Some(error) => sending.done.set_error(error),
        };
    }

    /// The connection is lost, and what is being sent with it.
    pub(super) fn lose_sending(&self) {
        if self.is_sending() {
            let errno = Errno::CONNRESET.raw_os_error();
            let text = "Connection is closed by peer".into();
            self.end_sending(Some(Error::from(OsError { errno, text }).without_place()));
        }
    }
}

#[cfg(target_os = "linux")]
fn send(socket: &OwnedFd, file: &File, offset: &mut u64, count: u64) -> rustix::io::Result<u64> {
    rustix::fs::sendfile(socket, file, Some(offset), count as usize).map(|sent| sent as u64)
}

/// Not asked for there.
#[cfg(not(target_os = "linux"))]
fn send(_: &OwnedFd, _: &File, _: &mut u64, _: u64) -> rustix::io::Result<u64> {
    Err(Errno::NOSYS)
}

impl Sending {
    /// So much was sent. `None`: that was all.
    fn advance(&mut self, sent: u64) -> Option<()> {
        self.sent += sent;
        if let Some(count) = &mut self.part.count {
            *count -= sent;
        }
        (sent > 0 && self.part.count != Some(0)).then_some(())
    }
}
