//! Sockets that are connected.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::rc::Rc;

use kolo_executor::testing::hops;
use kolo_executor::{Kind, create_task, running_loop};
use kolo_net::{sock_connect, sock_recv, sock_sendall};
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::support::outcome::{error_of, kind_of};
use crate::support::runs::{in_loop, traced};

fn socket(family: AddressFamily) -> Rc<OwnedFd> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    Rc::new(rustix::net::socket_with(family, SocketType::STREAM, flags, None).expect("a socket"))
}

/// Where nobody listens.
fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("a bound socket")
}

#[test]
fn an_address_is_connected_to_in_two_iterations() {
    let events = traced(async |trace| {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let socket = socket(AddressFamily::INET);
        trace.log_iteration("connects");
        sock_connect(&socket, listener.local_addr()?).await?;
        trace.log_iteration("connected");
        assert!(!running_loop().remove_writer(&*socket), "watched no more");
        Ok(())
    });
    assert_eq!(events, ["+0 connects", "+2 connected"]);
}

#[test]
fn a_host_that_is_an_address_is_not_looked_up() {
    let events = traced(async |trace| {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        sock_connect(&socket(AddressFamily::INET), ("127.0.0.1", listener.local_addr()?.port())).await?;
        trace.log_iteration("connected");
        Ok(())
    });
    assert_eq!(events, ["+2 connected"]);
}

#[test]
fn a_name_is_looked_up() {
    in_loop(async {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let client = socket(AddressFamily::INET);
        sock_connect(&client, ("localhost", port)).await?;
        listener.accept()?;
        let unknown = sock_connect(&socket(AddressFamily::INET), ("no such host", port)).await;
        let expected = (Kind::Io, "[Errno -2] Name or service not known".to_owned());
        assert_eq!(error_of(unknown), expected);
        Ok(())
    });
}

#[test]
fn a_refused_connection_says_to_whom() {
    in_loop(async {
        let address = closed_port();
        let error = sock_connect(&socket(AddressFamily::INET), address).await.unwrap_err();
        assert_eq!((error.kind(), error.errno()), (Kind::Io, Some(111)));
        let expected = format!("[Errno 111] Connect call failed ('127.0.0.1', {})", address.port());
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.place().unwrap().file(), file!());
        Ok(())
    });
}

#[test]
fn unix_and_datagram_sockets_are_connected_at_once() {
    let path = std::env::temp_dir().join(format!("kolo-connect-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let to = path.clone();
    let events = traced(async move |trace| {
        let _listener = UnixListener::bind(&to)?;
        sock_connect(&socket(AddressFamily::UNIX), to).await?;
        let (one, other) = (UdpSocket::bind(("127.0.0.1", 0))?, UdpSocket::bind(("127.0.0.1", 0))?);
        let (one, other) = (Rc::new(one), Rc::new(other));
        sock_connect(&one, other.local_addr()?).await?;
        sock_sendall(&one, b"hello").await?;
        assert_eq!(sock_recv(&other, 64).await?, b"hello");
        trace.log_iteration("connected");
        Ok(())
    });
    std::fs::remove_file(path).unwrap();
    assert_eq!(events, ["+0 connected"]);
}

#[test]
fn a_path_where_nothing_is_is_the_systems_error() {
    in_loop(async {
        let nowhere = std::env::temp_dir().join("kolo-there-is-no-such-socket");
        let error = sock_connect(&socket(AddressFamily::UNIX), nowhere).await.unwrap_err();
        assert_eq!((error.kind(), error.errno()), (Kind::Io, Some(2)));
        let long = std::path::PathBuf::from("x".repeat(200));
        let outcome = sock_connect(&socket(AddressFamily::UNIX), long).await;
        assert_eq!(error_of(outcome), (Kind::Io, "AF_UNIX path too long".to_owned()));
        let (ours, _theirs) = UnixStream::pair()?;
        let outcome = sock_connect(&Rc::new(ours), ("localhost", 80)).await;
        assert_eq!(kind_of(outcome), Kind::Value);
        Ok(())
    });
}

#[test]
fn a_cancelled_one_watches_no_more() {
    in_loop(async {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let (address, client) = (listener.local_addr()?, socket(AddressFamily::INET));
        let socket = client.clone();
        let connecting = create_task(async move { sock_connect(&socket, address).await });
        hops(1).await?;
        connecting.cancel();
        assert_eq!(kind_of(connecting.await), Kind::Cancelled);
        assert!(!running_loop().remove_writer(&*client));
        assert_eq!(Rc::strong_count(&client), 1);
        // Once more: it is connected already, or about to be.
        let again = sock_connect(&client, address).await;
        assert!(matches!(again.map_err(|error| error.errno()), Ok(()) | Err(Some(106))));
        Ok(())
    });
}
