//! How the connection of a socket ends.

use kolo_executor::primitive::Interest;
use kolo_executor::{Error, Kind};

use crate::transport::socket::SocketTransport;

impl SocketTransport {
    /// The protocol has failed.
    pub(super) fn fail(&self, message: &str, error: Error) {
        // What the system said, or a time that was up, is not told of: the connection is lost, which its user learns.
        if !matches!(error.kind(), Kind::Io | Kind::Timeout) {
            self.report(message, error.clone());
        }
        self.lose(Some(error));
    }

    /// Ends the connection, whatever is buffered; its protocol is told in the next iteration.
    pub(super) fn lose(&self, error: Option<Error>) {
        if self.lost.get() > 0 {
            return;
        }
        self.outgoing.borrow_mut().clear();
        self.unwatch(Interest::Write);
        if !self.is_closing.replace(true) {
            self.unwatch(Interest::Read);
        }
        self.lose_soon(error);
    }

    pub(super) fn lose_soon(&self, error: Option<Error>) {
        self.lost.set(1);
        match (self.event_loop(), self.this.upgrade()) {
            (Some(event_loop), Some(this)) => drop(event_loop.call_soon(move || this.connection_lost(error))),
            // Nobody is there to be told.
            _ => self.release(),
        }
    }

    pub(super) fn connection_lost(&self, error: Option<Error>) {
        self.lost.set(self.lost.get().max(1));
        self.lose_sending();
        let protocol = self.protocol.take().map(|told| told.protocol());
        // Also when the protocol panics.
        let _released = Released(self);
        if let Some(protocol) = protocol {
            self.tell(protocol.connection_lost(error.as_ref()));
        }
    }

    /// Closes the socket, which the loop does not know any more then.
    pub(super) fn release(&self) {
        if let Some(source) = self.source() {
            source.close();
        }
        drop(self.socket.take());
        self.protocol.take();
        if let Some(client) = self.client_of.take() {
            client.detach();
        }
    }
}

struct Released<'a>(&'a SocketTransport);

impl Drop for Released<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}
