//! What a datagram socket sends: at once, or when there is room.

use std::task::Poll;

use kolo_executor::primitive::Interest;
use kolo_executor::{Context, Error, Kind, Result};
use rustix::net::SocketAddrAny;

use crate::address::Address;
use crate::datagram::outgoing::Datagram;
use crate::datagram::socket::DatagramSocket;
use crate::sock::attempt::NO_SIGNAL;
use crate::system::{poll_of, to_system};

impl DatagramSocket {
    pub(crate) fn send(&self, data: &[u8], to: Option<Address>) -> Result<()> {
        if let (Some(remote), Some(to)) = (&self.remote, &to)
            && remote != to
        {
            return Err(Error::value(format!("Invalid address: must be None or {remote}")));
        }
        if self.remote.is_some() && self.footing.is_lost() {
            self.footing.swallow("socket.send() raised exception.");
            return Ok(());
        }
        let to = match to.as_ref().or(self.remote.as_ref()) {
            // It can send nowhere else.
            _ if self.peer.is_some() => None,
            Some(to) => match to_system(to) {
                Ok(to) => Some(to),
                Err(error) => return self.refused(error),
            },
            None => return Err(Error::value("the endpoint has no remote address: send to one by sendto")),
        };
        if self.outgoing.borrow().is_empty() {
            match self.send_now(data, to.as_ref()) {
                Poll::Ready(Ok(())) => return Ok(()),
                Poll::Ready(Err(error)) => return self.refused(error),
                Poll::Pending => self.watch_to_send(),
            }
        }
        let data = data.to_vec();
        self.outgoing.borrow_mut().push(Datagram { data, to });
        self.pause_protocol();
        Ok(())
    }

    /// What the system refuses is the protocol's; the rest is that of whoever sends.
    fn refused(&self, error: Error) -> Result<()> {
        match self.protocol() {
            Some(protocol) if error.kind() == Kind::Io => protocol.error_received(&error),
            _ => Err(error),
        }
    }

    fn send_now(&self, data: &[u8], to: Option<&SocketAddrAny>) -> Poll<Result<()>> {
        let sent = match (&*self.socket.borrow(), to) {
            // It is closed. asyncio fails by accident there.
            (None, _) => return Poll::Ready(Ok(())),
            (Some(socket), None) => rustix::net::send(&**socket, data, NO_SIGNAL),
            (Some(socket), Some(to)) => rustix::net::sendto(&**socket, data, NO_SIGNAL, to),
        };
        poll_of(sent.map(drop))
    }

    fn watch_to_send(&self) {
        self.writing.replace(Context::current());
        self.watch(Interest::Write);
    }

    /// Sends what there is room for.
    pub(super) fn ready_to_send(&self) {
        loop {
            let Some(datagram) = self.outgoing.borrow_mut().pop() else {
                break;
            };
            match self.send_now(&datagram.data, datagram.to.as_ref()) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return self.tell(self.refused(error)),
                Poll::Pending => {
                    self.outgoing.borrow_mut().put_back(datagram);
                    self.footing.drained(Interest::Write);
                    break;
                }
            }
        }
        // It may send more.
        self.resume_protocol();
        if self.outgoing.borrow().is_empty() {
            self.footing.unwatch(Interest::Write);
            if self.is_closing() {
                self.connection_lost(None);
            }
        }
    }

    pub(super) fn pause_protocol(&self) {
        if self.flow.pauses(self.buffered()) {
            let outcome = self.protocol().map_or(Ok(()), |protocol| protocol.pause_writing());
            self.footing.report_failed(self, "protocol.pause_writing() failed", outcome);
        }
    }

    fn resume_protocol(&self) {
        if self.flow.resumes(self.buffered()) {
            let outcome = self.protocol().map_or(Ok(()), |protocol| protocol.resume_writing());
            self.footing.report_failed(self, "protocol.resume_writing() failed", outcome);
        }
    }
}
