//! What the transport of a socket writes: at once, or when there is room.

use kolo_executor::primitive::Interest;
use kolo_executor::{Context, Result};
use rustix::io::Errno;
use rustix::net::{SendFlags, Shutdown};

use crate::system::refused;
use crate::transport::Channel;
use crate::transport::socket::SocketTransport;

impl SocketTransport {
    /// Sends these bytes as far as there is room. `None`: the connection is lost.
    pub(super) fn send(&self, bytes: &[u8]) -> Option<usize> {
        let sent = rustix::net::send(self.socket.borrow().as_ref()?, bytes, SendFlags::NOSIGNAL);
        match sent {
            Ok(count) => Some(count),
            Err(Errno::AGAIN | Errno::INTR) => Some(0),
            Err(error) => {
                self.lose(Some(refused(error)));
                None
            }
        }
    }

    pub(super) fn write_ready(&self) {
        if self.footing.is_lost() {
            return;
        }
        if self.outgoing.borrow().is_empty() {
            return self.send_more();
        }
        let sent = {
            let outgoing = self.outgoing.borrow();
            let Some(socket) = &*self.socket.borrow() else { return };
            rustix::net::send(socket, outgoing.next(), SendFlags::NOSIGNAL)
        };
        match sent {
            Ok(count) => {
                self.outgoing.borrow_mut().sent(count);
                self.resume_protocol();
                if self.outgoing.borrow().is_empty() {
                    self.all_is_sent();
                }
            }
            Err(Errno::AGAIN) => self.footing.drained(Interest::Write),
            Err(Errno::INTR) => {}
            Err(error) => self.lose(Some(refused(error))),
        }
    }

    pub(super) fn all_is_sent(&self) {
        self.footing.unwatch(Interest::Write);
        if self.is_closing() {
            self.connection_lost(None);
        } else if self.has_eof.get() {
            self.tell(self.shut());
        } else if self.is_sending() {
            self.send_more();
        }
    }

    pub(super) fn shut(&self) -> Result<()> {
        match &*self.socket.borrow() {
            Some(socket) => rustix::net::shutdown(socket, Shutdown::Write).map_err(refused),
            None => Ok(()),
        }
    }

    pub(super) fn watch_writing(&self) {
        self.writing.replace(Context::current());
        self.watch(Interest::Write);
    }

    pub(super) fn pause_protocol(&self) {
        if self.flow.pauses(self.buffered()) {
            let outcome = self.protocol().map_or(Ok(()), |protocol| protocol.pause_writing());
            self.footing.report_failed(self, "protocol.pause_writing() failed", outcome);
        }
    }

    pub(super) fn resume_protocol(&self) {
        if self.flow.resumes(self.buffered()) {
            let outcome = self.protocol().map_or(Ok(()), |protocol| protocol.resume_writing());
            self.footing.report_failed(self, "protocol.resume_writing() failed", outcome);
        }
    }
}
