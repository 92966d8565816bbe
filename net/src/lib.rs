//! Sockets, streams and servers, as asyncio has them, to the iteration.
//!
//! Everything stands on the executor's public [`Source`](kolo_executor::primitive::Source): a descriptor of which the loop tells its owner. On that stands
//! the transport, which reads, buffers and writes; on that the streams.
#![forbid(unsafe_code)]
// Elsewhere `kolo` says so, and there is nothing else to say.
#![cfg(unix)]

mod address;
mod connect;
mod connection;
mod datagram;
mod endpoint;
mod protocol;
mod resolve;
mod server;
mod sock;
mod staggered;
mod stream;
mod system;
#[cfg(feature = "tls")]
mod tls;
mod transport;

pub use address::Address;
pub use connection::{
    CreateConnection, OpenConnection, create_connection, create_connection_on, create_unix_connection, open_connection,
    open_connection_on, open_unix_connection,
};
pub use datagram::endpoint::{DatagramEndpoint, create_datagram_endpoint, create_datagram_endpoint_on};
pub use datagram::protocol::DatagramProtocol;
pub use datagram::transport::DatagramTransport;
pub use endpoint::Endpoint;
pub use protocol::Protocol;
pub use resolve::{Family, getaddrinfo};
pub use server::{
    ClientConnected, Hosts, Server, StartServer, create_server, create_unix_server, start_server, start_unix_server,
};
pub use sock::accept::{Listener, sock_accept};
pub use sock::connect::sock_connect;
pub use sock::receive::{sock_recv, sock_recv_into, sock_recvfrom, sock_recvfrom_into};
pub use sock::send::{sock_sendall, sock_sendto};
pub use stream::lines::Lines;
pub use stream::reader::StreamReader;
pub use stream::streams::Streams;
pub use stream::writer::StreamWriter;
#[cfg(feature = "tls")]
pub use tls::{TlsClient, TlsEnd, TlsServer};
pub use transport::Transport;

pub mod transports {
    //! For authors of transports: what streams and protocols stand on. Programs that only use them need nothing of it.
    //!
    //! A transport of a new kind is a [`Channel`], and a [`Transport`](crate::Transport) of it; it stands on a
    //! [`Source`](kolo_executor::primitive::Source), or on another transport. Streams over it are a [`StreamReader`](crate::StreamReader) and a
    //! [`StreamWriter`](crate::StreamWriter), and the [`StreamProtocol`] that the transport tells. What all of them have is a [`Footing`], and what
    //! writes a [`Flow`]; [`connected`] waits until one is there.
    //!
    //! ```
    //! use std::cell::{Cell, RefCell};
    //! use std::fmt;
    //! use std::io::{Read, Write};
    //! use std::os::unix::net::UnixStream;
    //! use std::rc::{Rc, Weak};
    //!
    //! use kolo::primitive::{Interest, Ready, Source};
    //! use kolo::transports::{Channel, Flow, Footing, Marks, connected, with_scratch};
    //! use kolo::{Error, Promise, Protocol, Result, Transport, run, running_loop};
    //!
    //! /// A transport over one end of a pair of sockets.
    //! struct Wire {
    //!     this: Weak<Wire>,
    //!     socket: UnixStream,
    //!     footing: Footing,
    //!     flow: Flow,
    //!     protocol: RefCell<Option<Rc<dyn Protocol>>>,
    //!     unsent: RefCell<Vec<u8>>,
    //!     is_closing: Cell<bool>,
    //!     is_paused: Cell<bool>,
    //! }
    //!
    //! impl Wire {
    //!     fn start(socket: UnixStream, protocol: Rc<dyn Protocol>, made: Promise<()>) -> Result<Transport> {
    //!         socket.set_nonblocking(true)?;
    //!         let wire = Rc::new_cyclic(|this: &Weak<Wire>| Wire {
    //!             this: this.clone(),
    //!             socket,
    //!             footing: Footing::default(),
    //!             flow: Flow::default(),
    //!             protocol: RefCell::new(Some(protocol.clone())),
    //!             unsent: RefCell::default(),
    //!             is_closing: Cell::new(false),
    //!             is_paused: Cell::new(false),
    //!         });
    //!         wire.footing.stand(Source::new(&running_loop(), &wire.socket, wire.clone())?);
    //!         let transport = Transport::new(wire.clone());
    //!         let (told, teller) = (transport.clone(), wire.clone());
    //!         let tell_made = move || teller.footing.tell(&*teller, protocol.connection_made(&told));
    //!         Footing::begin(&running_loop(), tell_made, Some(move || wire.resume_reading()), Some(made));
    //!         Ok(transport)
    //!     }
    //!
    //!     fn tell(&self, tell: impl FnOnce(&dyn Protocol) -> Result<()>) {
    //!         if let Some(protocol) = self.protocol() {
    //!             self.footing.tell(self, tell(&*protocol));
    //!         }
    //!     }
    //!
    //!     fn read(&self) {
    //!         with_scratch(|bytes| {
    //!             bytes.resize(16 * 1024, 0); // reading into the room behind the bytes spares the zeros
    //!             match (&self.socket).read(bytes) {
    //!                 Ok(0) => self.close(),
    //!                 Ok(n) => self.tell(|protocol| protocol.data_received(&bytes[..n])),
    //!                 Err(_) => self.footing.drained(Interest::Read),
    //!             }
    //!         });
    //!     }
    //!
    //!     fn send(&self) {
    //!         let mut unsent = self.unsent.borrow_mut();
    //!         let sent = (&self.socket).write(&unsent).unwrap_or(0);
    //!         unsent.drain(..sent);
    //!         let buffered = unsent.len();
    //!         drop(unsent); // a protocol that is told may write
    //!         if buffered == 0 {
    //!             if self.footing.is_watched(Interest::Write) {
    //!                 self.footing.unwatch(Interest::Write);
    //!             }
    //!         } else if self.footing.watch(Interest::Write).is_err() {
    //!             return self.abort();
    //!         }
    //!         if self.flow.pauses(buffered) {
    //!             self.tell(|protocol| protocol.pause_writing());
    //!         } else if self.flow.resumes(buffered) {
    //!             self.tell(|protocol| protocol.resume_writing());
    //!         }
    //!         if buffered == 0 && self.is_closing() {
    //!             self.abort();
    //!         }
    //!     }
    //!
    //!     fn lose(&self) {
    //!         let protocol = self.protocol.take();
    //!         let tell = || protocol.map_or(Ok(()), |protocol| protocol.connection_lost(None));
    //!         let message = "Exception at the end of a wire";
    //!         Footing::lose(|| self.footing.report_failed(self, message, tell()), || self.footing.close());
    //!     }
    //! }
    //!
    //! impl Ready for Wire {
    //!     fn ready(&self, interest: Interest) {
    //!         match interest {
    //!             Interest::Read => self.read(),
    //!             Interest::Write => self.send(),
    //!         }
    //!     }
    //! }
    //!
    //! impl Channel for Wire {
    //!     fn write(&self, data: &[u8]) -> Result<()> {
    //!         if self.footing.event_loop().is_none() {
    //!             self.footing.count_lost(); // nobody is there to be told
    //!         } else if self.footing.is_lost() {
    //!             self.footing.swallow("the wire is cut");
    //!         } else {
    //!             self.unsent.borrow_mut().extend_from_slice(data);
    //!             self.send();
    //!         }
    //!         Ok(())
    //!     }
    //!
    //!     fn write_lines(&self, lines: &mut dyn Iterator<Item = &[u8]>) -> Result<()> {
    //!         for line in lines {
    //!             self.write(line)?;
    //!         }
    //!         Ok(())
    //!     }
    //!
    //!     fn write_eof(&self) -> Result<()> {
    //!         Err(Error::runtime("a wire is closed in both directions"))
    //!     }
    //!
    //!     fn can_write_eof(&self) -> bool {
    //!         false
    //!     }
    //!
    //!     fn close(&self) {
    //!         self.is_closing.set(true);
    //!         self.footing.unwatch(Interest::Read);
    //!         if self.unsent.borrow().is_empty() {
    //!             self.abort();
    //!         }
    //!     }
    //!
    //!     fn abort(&self) {
    //!         self.is_closing.set(true);
    //!         if !self.footing.is_lost() {
    //!             self.footing.note_lost();
    //!             self.footing.lose_soon(self.this.upgrade().map(|wire| move || wire.lose()));
    //!         }
    //!     }
    //!
    //!     fn is_closing(&self) -> bool {
    //!         self.is_closing.get()
    //!     }
    //!
    //!     fn pause_reading(&self) {
    //!         self.is_paused.set(true);
    //!         self.footing.unwatch(Interest::Read);
    //!     }
    //!
    //!     fn resume_reading(&self) {
    //!         self.is_paused.set(false);
    //!         if let Some(error) = self.footing.watch(Interest::Read).err().filter(|_| self.is_reading()) {
    //!             self.footing.report(self, "the wire cannot be watched", error);
    //!             self.abort();
    //!         }
    //!     }
    //!
    //!     fn is_reading(&self) -> bool {
    //!         !self.is_closing() && !self.is_paused.get()
    //!     }
    //!
    //!     fn buffered(&self) -> usize {
    //!         self.unsent.borrow().len()
    //!     }
    //!
    //!     fn marks(&self) -> Marks {
    //!         self.flow.marks()
    //!     }
    //!
    //!     fn set_marks(&self, marks: Marks) {
    //!         self.flow.set_marks(marks);
    //!     }
    //!
    //!     fn protocol(&self) -> Option<Rc<dyn Protocol>> {
    //!         self.protocol.borrow().clone()
    //!     }
    //!
    //!     fn set_protocol(&self, protocol: Rc<dyn Protocol>) {
    //!         self.protocol.replace(Some(protocol));
    //!     }
    //! }
    //!
    //! impl fmt::Debug for Wire {
    //!     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    //!         f.write_str("<Wire>")
    //!     }
    //! }
    //!
    //! struct First(Promise<Vec<u8>>);
    //!
    //! impl Protocol for First {
    //!     fn data_received(&self, data: &[u8]) -> Result<()> {
    //!         self.0.set_result(data.to_vec())
    //!     }
    //! }
    //!
    //! run(async {
    //!     let (ours, theirs) = UnixStream::pair()?;
    //!     let first = Rc::new(First(Promise::new()));
    //!     let start = |made| Wire::start(ours, first.clone(), made);
    //!     let wire = connected(&running_loop(), start, Transport::close).await?;
    //!     wire.write("hello")?;
    //!     (&theirs).write_all(b"good day")?;
    //!     assert_eq!(first.0.clone().await?, b"good day");
    //!     wire.close();
    //!     Ok(())
    //! })
    //! .unwrap();
    //! ```

    pub use crate::stream::protocol::StreamProtocol;
    pub use crate::transport::Channel;
    pub use crate::transport::connected::connected;
    pub use crate::transport::flow::Flow;
    pub use crate::transport::footing::Footing;
    pub use crate::transport::marks::Marks;
    pub use crate::transport::scratch::with_scratch;
}
