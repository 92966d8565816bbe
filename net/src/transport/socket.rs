//! The transport of a stream socket.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::rc::{Rc, Weak};

use kolo_executor::primitive::{Interest, Ready, Source};
use kolo_executor::{Context, Error, EventLoop, ExceptionContext, Kind, Promise, Result};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, Shutdown};

use crate::address::Address;
use crate::protocol::Protocol;
use crate::server::clients::{Client, Clients};
use crate::system::refused;
use crate::transport::marks::Marks;
use crate::transport::outgoing::Outgoing;
use crate::transport::{Channel, Transport, scratch};
use crate::warning;

/// After so many writes to a connection that is lost, one is told of them.
const LOST_WRITES_UNTOLD: usize = 5;

pub(crate) struct SocketTransport {
    this: Weak<SocketTransport>,
    descriptor: RawFd,
    /// `None` once the connection is lost.
    socket: RefCell<Option<OwnedFd>>,
    source: OnceCell<Source>,
    protocol: RefCell<Option<Rc<dyn Protocol>>>,
    /// The server that accepted it, until it is lost.
    client_of: RefCell<Option<Client>>,
    addresses: [Option<Address>; 2],
    /// Whether a read that finds less than it asks for has found all.
    reads_all: bool,
    outgoing: RefCell<Outgoing>,
    marks: Cell<Marks>,
    is_closing: Cell<bool>,
    /// No more is written after what is buffered.
    has_eof: Cell<bool>,
    is_paused: Cell<bool>,
    is_protocol_paused: Cell<bool>,
    /// Not 0 once the protocol is told, or about to be, that the connection is lost; then it counts what is written all the same.
    lost: Cell<usize>,
    /// In which the protocol is told of what is read, and of what was written when it came to be buffered.
    reading: Context,
    writing: RefCell<Context>,
}

impl SocketTransport {
    /// A transport of this socket, which must not block. In the next iteration its protocol is told that the connection is made, then it begins to
    /// read, then `made` is set.
    ///
    /// # Errors
    /// Runtime, when the loop is closed.
    pub(crate) fn start(
        event_loop: &EventLoop,
        socket: OwnedFd,
        protocol: Rc<dyn Protocol>,
        clients: Option<&Rc<Clients>>,
        made: Promise<()>,
    ) -> Result<Transport> {
        let descriptor = socket.as_raw_fd();
        let local = rustix::net::getsockname(&socket).ok().and_then(Address::of);
        let peer = rustix::net::getpeername(&socket).ok().flatten().and_then(Address::of);
        let is_tcp = matches!(local, Some(Address::Inet(_)));
        if is_tcp {
            // Small writes are sent without waiting for the answer to those before. Refused for what is no TCP after all.
            let _ = rustix::net::sockopt::set_tcp_nodelay(&socket, true);
        }
        let transport = Rc::new_cyclic(|this| SocketTransport {
            this: this.clone(),
            descriptor,
            socket: RefCell::new(Some(socket)),
            source: OnceCell::new(),
            protocol: RefCell::new(Some(protocol.clone())),
            client_of: RefCell::default(),
            addresses: [local, peer],
            reads_all: is_tcp,
            outgoing: RefCell::default(),
            marks: Cell::default(),
            is_closing: Cell::new(false),
            has_eof: Cell::new(false),
            is_paused: Cell::new(false),
            is_protocol_paused: Cell::new(false),
            lost: Cell::new(0),
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
        transport.source.get_or_init(|| source);
        let handle = Transport(transport.clone());
        transport.client_of.replace(clients.map(|clients| clients.attach(&handle)));
        let (made_of, teller, reader) = (handle.clone(), transport.clone(), transport);
        event_loop.call_soon(move || teller.tell(protocol.connection_made(&made_of)));
        event_loop.call_soon(move || reader.begin_reading());
        event_loop.call_soon(move || {
            // Refused when it was cancelled.
            let _ = made.set_result(());
        });
        Ok(handle)
    }

    fn source(&self) -> Option<&Source> {
        self.source.get()
    }

    fn event_loop(&self) -> Option<EventLoop> {
        self.source()?.event_loop().filter(|event_loop| !event_loop.is_closed())
    }

    fn unwatch(&self, interest: Interest) {
        self.source().map(|source| source.unwatch(interest));
    }

    /// Has the loop watch for this. When the system refuses, the connection is lost.
    fn watch(&self, interest: Interest) {
        if let Some(Err(error)) = self.source().map(|source| source.watch(interest)) {
            self.lose(Some(error));
        }
    }

    /// An error of the protocol that is nobody's to handle.
    fn tell(&self, outcome: Result<()>) {
        if let Err(error) = outcome {
            self.report("Exception in callback", error);
        }
    }

    fn report(&self, message: &str, error: Error) {
        let Some(event_loop) = self.event_loop() else { return };
        let context = ExceptionContext::new(message).with_error(error);
        event_loop.call_exception_handler(&context.with_detail("transport", self));
    }

    fn protocol(&self) -> Option<Rc<dyn Protocol>> {
        self.protocol.borrow().clone()
    }

    fn read_ready(&self) {
        if self.lost.get() > 0 {
            return;
        }
        scratch::with(|scratch| {
            let received = match &*self.socket.borrow() {
                Some(socket) => rustix::net::recv(socket, &mut *scratch, RecvFlags::empty()),
                None => return,
            };
            match received {
                Ok((0, _)) => self.end_received(),
                Ok((count, _)) => {
                    if count < scratch.len() && self.reads_all {
                        self.drained(Interest::Read);
                    }
                    let received = self
                        .protocol()
                        .map(|protocol| self.reading.run(|| protocol.data_received(&scratch[..count])));
                    if let Some(Err(error)) = received {
                        self.fail("Fatal error: protocol.data_received() call failed.", error);
                    }
                }
                Err(Errno::AGAIN) => self.drained(Interest::Read),
                Err(Errno::INTR) => {}
                Err(error) => self.lose(Some(refused(error))),
            }
        });
    }

    fn drained(&self, interest: Interest) {
        if let Some(source) = self.source() {
            source.drained(interest);
        }
    }

    fn end_received(&self) {
        let Some(protocol) = self.protocol() else { return };
        match self.reading.run(|| protocol.eof_received()) {
            // It stays open for writing.
            Ok(true) => self.unwatch(Interest::Read),
            Ok(false) => self.close(),
            Err(error) => self.fail("Fatal error: protocol.eof_received() call failed.", error),
        }
    }

    /// The protocol has failed.
    fn fail(&self, message: &str, error: Error) {
        // What the system said is not told of: the connection is lost, which its user learns.
        if error.kind() != Kind::Io {
            self.report(message, error.clone());
        }
        self.lose(Some(error));
    }

    /// Sends these bytes as far as there is room. `None`: the connection is lost.
    fn send(&self, bytes: &[u8]) -> Option<usize> {
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

    fn write_ready(&self) {
        if self.lost.get() > 0 {
            return;
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
            Err(Errno::AGAIN) => self.drained(Interest::Write),
            Err(Errno::INTR) => {}
            Err(error) => self.lose(Some(refused(error))),
        }
    }

    fn all_is_sent(&self) {
        self.unwatch(Interest::Write);
        if self.is_closing() {
            self.connection_lost(None);
        } else if self.has_eof.get() {
            self.tell(self.shut());
        }
    }

    fn shut(&self) -> Result<()> {
        match &*self.socket.borrow() {
            Some(socket) => rustix::net::shutdown(socket, Shutdown::Write).map_err(refused),
            None => Ok(()),
        }
    }

    fn watch_writing(&self) {
        self.writing.replace(Context::current());
        self.watch(Interest::Write);
    }

    fn pause_protocol(&self) {
        if self.buffered() > self.marks.get().high && !self.is_protocol_paused.replace(true) {
            let outcome = self.protocol().map_or(Ok(()), |protocol| protocol.pause_writing());
            if let Err(error) = outcome {
                self.report("protocol.pause_writing() failed", error);
            }
        }
    }

    fn resume_protocol(&self) {
        if self.buffered() <= self.marks.get().low && self.is_protocol_paused.replace(false) {
            let outcome = self.protocol().map_or(Ok(()), |protocol| protocol.resume_writing());
            if let Err(error) = outcome {
                self.report("protocol.resume_writing() failed", error);
            }
        }
    }

    /// Ends the connection, whatever is buffered; its protocol is told in the next iteration.
    fn lose(&self, error: Option<Error>) {
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

    fn connection_lost(&self, error: Option<Error>) {
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

impl Ready for SocketTransport {
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

impl Channel for SocketTransport {
    fn write(&self, data: &[u8]) -> Result<()> {
        if self.has_eof.get() {
            return Err(Error::runtime("Cannot call write() after write_eof()"));
        }
        if data.is_empty() || self.swallows() {
            return Ok(());
        }
        let mut rest = data;
        if self.outgoing.borrow().is_empty() {
            match self.send(data) {
                Some(count) if count < data.len() => rest = &data[count..],
                // All of it, or nobody is there to read it.
                _ => return Ok(()),
            }
            self.watch_writing();
        }
        self.outgoing.borrow_mut().push(rest);
        self.pause_protocol();
        Ok(())
    }

    fn write_lines(&self, lines: &mut dyn Iterator<Item = &[u8]>) -> Result<()> {
        if self.has_eof.get() {
            return Err(Error::runtime("Cannot call writelines() after write_eof()"));
        }
        // What is closing sends what it has, and no more of these.
        if self.is_closing() {
            return Ok(());
        }
        let count = {
            let outgoing = &mut *self.outgoing.borrow_mut();
            let lines = lines.filter(|line| !line.is_empty());
            lines.map(|line| outgoing.push(line)).count()
        };
        if count > 0 {
            self.write_ready();
            if !self.outgoing.borrow().is_empty() {
                self.watch_writing();
            }
        }
        Ok(())
    }

    fn write_eof(&self) -> Result<()> {
        if self.is_closing() || self.has_eof.replace(true) {
            return Ok(());
        }
        if self.outgoing.borrow().is_empty() {
            return self.shut();
        }
        Ok(())
    }

    fn can_write_eof(&self) -> bool {
        true
    }

    fn close(&self) {
        if self.is_closing.replace(true) {
            return;
        }
        self.unwatch(Interest::Read);
        if self.outgoing.borrow().is_empty() {
            self.unwatch(Interest::Write);
            self.lose_soon(None);
        }
    }

    fn abort(&self) {
        self.lose(None);
    }

    fn is_closing(&self) -> bool {
        self.is_closing.get()
    }

    fn pause_reading(&self) {
        if self.is_reading() {
            self.is_paused.set(true);
            self.unwatch(Interest::Read);
        }
    }

    fn resume_reading(&self) {
        if !self.is_closing() && self.is_paused.replace(false) {
            self.watch(Interest::Read);
        }
    }

    fn is_reading(&self) -> bool {
        !self.is_closing() && !self.is_paused.get()
    }

    fn buffered(&self) -> usize {
        self.outgoing.borrow().len()
    }

    fn marks(&self) -> Marks {
        self.marks.get()
    }

    fn set_marks(&self, marks: Marks) {
        self.marks.set(marks);
        self.pause_protocol();
    }

    fn local_address(&self) -> Option<Address> {
        self.addresses[0].clone()
    }

    fn peer_address(&self) -> Option<Address> {
        self.addresses[1].clone()
    }
}

impl SocketTransport {
    fn begin_reading(&self) {
        if self.is_reading() {
            self.watch(Interest::Read);
        }
    }

    /// Whether nothing is sent any more: the connection is lost.
    fn swallows(&self) -> bool {
        let lost = self.lost.get();
        if lost >= LOST_WRITES_UNTOLD {
            warning::tell(format_args!("socket.send() raised exception."));
        }
        if lost > 0 {
            self.lost.set(lost.saturating_add(1));
        }
        lost > 0
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
        let watched = |interest| match self.source().is_some_and(|source| source.is_watched(interest)) {
            true => "polling",
            false => "idle",
        };
        let (reading, writing) = (watched(Interest::Read), watched(Interest::Write));
        write!(f, " read={reading} write=<{writing}, bufsize={}>>", self.buffered())
    }
}
