//! Datagrams that have not been sent yet.

use std::collections::VecDeque;

use rustix::net::SocketAddrAny;

/// What asyncio counts for the head of each datagram.
const HEAD: usize = 8;

/// A datagram and where it goes: of a socket that is connected, nowhere else.
pub(crate) struct Datagram {
    pub(crate) data: Vec<u8>,
    pub(crate) to: Option<SocketAddrAny>,
}

/// Datagrams, in the order in which they were sent.
#[derive(Default)]
pub(crate) struct Outgoing {
    datagrams: VecDeque<Datagram>,
    size: usize,
}

impl Outgoing {
    /// How many bytes they are, with their heads.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.datagrams.is_empty()
    }

    pub(crate) fn push(&mut self, datagram: Datagram) {
        self.size += datagram.data.len() + HEAD;
        self.datagrams.push_back(datagram);
    }

    pub(crate) fn pop(&mut self) -> Option<Datagram> {
        let datagram = self.datagrams.pop_front()?;
        self.size -= datagram.data.len() + HEAD;
        Some(datagram)
    }

    /// Has the datagram be the next one again.
    pub(crate) fn put_back(&mut self, datagram: Datagram) {
        self.size += datagram.data.len() + HEAD;
        self.datagrams.push_front(datagram);
    }

    pub(crate) fn clear(&mut self) {
        *self = Outgoing::default();
    }
}
