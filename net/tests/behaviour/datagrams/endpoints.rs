//! The sockets that are made for endpoints.

use std::net::{Ipv6Addr, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::rc::Rc;

use kolo_executor::testing::hops;
use kolo_executor::{Kind, Result};
use kolo_net::{Address, DatagramEndpoint, Family, create_datagram_endpoint, create_datagram_endpoint_on};

use super::Recorder;
use crate::support::outcome::error_of;
use crate::support::runs::{in_loop, traced};

fn make() -> Rc<Recorder> {
    Recorder::new(&Default::default())
}

/// What is said of what is told.
async fn refused(endpoint: DatagramEndpoint<Recorder>) -> (Kind, String) {
    error_of(endpoint.await.map(drop))
}

fn value(text: &str) -> (Kind, String) {
    (Kind::Value, text.to_owned())
}

#[test]
fn without_an_address_there_is_a_family() {
    in_loop(async {
        let endpoint = create_datagram_endpoint(make);
        assert_eq!(refused(endpoint).await, value("unexpected address family"));
        let (transport, _) = create_datagram_endpoint(make).family(Family::V4).await?;
        assert_eq!(transport.local_address().unwrap().to_string(), "('0.0.0.0', 0)");
        transport.close();
        let (transport, _) = create_datagram_endpoint(make).unix().await?;
        assert_eq!(transport.local_address(), Some(Address::Unnamed));
        transport.close();
        Ok(())
    });
}

#[test]
fn addresses_that_do_not_go_together_are_refused() {
    in_loop(async {
        let path = || std::env::temp_dir().join("kolo-no-such-datagrams");
        let both = create_datagram_endpoint(make)
            .local(("127.0.0.1", 0))
            .remote((Ipv6Addr::LOCALHOST, 1));
        assert_eq!(refused(both).await, value("can not get address information"));
        let mixed = create_datagram_endpoint(make).local(("127.0.0.1", 0)).remote(path());
        assert_eq!(refused(mixed).await, value("the path of a Unix socket is expected"));
        let inet = create_datagram_endpoint(make).remote(("127.0.0.1", 1)).unix();
        assert_eq!(refused(inet).await, value("the path of a Unix socket is expected"));
        let other = create_datagram_endpoint(make).local(("127.0.0.1", 0)).family(Family::V6);
        let text = "[Errno -9] Address family for hostname not supported".to_owned();
        assert_eq!(refused(other).await, (Kind::Io, text));
        let error = create_datagram_endpoint(make).remote(path()).await.map(drop).unwrap_err();
        assert_eq!((error.errno(), error.place().unwrap().file()), (Some(2), file!()));
        Ok(())
    });
}

#[test]
fn a_name_is_looked_up() {
    in_loop(async {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        let port = socket.local_addr()?.port();
        let endpoint = create_datagram_endpoint(make).remote(("localhost", port)).family(Family::V4);
        let (transport, _) = endpoint.await?;
        assert_eq!(transport.peer_address(), Some(Address::from(socket.local_addr()?)));
        transport.close();
        Ok(())
    });
}

#[test]
fn a_port_in_use_is_the_systems_error_unless_it_is_shared() {
    in_loop(async {
        let (first, _) = create_datagram_endpoint(make)
            .local(("127.0.0.1", 0))
            .reuse_port(true)
            .await?;
        let address = first.local_address().unwrap();
        let error = create_datagram_endpoint(make)
            .local(address.clone())
            .await
            .map(drop)
            .unwrap_err();
        assert_eq!((error.kind(), error.errno()), (Kind::Io, Some(98)));
        let (second, _) = create_datagram_endpoint(make).local(address.clone()).reuse_port(true).await?;
        assert_eq!(second.local_address(), Some(address));
        first.close();
        second.close();
        Ok(())
    });
}

#[test]
fn unix_datagrams_go_between_paths() {
    let folder = std::env::temp_dir();
    let path = |name: &str| folder.join(format!("kolo-datagrams-{name}-{}", std::process::id()));
    let (ours, theirs) = (path("ours"), path("theirs"));
    let paths = [ours.clone(), theirs.clone()];
    let events = traced(async move |trace| {
        // A file of a socket that nobody uses is in the way.
        drop(UnixDatagram::bind(&theirs)?);
        let recorder = Recorder::new(&trace);
        let (server, recorder) = create_datagram_endpoint(move || recorder).local(&*theirs).await?;
        let (client, _) = create_datagram_endpoint(make).local(ours.clone()).remote(theirs).await?;
        trace.take();
        trace.start();
        client.send(b"hello")?;
        hops(2).await?;
        assert_eq!(*recorder.sender.borrow(), Some(Address::Unix(ours)));
        client.close();
        server.close();
        Ok(())
    });
    for path in paths {
        std::fs::remove_file(path).unwrap();
    }
    assert_eq!(events[..1], ["+1 received hello"]);
}

#[test]
fn a_socket_that_is_there_is_told_nothing_else() {
    in_loop(async {
        let (stream, _) = UnixStream::pair()?;
        let (kind, text) = refused(create_datagram_endpoint_on(make, stream)).await;
        assert_eq!(kind, Kind::Value);
        assert!(text.starts_with("A datagram socket was expected, got "), "{text}");
        let socket = || UdpSocket::bind(("127.0.0.1", 0));
        let told: [(DatagramEndpoint<_>, &str); 5] = [
            (
                create_datagram_endpoint_on(make, socket()?).local(("127.0.0.1", 0)),
                "local_addr=('127.0.0.1', 0)",
            ),
            (
                create_datagram_endpoint_on(make, socket()?).remote(("name", 1)),
                "remote_addr=('name', 1)",
            ),
            (create_datagram_endpoint_on(make, socket()?).family(Family::V4), "family=2"),
            (
                create_datagram_endpoint_on(make, socket()?).reuse_port(true),
                "reuse_port=True",
            ),
            (
                create_datagram_endpoint_on(make, socket()?).unix().allow_broadcast(true),
                "family=1, allow_broadcast=True",
            ),
        ];
        for (endpoint, what) in told {
            let text = format!("socket modifier keyword arguments can not be used when sock is specified. ({what})");
            assert_eq!(refused(endpoint).await, value(&text));
        }
        Ok(())
    });
}

#[test]
fn a_socket_that_is_there_is_used_as_it_is() {
    let events = traced(async |trace| {
        let [one, other] = [UdpSocket::bind(("127.0.0.1", 0))?, UdpSocket::bind(("127.0.0.1", 0))?];
        one.connect(other.local_addr()?)?;
        let address = Address::from(one.local_addr()?);
        let recorder = Recorder::new(&trace);
        let (transport, _) = create_datagram_endpoint_on(move || recorder, one).await?;
        trace.log_iteration("there");
        assert_eq!(transport.local_address(), Some(address));
        transport.send(b"hello")?;
        let mut buffer = [0; 64];
        assert_eq!(other.recv(&mut buffer)?, 5);
        transport.close();
        Ok(())
    });
    assert_eq!(events[..2], ["+1 made", "+2 there"]);
}

#[test]
fn the_factory_is_called_once_there_is_a_socket() {
    fn never() -> Rc<Recorder> {
        unreachable!("there is no socket")
    }
    in_loop(async {
        let outcome: Result<_> = create_datagram_endpoint(never).await;
        assert!(outcome.is_err());
        Ok(())
    });
}
