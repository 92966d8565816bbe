//! `test_sock_lowlevel`: raw sockets, with servers on threads of their own.

mod clients;
mod datagrams;
mod huge;
mod racing;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::rc::Rc;
use std::thread::{self, JoinHandle};

use rustix::net::{AddressFamily, SocketFlags, SocketType};

/// Answers so many HTTP requests, one after the other: a `POST /loop` with what was posted, any other with a text.
pub(crate) fn http_server(count: usize) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("a bound socket");
    let server = thread::spawn(move || {
        for _ in 0..count {
            answer(listener.accept().expect("a connection").0);
        }
    });
    (address, server)
}

/// The same on a Unix socket.
pub(crate) fn unix_http_server(name: &str, count: usize) -> (PathBuf, JoinHandle<()>) {
    let path = std::env::temp_dir().join(format!("kolo-{name}-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).expect("a free path");
    let server = thread::spawn(move || {
        for _ in 0..count {
            answer(listener.accept().expect("a connection").0);
        }
    });
    (path, server)
}

/// Answers with what comes while it comes: a client sends all before it reads, or both at once.
fn answer(mut connection: impl Read + Write) {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut buffer = [0; 1024];
        let count = connection.read(&mut buffer).expect("a request");
        assert!(count > 0, "a whole request");
        request.extend(&buffer[..count]);
    }
    connection
        .write_all(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        .expect("a client");
    let text = String::from_utf8_lossy(&request).into_owned();
    let Some(length) = text
        .strip_prefix("POST /loop")
        .and_then(|rest| rest.split("Content-Length: ").nth(1))
    else {
        return connection.write_all(b"Test message").expect("a client");
    };
    let mut left: usize = length.split('\r').next().unwrap_or_default().parse().expect("a length");
    let mut buffer = [0; 65536];
    while left > 0 {
        let count = connection.read(&mut buffer).expect("a body");
        assert!(count > 0, "a whole body");
        connection.write_all(&buffer[..count]).expect("a client");
        left -= count;
    }
}

/// Sends so many datagrams back to where they come from.
pub(crate) fn udp_echo_server(count: usize) -> (SocketAddr, JoinHandle<()>) {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a free port");
    let address = socket.local_addr().expect("a bound socket");
    let server = thread::spawn(move || {
        let mut buffer = [0; 65536];
        for _ in 0..count {
            let (length, from) = socket.recv_from(&mut buffer).expect("a datagram");
            socket.send_to(&buffer[..length], from).expect("a peer");
        }
    });
    (address, server)
}

/// A socket that is not connected and does not block.
pub(crate) fn socket(family: AddressFamily, kind: SocketType) -> Rc<OwnedFd> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    Rc::new(rustix::net::socket_with(family, kind, flags, None).expect("a socket"))
}

/// The same, of TCP.
pub(crate) fn tcp_socket() -> Rc<OwnedFd> {
    socket(AddressFamily::INET, SocketType::STREAM)
}
