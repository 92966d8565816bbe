//! What the transport of a socket reads.

use kolo_executor::primitive::Interest;
use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::RecvFlags;

use crate::system::refused;
use crate::transport::Channel;
use crate::transport::scratch::with_scratch;
use crate::transport::socket::SocketTransport;
use crate::transport::socket::told::Told;

impl SocketTransport {
    pub(super) fn begin_reading(&self) {
        if self.is_reading() {
            self.watch(Interest::Read);
        }
    }

    pub(super) fn read_ready(&self) {
        if self.footing.is_lost() {
            return;
        }
        with_scratch(|scratch| {
            let received = match &*self.socket.borrow() {
                Some(socket) => rustix::net::recv(socket, spare_capacity(scratch), RecvFlags::empty()),
                None => return,
            };
            match received {
                Ok(_) if scratch.is_empty() => self.end_received(),
                Ok(_) => {
                    let is_all = scratch.len() < scratch.capacity() && self.reads_all;
                    if is_all {
                        self.footing.drained(Interest::Read);
                    }
                    self.data_received(scratch, is_all);
                }
                Err(Errno::AGAIN) => self.footing.drained(Interest::Read),
                Err(Errno::INTR) => {}
                Err(error) => self.lose(Some(refused(error))),
            }
        });
    }

    fn data_received(&self, data: &mut Vec<u8>, is_all: bool) {
        // Not under the borrow: a protocol may be given up for another by what it is told.
        let told = self.protocol.borrow().clone();
        let outcome = match told {
            None => Ok(()),
            Some(Told::Streams(streams)) => {
                if streams.feed(data) && is_all {
                    self.footing.only_reads();
                }
                return;
            }
            Some(Told::Protocol(protocol)) => self.reading.run(|| protocol.data_received(data)),
        };
        if let Err(error) = outcome {
            self.fail("Fatal error: protocol.data_received() call failed.", error);
        }
    }

    pub(super) fn end_received(&self) {
        let Some(protocol) = self.protocol() else { return };
        match self.reading.run(|| protocol.eof_received()) {
            // It stays open for writing.
            Ok(true) => self.footing.unwatch(Interest::Read),
            Ok(false) => self.close(),
            Err(error) => self.fail("Fatal error: protocol.eof_received() call failed.", error),
        }
    }
}
