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
mod unclaimed;

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
    //! [`StreamWriter`](crate::StreamWriter), and the [`StreamProtocol`] that the transport tells.

    //! What all of them have is a [`Footing`], and what writes a [`Flow`]; [`connected`] waits until one is there.

    pub use crate::stream::protocol::StreamProtocol;
    pub use crate::transport::Channel;
    pub use crate::transport::connected::connected;
    pub use crate::transport::flow::Flow;
    pub use crate::transport::footing::Footing;
    pub use crate::transport::marks::Marks;
    pub use crate::transport::scratch::with_scratch;
}
