//! Raw sockets.

use std::net::{TcpListener, UdpSocket};
use std::rc::Rc;

use kolo_net::{sock_accept, sock_connect, sock_recv, sock_sendall};
use rustix::net::{AddressFamily, SocketType, socket};

use crate::support::runs::in_loop;

/// The name has addresses of both kinds on some computers: each socket is connected to one of its own.
#[test]
fn test_sock_connect_resolve_using_socket_params() {
    in_loop(async {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let stream = Rc::new(socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket"));
        rustix::io::ioctl_fionbio(&*stream, true).expect("an open socket");
        sock_connect(&stream, ("localhost", port)).await?;
        sock_accept(&Rc::new(listener)).await?;

        let receiver = UdpSocket::bind(("127.0.0.1", 0))?;
        receiver.set_nonblocking(true)?;
        let port = receiver.local_addr()?.port();
        let datagrams = Rc::new(socket(AddressFamily::INET, SocketType::DGRAM, None).expect("a socket"));
        rustix::io::ioctl_fionbio(&*datagrams, true).expect("an open socket");
        sock_connect(&datagrams, ("localhost", port)).await?;
        sock_sendall(&datagrams, b"hello").await?;
        assert_eq!(sock_recv(&Rc::new(receiver), 64).await?, b"hello");
        Ok(())
    });
}
