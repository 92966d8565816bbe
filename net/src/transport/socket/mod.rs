//! The transport of a stream socket.

mod channel;
mod ending;
mod reading;
mod sending;
mod told;
mod writing;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::rc::{Rc, Weak};

use kolo_executor::primitive::{Interest, Ready, Source};
use kolo_executor::{Context, Error, EventLoop, Promise, Result};

use crate::address::Address;
use crate::protocol::Protocol;
use crate::server::clients::{Client, Clients};
use crate::transport::flow::Flow;
use crate::transport::footing::Footing;
use crate::transport::outgoing::Outgoing;
use crate::transport::socket::sending::Sending;
use crate::transport::socket::told::Told;
use crate::transport::{Channel, Transport};

pub(crate) struct SocketTransport {
    this: Weak<SocketTransport>,
    descriptor: RawFd,
    /// `None` once the connection is lost.
    socket: RefCell<Option<OwnedFd>>,
    footing: Footing,
    protocol: RefCell<Option<Told>>,
    /// The server that accepted it, until it is lost.
    client_of: RefCell<Option<Client>>,
    addresses: [Option<Address>; 2],
    /// Whether a read that finds less than it asks for has found all.
    reads_all: bool,
    outgoing: RefCell<Outgoing>,
    sending: RefCell<Option<Sending>>,
    flow: Flow,
    is_closing: Cell<bool>,
    /// No more is written after what is buffered.
    has_eof: Cell<bool>,
    is_paused: Cell<bool>,
    /// In which the protocol is told of what is read, and of what was written when it came to be buffered.
    reading: Context,
    writing: RefCell<Context>,
}

impl SocketTransport {
    /// A transport of this socket, which must not block. In the next iteration its protocol is told that the connection is made, then it begins to
    /// read, then `made` is set, if it is wanted.
    ///
    /// # Errors
    /// Runtime, when the loop is closed.
    pub(crate) fn connected(
        event_loop: &EventLoop,
        socket: OwnedFd,
        protocol: Rc<dyn Protocol>,
        made: Option<Promise<()>>,
    ) -> Result<Transport> {
        let peer = rustix::net::getpeername(&socket).ok().flatten().and_then(Address::of);
        SocketTransport::start(event_loop, (socket, peer), protocol, None, made)
    }

    /// The same of a socket that a server has accepted.
    ///
    /// # Errors
    /// As `connected`.
    pub(crate) fn accepted(
        event_loop: &EventLoop,
        (socket, peer): (OwnedFd, Address),
        protocol: Rc<dyn Protocol>,
        clients: &Rc<Clients>,
        made: Option<Promise<()>>,
    ) -> Result<Transport> {
        SocketTransport::start(event_loop, (socket, Some(peer)), protocol, Some(clients), made)
    }

    fn start(
        event_loop: &EventLoop,
        (socket, peer): (OwnedFd, Option<Address>),
        protocol: Rc<dyn Protocol>,
        clients: Option<&Rc<Clients>>,
        made: Option<Promise<()>>,
    ) -> Result<Transport> {
        let descriptor = socket.as_raw_fd();
        let local = rustix::net::getsockname(&socket).ok().and_then(Address::of);
        let is_tcp = matches!(local, Some(Address::Inet(_)));
        if is_tcp {
            // Small writes are sent without waiting for the answer to those before. Refused for what is no TCP after all.
            let _ = rustix::net::sockopt::set_tcp_nodelay(&socket, true);
        }
        let transport = Rc::new_cyclic(|this| SocketTransport {
            this: this.clone(),
            descriptor,
            socket: RefCell::new(Some(socket)),
            footing: Footing::default(),
            protocol: RefCell::new(Some(Told::new(protocol.clone()))),
            client_of: RefCell::default(),
            addresses: [local, peer],
            reads_all: is_tcp,
            outgoing: RefCell::default(),
            sending: RefCell::default(),
            flow: Flow::default(),
            is_closing: Cell::new(false),
            has_eof: Cell::new(false),
            is_paused: Cell::new(false),
            reading: Context::current(),
            writing: RefCell::new(Context::new()),
        });
        let source = {
            let socket = transport.socket.borrow();
            let Some(socket) = &*socket else {
                return Err(Error::runtime("the transport has no socket"));
            };
            Source::new(event_loop, socket, transport.clone())?
        };
        transport.footing.stand(source);
        let handle = Transport(transport.clone());
        transport.client_of.replace(clients.map(|clients| clients.attach(&handle)));
        let (made_of, teller, reader) = (handle.clone(), transport.clone(), transport);
        let tell_made = move || teller.tell(protocol.connection_made(&made_of));
        Footing::begin(event_loop, tell_made, Some(move || reader.begin_reading()), made);
        Ok(handle)
    }

    /// Has the loop watch for this. When the system refuses, the connection is lost.
    fn watch(&self, interest: Interest) {
        if let Err(error) = self.footing.watch(interest) {
            self.lose(Some(error));
        }
    }

    /// An error of the protocol that is nobody's to handle.
    fn tell(&self, outcome: Result<()>) {
        self.footing.tell(self, outcome);
    }
}

impl Ready for SocketTransport {
    fn loop_is_closed(&self) {
        self.footing.note_lost();
        self.release();
    }

    fn ready(&self, interest: Interest) {
        match interest {
            Interest::Read => self.read_ready(),
            Interest::Write => {
                let context = self.writing.borrow().clone();
                context.run(|| self.write_ready());
            }
        }
    }
}

impl fmt::Debug for SocketTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<SocketTransport")?;
        if self.socket.borrow().is_none() {
            f.write_str(" closed")?;
        } else if self.is_closing() {
            f.write_str(" closing")?;
        }
        write!(f, " fd={}", self.descriptor)?;
        let watched = |interest| match self.footing.is_watched(interest) {
            true => "polling",
            false => "idle",
        };
        let (reading, writing) = (watched(Interest::Read), watched(Interest::Write));
        write!(f, " read={reading} write=<{writing}, bufsize={}>>", self.buffered())
    }
}
