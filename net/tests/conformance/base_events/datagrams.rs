//! `create_datagram_endpoint`.

use std::net::UdpSocket;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::rc::Rc;

use kolo_executor::{Error, Kind, Promise, Result, running_loop};
use kolo_net::{
    Address, DatagramEndpoint, DatagramProtocol, DatagramTransport, Family, create_datagram_endpoint, create_datagram_endpoint_on,
};
use rustix::net::sockopt;

use crate::support::outcome::{error_of, kind_of};
use crate::support::runs::in_loop;

struct MyDatagramProto {
    done: Promise<()>,
}

impl DatagramProtocol for MyDatagramProto {
    fn connection_lost(&self, error: Option<&Error>) -> Result<()> {
        assert!(error.is_none());
        self.done.set_result(())
    }
}

fn make() -> Rc<MyDatagramProto> {
    Rc::new(MyDatagramProto { done: Promise::new() })
}

/// Closes the endpoint, and waits for its protocol to be told.
async fn closed((transport, protocol): (DatagramTransport, Rc<MyDatagramProto>)) -> Result<()> {
    transport.close();
    protocol.done.clone().await
}

#[test]
fn test_create_datagram_endpoint_wrong_sock() {
    in_loop(async {
        let (stream, _) = UnixStream::pair()?;
        let (kind, text) = error_of(create_datagram_endpoint_on(make, stream).await.map(drop));
        assert_eq!(kind, Kind::Value);
        assert!(text.starts_with("A datagram socket was expected"), "{text}");
        Ok(())
    });
}

#[test]
fn test_create_datagram_endpoint_connect_err() {
    in_loop(async {
        // Not without permission to broadcast.
        let refused = create_datagram_endpoint(make)
            .remote(("255.255.255.255", 1))
            .await
            .map(drop)
            .unwrap_err();
        assert_eq!((refused.kind(), refused.errno()), (Kind::Io, Some(13)));
        Ok(())
    });
}

#[test]
fn test_create_datagram_endpoint_allow_broadcast() {
    in_loop(async {
        let endpoint = create_datagram_endpoint(make)
            .remote(("127.0.0.1", 0))
            .allow_broadcast(true)
            .await?;
        assert_eq!(endpoint.0.peer_address(), None);
        closed(endpoint).await
    });
}

#[test]
fn test_create_datagram_endpoint_noaddr_nofamily() {
    in_loop(async {
        let (kind, text) = error_of(create_datagram_endpoint(make).await.map(drop));
        assert_eq!((kind, &*text), (Kind::Value, "unexpected address family"));
        Ok(())
    });
}

#[test]
fn test_create_datagram_endpoint_sock_unix() {
    in_loop(async {
        let endpoint = create_datagram_endpoint(make).unix().await?;
        assert_eq!(endpoint.0.local_address(), Some(Address::Unnamed));
        closed(endpoint).await
    });
}

#[test]
fn test_create_datagram_endpoint_existing_sock_unix() {
    let path = std::env::temp_dir().join(format!("kolo-existing-sock-unix-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let at = path.clone();
    in_loop(async move {
        drop(UnixDatagram::bind(&at)?);
        closed(create_datagram_endpoint(make).local(at).unix().await?).await
    });
    std::fs::remove_file(path).unwrap();
}

#[test]
fn test_create_datagram_endpoint_sock_sockopts() {
    in_loop(async {
        let socket = || UdpSocket::bind(("127.0.0.1", 0));
        let on: [DatagramEndpoint<_>; 5] = [
            create_datagram_endpoint_on(make, socket()?).local(("127.0.0.1", 0)),
            create_datagram_endpoint_on(make, socket()?).remote(("127.0.0.1", 0)),
            create_datagram_endpoint_on(make, socket()?).family(Family::V4),
            create_datagram_endpoint_on(make, socket()?).reuse_port(true),
            create_datagram_endpoint_on(make, socket()?).allow_broadcast(true),
        ];
        for endpoint in on {
            assert_eq!(kind_of(endpoint.await.map(drop)), Kind::Value);
        }
        Ok(())
    });
}

#[test]
fn test_create_datagram_endpoint_sockopts() {
    in_loop(async {
        for asked in [false, true] {
            let endpoint = create_datagram_endpoint(make).local(("127.0.0.1", 0));
            let endpoint = endpoint.reuse_port(asked).allow_broadcast(asked).await?;
            let socket = endpoint.0.socket().expect("an open socket");
            let options = [
                sockopt::socket_reuseport(&*socket).expect("an option"),
                sockopt::socket_broadcast(&*socket).expect("an option"),
                sockopt::socket_reuseaddr(&*socket).expect("an option"),
            ];
            assert_eq!(options, [asked, asked, false]);
            drop(socket);
            closed(endpoint).await?;
        }
        Ok(())
    });
}

#[test]
fn test_create_datagram_endpoint_ip_addr() {
    in_loop(async {
        let before = running_loop().iterations();
        let endpoint = create_datagram_endpoint(make).local(("127.0.0.1", 0)).await?;
        // Asking the resolver would have taken two more.
        assert_eq!(running_loop().iterations() - before, 2);
        assert_eq!(
            endpoint.0.local_address().unwrap().inet().unwrap().ip().to_string(),
            "127.0.0.1"
        );
        closed(endpoint).await
    });
}
