//! `create_connection`. Several addresses are those of a computer itself, of which nobody listens at either.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::rc::Rc;

use kolo_executor::testing::hops;
use kolo_executor::{Kind, running_loop};
use kolo_net::{CreateConnection, Protocol, create_connection, create_connection_on};
use rustix::net::{AddressFamily, SocketType};

use crate::support::outcome::{error_of, kind_of};
use crate::support::runs::in_loop;

struct MyProto;

impl Protocol for MyProto {}

fn my_proto() -> Rc<MyProto> {
    Rc::new(MyProto)
}

/// A port at which nobody listens while it is kept.
fn closed_port() -> (OwnedFd, u16) {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    rustix::net::bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
    let address = rustix::net::getsockname(&socket).expect("a bound socket");
    (socket, SocketAddr::try_from(address).expect("an address of TCP").port())
}

/// The numbers of the errors of which it tells.
async fn all_errors(connection: CreateConnection<MyProto>) -> Vec<Option<i32>> {
    let error = connection.all_errors(true).await.map(drop).unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Group, "create_connection failed"));
    error.errors().iter().map(|error| error.errno()).collect()
}

#[test]
fn test_create_connection_multiple_errors() {
    in_loop(async {
        let (_kept, port) = closed_port();
        let (kind, text) = error_of(create_connection(my_proto, port).await.map(drop));
        let refused = |address: &str| format!("[Errno 111] Connect call failed {address}");
        let [six, four] = [format!("('::1', {port}, 0, 0)"), format!("('127.0.0.1', {port})")].map(|at| refused(&at));
        assert_eq!((kind, text), (Kind::Io, format!("Multiple exceptions: {six}, {four}")));
        assert_eq!(all_errors(create_connection(my_proto, port)).await, [Some(111); 2]);
        Ok(())
    });
}

#[test]
fn test_create_connection_connect_err() {
    in_loop(async {
        let (_kept, port) = closed_port();
        let connection = || create_connection(my_proto, ("127.0.0.1", port));
        assert_eq!(kind_of(connection().await.map(drop)), Kind::Io);
        assert_eq!(all_errors(connection()).await, [Some(111)]);
        Ok(())
    });
}

/// All of the errors say the same: each address is that of an IPv6 socket, and the local one is not.
#[test]
fn test_create_connection_multiple() {
    in_loop(async {
        let (_kept, port) = closed_port();
        let connection = || create_connection(my_proto, ("localhost", port)).local_address("::1", 0);
        assert_eq!(kind_of(connection().await.map(drop)), Kind::Io);
        let numbers = all_errors(connection()).await;
        assert!(!numbers.is_empty());
        Ok(())
    });
}

#[test]
fn test_create_connection_multiple_errors_local_addr() {
    in_loop(async {
        let (_kept, port) = closed_port();
        let connection = || create_connection(my_proto, port).local_address("127.0.0.1", 0);
        let (kind, text) = error_of(connection().await.map(drop));
        let expected = format!(
            "Multiple exceptions: no matching local address with family=<AddressFamily.AF_INET6: 10> found, \
             [Errno 111] Connect call failed ('127.0.0.1', {port})"
        );
        assert_eq!((kind, text), (Kind::Io, expected));
        assert_eq!(all_errors(connection()).await, [None, Some(111)]);
        Ok(())
    });
}

#[test]
fn test_create_connection_ip_addr() {
    in_loop(async {
        for host in ["127.0.0.1", "::1"] {
            let listener = TcpListener::bind((host, 0))?;
            let before = running_loop().iterations();
            let (transport, _) = create_connection(my_proto, (host, listener.local_addr()?.port())).await?;
            // Asking the resolver would have taken two more.
            assert_eq!(running_loop().iterations() - before, 4);
            assert_eq!(transport.peer_address().unwrap().inet(), Some(listener.local_addr()?));
            transport.close();
            hops(1).await?;
        }
        Ok(())
    });
}

#[test]
fn test_create_connection_wrong_sock() {
    in_loop(async {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        let (kind, text) = error_of(create_connection_on(my_proto, socket).await.map(drop));
        assert_eq!(kind, Kind::Value);
        assert!(text.starts_with("A Stream Socket was expected"), "{text}");
        Ok(())
    });
}

/// A host with a zone is no address yet: the resolver makes one of it.
#[test]
fn test_ipaddr_info() {
    in_loop(async {
        let listener = TcpListener::bind(("::1", 0))?;
        let port = listener.local_addr()?.port();
        let before = running_loop().iterations();
        let (transport, _) = create_connection(my_proto, ("::1%1", port)).await?;
        assert_eq!(running_loop().iterations() - before, 6);
        assert_eq!(transport.peer_address().unwrap().inet().unwrap().port(), port);
        transport.close();
        hops(1).await?;
        let other = create_connection(my_proto, ("::1", port)).family(kolo_net::Family::V4);
        let refused = "[Errno -9] Address family for hostname not supported".to_owned();
        assert_eq!(error_of(other.await.map(drop)), (Kind::Io, refused));
        Ok(())
    });
}
