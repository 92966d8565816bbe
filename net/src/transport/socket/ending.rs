//! How the connection of a socket ends.

use kolo_executor::primitive::Interest;
use kolo_executor::{Error, Kind};

use crate::transport::footing::Footing;
use crate::transport::socket::SocketTransport;

impl SocketTransport {
    /// The protocol has failed.
    pub(super) fn fail(&self, message: &str, error: Error) {
        // What the system said, or a time that was up, is not told of: the connection is lost, which its user learns.
        if !matches!(error.kind(), Kind::Io | Kind::Timeout) {
            self.footing.report(self, message, error.clone());
        }
        self.lose(Some(error));
    }

    /// Ends the connection, whatever is buffered; its protocol is told in the next iteration.
    pub(super) fn lose(&self, error: Option<Error>) {
        if self.footing.is_lost() {
            return;
        }
        self.outgoing.borrow_mut().clear();
        self.footing.unwatch(Interest::Write);
        if !self.is_closing.replace(true) {
            self.footing.unwatch(Interest::Read);
        }
        self.lose_soon(error);
    }

    pub(super) fn lose_soon(&self, error: Option<Error>) {
        self.footing.note_lost();
        let lose = self.this.upgrade().map(|this| move || this.connection_lost(error));
        if !self.footing.lose_soon(lose) {
            // Nobody is there to be told.
            self.release();
        }
    }

    pub(super) fn connection_lost(&self, error: Option<Error>) {
        self.footing.note_lost();
        self.lose_sending();
        let protocol = self.protocol.take().map(|told| told.protocol());
        let lost = || protocol.map_or(Ok(()), |protocol| protocol.connection_lost(error.as_ref()));
        Footing::lose(|| self.tell(lost()), || self.release());
    }

    /// Closes the socket, which the loop does not know any more then.
    pub(super) fn release(&self) {
        self.footing.close();
        drop(self.socket.take());
        self.protocol.take();
        if let Some(client) = self.client_of.take() {
            client.detach();
        }
    }
}
