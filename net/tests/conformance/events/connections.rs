//! Connections from a local address.

use std::net::TcpListener;
use std::rc::Rc;

use kolo_executor::Kind;
use kolo_net::{Protocol, create_connection};

use crate::support::outcome::kind_of;
use crate::support::runs::in_loop;

struct MyProto;

impl Protocol for MyProto {}

#[test]
fn test_create_connection_local_addr() {
    in_loop(async {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        // A port that is free: it was just now.
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let connection = create_connection(|| Rc::new(MyProto), ("localhost", listener.local_addr()?.port()));
        let (transport, _) = connection.local_address("127.0.0.1", port).await?;
        assert_eq!(transport.local_address().unwrap().port(), Some(port));
        transport.close();
        Ok(())
    });
}

#[test]
fn test_create_connection_local_addr_nomatch_family() {
    in_loop(async {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let connection = create_connection(|| Rc::new(MyProto), ("127.0.0.1", listener.local_addr()?.port()));
        let outcome = connection.local_address("::1", 0).await;
        assert_eq!(kind_of(outcome.map(drop)), Kind::Io);
        Ok(())
    });
}
