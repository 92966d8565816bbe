//! How the transport of a datagram socket ends.

use kolo_executor::Error;
use kolo_executor::primitive::Interest;

use crate::datagram::socket::DatagramSocket;

impl DatagramSocket {
    /// Receives no more, and ends once all is sent.
    pub(crate) fn close(&self) {
        if self.is_closing.replace(true) {
            return;
        }
        self.unwatch(Interest::Read);
        if self.outgoing.borrow().is_empty() {
            self.unwatch(Interest::Write);
            self.lose_soon(None);
        }
    }

    /// Ends, whatever is buffered; the protocol is told in the next iteration.
    pub(crate) fn lose(&self, error: Option<Error>) {
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

    fn lose_soon(&self, error: Option<Error>) {
        self.lost.set(1);
        match (self.event_loop(), self.this.upgrade()) {
            (Some(event_loop), Some(this)) => drop(event_loop.call_soon(move || this.connection_lost(error))),
            // Nobody is there to be told.
            _ => self.release(),
        }
    }

    pub(super) fn connection_lost(&self, error: Option<Error>) {
        self.lost.set(self.lost.get().max(1));
        let protocol = self.protocol.take();
        // Also when the protocol panics.
        let _released = Released(self);
        if let Some(protocol) = protocol {
            self.tell(protocol.connection_lost(error.as_ref()));
        }
    }

    /// Closes the socket, which the loop does not know any more then.
    fn release(&self) {
        if let Some(source) = self.source.get() {
            source.close();
        }
        drop(self.socket.take());
        self.protocol.take();
    }
}

struct Released<'a>(&'a DatagramSocket);

impl Drop for Released<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}
