//! The transport of a datagram socket.

mod ending;
mod sending;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::rc::{Rc, Weak};

use kolo_executor::primitive::{Interest, Ready, Source};
use kolo_executor::{Context, Error, EventLoop, Promise, Result};
use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::RecvFlags;

use crate::address::Address;
use crate::datagram::outgoing::Outgoing;
use crate::datagram::protocol::DatagramProtocol;
use crate::datagram::transport::DatagramTransport;
use crate::sock::attempt::address_of;
use crate::system::refused;
use crate::transport::flow::Flow;
use crate::transport::footing::Footing;
use crate::transport::marks::Marks;
use crate::transport::scratch::with_scratch;

pub(crate) struct DatagramSocket {
    this: Weak<DatagramSocket>,
    descriptor: RawFd,
    /// `None` once it is closed.
    socket: RefCell<Option<Rc<OwnedFd>>>,
    footing: Footing,
    protocol: RefCell<Option<Rc<dyn DatagramProtocol>>>,
    local: Option<Address>,
    /// To which the socket is connected.
    peer: Option<Address>,
    /// The endpoint's, to which alone it sends: not always connected.
    remote: Option<Address>,
    outgoing: RefCell<Outgoing>,
    flow: Flow,
    is_closing: Cell<bool>,
    /// In which the protocol is told of what is received, and of what was sent when it came to be buffered.
    reading: Context,
    writing: RefCell<Context>,
}

impl DatagramSocket {
    /// A transport of this socket, which must not block. In the next iteration its protocol is told that it is there, then it begins to receive,
    /// then `made` is set.
    ///
    /// # Errors
    /// Runtime, when the descriptor has a transport, or the loop is closed.
    pub(crate) fn start(
        event_loop: &EventLoop,
        socket: OwnedFd,
        protocol: Rc<dyn DatagramProtocol>,
        remote: Option<Address>,
        made: Promise<()>,
    ) -> Result<DatagramTransport> {
        let transport = Rc::new_cyclic(|this| DatagramSocket {
            this: this.clone(),
            descriptor: socket.as_raw_fd(),
            local: rustix::net::getsockname(&socket).ok().and_then(Address::of),
            peer: rustix::net::getpeername(&socket).ok().flatten().and_then(Address::of),
            footing: Footing::default(),
            socket: RefCell::new(Some(Rc::new(socket))),
            protocol: RefCell::new(Some(protocol.clone())),
            remote,
            outgoing: RefCell::default(),
            flow: Flow::default(),
            is_closing: Cell::new(false),
            reading: Context::current(),
            writing: RefCell::new(Context::new()),
        });
        let source = match transport.socket() {
            Some(socket) => Source::new(event_loop, &*socket, transport.clone())?,
            None => return Err(Error::runtime("the transport has no socket")),
        };
        transport.footing.stand(source);
        let handle = DatagramTransport(transport.clone());
        let (made_of, teller, reader) = (handle.clone(), transport.clone(), transport);
        let tell_made = move || teller.tell(protocol.connection_made(&made_of));
        let receive = move || {
            if !reader.is_closing() {
                reader.watch(Interest::Read);
            }
        };
        Footing::begin(event_loop, tell_made, Some(receive), Some(made));
        Ok(handle)
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.get()
    }

    pub(crate) fn buffered(&self) -> usize {
        self.outgoing.borrow().size()
    }

    pub(crate) fn marks(&self) -> Marks {
        self.flow.marks()
    }

    pub(crate) fn set_marks(&self, marks: Marks) {
        self.flow.set_marks(marks);
        self.pause_protocol();
    }

    pub(crate) fn local_address(&self) -> Option<Address> {
        self.local.clone()
    }

    pub(crate) fn peer_address(&self) -> Option<Address> {
        self.peer.clone()
    }

    /// The socket, unless it is closed.
    pub(crate) fn socket(&self) -> Option<Rc<OwnedFd>> {
        self.socket.borrow().clone()
    }

    fn ready_to_receive(&self) {
        if self.footing.is_lost() {
            return;
        }
        with_scratch(|scratch| {
            let received = match &*self.socket.borrow() {
                Some(socket) => rustix::net::recvfrom(&**socket, spare_capacity(scratch), RecvFlags::empty()),
                None => return,
            };
            let Some(protocol) = self.protocol() else { return };
            let outcome = match received {
                // One in an iteration: the next one keeps the socket ready.
                Ok((_, _, sender)) => protocol.datagram_received(scratch, &address_of(sender)),
                Err(Errno::AGAIN) => return self.footing.drained(Interest::Read),
                Err(Errno::INTR) => return,
                Err(errno) => protocol.error_received(&refused(errno)),
            };
            self.tell(outcome);
        });
    }

    fn protocol(&self) -> Option<Rc<dyn DatagramProtocol>> {
        self.protocol.borrow().clone()
    }

    /// Has the loop watch for this. When the system refuses, the transport is closed.
    fn watch(&self, interest: Interest) {
        if let Err(error) = self.footing.watch(interest) {
            self.lose(Some(error));
        }
    }

    /// Hands an error of the protocol to the exception handler, as nobody else is there to take it.
    fn tell(&self, outcome: Result<()>) {
        self.footing.tell(self, outcome);
    }
}

impl Ready for DatagramSocket {
    fn loop_is_closed(&self) {
        self.is_closing.set(true);
        self.footing.note_lost();
        self.release();
    }

    fn ready(&self, interest: Interest) {
        match interest {
            Interest::Read => self.reading.run(|| self.ready_to_receive()),
            Interest::Write => {
                let context = self.writing.borrow().clone();
                context.run(|| self.ready_to_send());
            }
        }
    }
}

impl fmt::Debug for DatagramSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<DatagramTransport")?;
        if self.socket.borrow().is_none() {
            f.write_str(" closed")?;
        } else if self.is_closing() {
            f.write_str(" closing")?;
        }
        let watched = |interest| match self.footing.is_watched(interest) {
            true => "polling",
            false => "idle",
        };
        let (reading, writing) = (watched(Interest::Read), watched(Interest::Write));
        let (descriptor, size) = (self.descriptor, self.buffered());
        write!(f, " fd={descriptor} read={reading} write=<{writing}, bufsize={size}>>")
    }
}
