//! Clients, and a server's end.

use std::cell::Cell;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::rc::Rc;

use kolo_executor::{Error, Kind, Promise, Result, running_loop, wait_for};
use kolo_net::{
    Endpoint, Protocol, Transport, create_connection_on, sock_accept, sock_connect, sock_recv, sock_recv_into, sock_sendall,
};
use rustix::net::{AddressFamily, SocketType};

use super::{http_server, socket, tcp_socket, unix_http_server};
use crate::support::outcome::{error_of, kind_of};
use crate::support::runs::in_loop;

const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

async fn client_ops(endpoint: Endpoint, socket: Rc<OwnedFd>) -> Result<()> {
    running_loop().set_debug(true);
    rustix::io::ioctl_fionbio(&*socket, false).expect("an open socket");
    let refused = [
        kind_of(sock_connect(&socket, endpoint.clone()).await),
        kind_of(sock_sendall(&socket, REQUEST).await),
        kind_of(sock_recv(&socket, 1024).await),
        kind_of(sock_recv_into(&socket, &mut []).await),
        kind_of(sock_accept(&socket).await),
    ];
    assert_eq!(refused, [Kind::Value; 5]);

    rustix::io::ioctl_fionbio(&*socket, true).expect("an open socket");
    sock_connect(&socket, endpoint).await?;
    sock_sendall(&socket, REQUEST).await?;
    let data = sock_recv(&socket, 1024).await?;
    // What is left.
    sock_recv(&socket, 1024).await?;
    assert!(data.starts_with(b"HTTP/1.0 200 OK"));
    Ok(())
}

async fn recv_into(endpoint: Endpoint, socket: Rc<OwnedFd>) -> Result<()> {
    sock_connect(&socket, endpoint).await?;
    sock_sendall(&socket, REQUEST).await?;
    let mut data = [0; 1024];
    let count = sock_recv_into(&socket, &mut data).await?;
    sock_recv_into(&socket, &mut data[count..]).await?;
    assert!(data.starts_with(b"HTTP/1.0 200 OK"));
    Ok(())
}

#[test]
fn test_sock_client_ops() {
    let (address, server) = http_server(2);
    in_loop(async move {
        client_ops(address.into(), tcp_socket()).await?;
        recv_into(address.into(), tcp_socket()).await
    });
    server.join().unwrap();
}

#[test]
fn test_unix_sock_client_ops() {
    let (path, server) = unix_http_server("client-ops", 2);
    let to = path.clone();
    in_loop(async move {
        let unix = || socket(AddressFamily::UNIX, SocketType::STREAM);
        client_ops(to.clone().into(), unix()).await?;
        recv_into(to.into(), unix()).await
    });
    server.join().unwrap();
    std::fs::remove_file(path).unwrap();
}

#[test]
fn test_sock_client_fail() {
    let unused = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    in_loop(async move {
        let (kind, text) = error_of(sock_connect(&tcp_socket(), unused).await);
        let expected = format!("[Errno 111] Connect call failed ('127.0.0.1', {})", unused.port());
        assert_eq!((kind, text), (Kind::Io, expected));
        Ok(())
    });
}

#[test]
fn test_sock_accept() {
    in_loop(async {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let listener = Rc::new(listener);
        let client = TcpStream::connect(listener.local_addr()?)?;
        let (connection, address) = sock_accept(&listener).await?;
        let flags = rustix::fs::fcntl_getfl(&*connection).unwrap();
        assert!(flags.contains(rustix::fs::OFlags::NONBLOCK));
        assert_eq!(address.inet(), Some(client.local_addr()?));
        assert_eq!(client.peer_addr()?, listener.local_addr()?);
        Ok(())
    });
}

#[test]
fn test_cancel_sock_accept() {
    in_loop(async {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = Rc::new(listener);
        assert_eq!(kind_of(wait_for(sock_accept(&listener), 0.1).await), Kind::Timeout);
        drop(listener);
        let refused = sock_connect(&tcp_socket(), address).await.unwrap_err();
        assert_eq!(refused.errno(), Some(111));
        Ok(())
    });
}

struct MyProto {
    received: Cell<usize>,
    done: Promise<()>,
}

impl Protocol for MyProto {
    fn connection_made(&self, transport: &Transport) -> Result<()> {
        transport.write(b"GET / HTTP/1.0\r\nHost: example.com\r\n\r\n")
    }

    fn data_received(&self, data: &[u8]) -> Result<()> {
        self.received.set(self.received.get() + data.len());
        Ok(())
    }

    fn connection_lost(&self, _: Option<&Error>) -> Result<()> {
        self.done.set_result(())
    }
}

#[test]
fn test_create_connection_sock() {
    let (address, server) = http_server(1);
    in_loop(async move {
        let socket = tcp_socket();
        sock_connect(&socket, address).await?;
        let socket = Rc::into_inner(socket).expect("nobody waits for it any more");
        let make = || {
            Rc::new(MyProto {
                received: Cell::new(0),
                done: Promise::new(),
            })
        };
        let (transport, protocol) = create_connection_on(make, socket).await?;
        protocol.done.clone().await?;
        assert!(protocol.received.get() > 0);
        transport.close();
        Ok(())
    });
    server.join().unwrap();
}
