//! Connections to somebody: to which address, in how many iterations, and what is said when there is nobody.

mod cancelled;
mod eyeballs;
mod failures;
mod iterations;

use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;

use kolo_executor::testing::{Trace, hops};
use kolo_executor::{Result, all_tasks};
use kolo_net::{CreateConnection, Protocol, create_connection};

/// A protocol that does nothing.
pub(crate) struct Silent;

impl Protocol for Silent {}

pub(crate) fn silent() -> Rc<Silent> {
    Rc::new(Silent)
}

/// A listener on this computer, at a free port, by IPv4 alone.
pub(crate) fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("a bound socket");
    (listener, address)
}

/// A port at which nobody listens, and nobody will while it is kept.
pub(crate) fn closed_port() -> (rustix::fd::OwnedFd, u16) {
    let socket = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None);
    let socket = socket.expect("a socket");
    rustix::net::bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    let address = rustix::net::getsockname(&socket).expect("a bound socket");
    let port = SocketAddr::try_from(address).expect("an address of TCP").port();
    (socket, port)
}

/// Records in which iteration the connection is there, or what is said.
pub(crate) async fn try_out(trace: &Trace, what: &str, connection: CreateConnection<Silent>) -> Result<()> {
    trace.start();
    match connection.await {
        Ok((transport, _)) => {
            trace.log_iteration(what);
            transport.abort();
            // Nothing else is to be done while the next one waits.
            hops(2).await?;
        }
        Err(error) => trace.log_iteration(format_args!("{what}: {error}")),
    }
    assert_eq!(all_tasks().len(), 1, "{what}");
    Ok(())
}

/// One to this port of this computer: by IPv6, and if nobody is there, by IPv4.
pub(crate) fn here(port: u16) -> CreateConnection<Silent> {
    create_connection(silent, port)
}

/// One to this port by IPv4.
pub(crate) fn at(port: u16) -> CreateConnection<Silent> {
    create_connection(silent, ("127.0.0.1", port))
}
