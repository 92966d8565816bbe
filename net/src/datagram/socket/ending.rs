//! How the transport of a datagram socket ends.

use kolo_executor::Error;
use kolo_executor::primitive::Interest;

use crate::datagram::socket::DatagramSocket;
use crate::transport::footing::Footing;

impl DatagramSocket {
    /// Receives no more, and ends once all is sent.
    pub(crate) fn close(&self) {
        if self.is_closing.replace(true) {
            return;
        }
        self.footing.unwatch(Interest::Read);
        if self.outgoing.borrow().is_empty() {
            self.footing.unwatch(Interest::Write);
            self.lose_soon(None);
        }
    }

    /// Ends, whatever is buffered; the protocol is told in the next iteration.
    pub(crate) fn lose(&self, error: Option<Error>) {
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

    fn lose_soon(&self, error: Option<Error>) {
        self.footing.note_lost();
        let lose = self.this.upgrade().map(|this| move || this.connection_lost(error));
        if !self.footing.lose_soon(lose) {
            // Nobody is there to be told.
            self.release();
        }
    }

    pub(super) fn connection_lost(&self, error: Option<Error>) {
        self.footing.note_lost();
        let protocol = self.protocol.take();
        let lost = || protocol.map_or(Ok(()), |protocol| protocol.connection_lost(error.as_ref()));
        Footing::lose(|| self.tell(lost()), || self.release());
    }

    /// Closes the socket, which the loop does not know any more then.
    pub(super) fn release(&self) {
        self.footing.close();
        drop(self.socket.take());
        self.protocol.take();
    }
}
