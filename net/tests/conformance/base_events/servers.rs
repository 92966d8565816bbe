//! Servers.

use std::fs::File;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::rc::Rc;

use kolo_executor::testing::hops;
use kolo_executor::{Kind, running_loop, sleep};
use kolo_net::{Protocol, create_connection_on, create_server};
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::peers::{Witness, address_of, tcp_pair, told};
use crate::support::child::in_child;
use crate::support::outcome::error_of;
use crate::support::reports::Reports;
use crate::support::runs::{in_loop, traced};

struct Nothing;

impl Protocol for Nothing {}

fn nothing() -> Rc<Nothing> {
    Rc::new(Nothing)
}

#[test]
fn test_accept_connection_retry() {
    in_loop(async {
        let server = create_server(nothing, ("127.0.0.1", 0)).await?;
        // After each of them there is nothing more to be accepted.
        for _ in 0..2 {
            let _client = TcpStream::connect(address_of(&server))?;
            hops(4).await?;
            assert!(server.is_serving() && server.addresses().len() == 1);
        }
        server.close();
        server.close_clients();
        server.wait_closed().await
    });
}

#[test]
fn test_accept_connection_exception() {
    let name = concat!(module_path!(), "::test_accept_connection_exception");
    in_child(name, &[], || {
        let events = traced(async |trace| {
            let reports = Reports::of(&running_loop());
            let witness = trace.clone();
            let server = create_server(move || Rc::new(Witness::new(&witness)), ("127.0.0.1", 0)).await?;
            let _client = TcpStream::connect(address_of(&server))?;
            let mut limit = getrlimit(Resource::Nofile);
            limit.current = Some(64);
            setrlimit(Resource::Nofile, limit).expect("a lower limit is always allowed");
            let files: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
            hops(2).await?;
            assert_eq!(reports.messages(), ["socket.accept() out of system resource"]);
            assert_eq!(server.addresses().len(), 1);
            drop(files);
            sleep(1).await?;
            trace.start();
            hops(5).await?;
            server.close();
            server.abort_clients();
            server.wait_closed().await
        });
        assert_eq!(events.len(), 2, "{events:?}");
    });
}

#[test]
fn test_create_server_cant_bind() {
    in_loop(async {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let outcome = create_server(nothing, ("127.0.0.1", port)).await;
        let expected = format!(
            "[Errno 98] error while attempting to bind on address ('127.0.0.1', {port}): [errno 98] address already in use"
        );
        assert_eq!(told(outcome.map(drop)), expected);
        Ok(())
    });
}

#[test]
fn test_create_server_empty_host() {
    in_loop(async {
        let server = create_server(nothing, ("", 0)).await?;
        let addresses = server.addresses();
        let all = |address: &kolo_net::Address| address.inet().expect("of TCP").ip().is_unspecified();
        assert!(!addresses.is_empty() && addresses.iter().all(all), "{addresses:?}");
        server.close();
        Ok(())
    });
}

#[test]
fn test_create_server_ipv6() {
    in_loop(async {
        if TcpListener::bind(("::1", 0)).is_err() {
            return Ok(());
        }
        let server = create_server(nothing, ("::1", 0)).await?;
        assert_eq!(server.addresses().len(), 1);
        server.close();
        server.wait_closed().await
    });
}

#[test]
fn test_create_server_wrong_sock() {
    in_loop(async {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        let outcome = create_server(nothing, ("127.0.0.1", 0)).on(socket).await;
        let (kind, message) = error_of(outcome.map(drop));
        assert_eq!(kind, Kind::Value);
        assert!(message.starts_with("A Stream Socket was expected, got "), "{message}");
        Ok(())
    });
}

#[test]
fn test_set_nodelay() {
    in_loop(async {
        for is_blocking in [true, false] {
            let (ours, theirs) = tcp_pair()?;
            ours.set_nonblocking(!is_blocking)?;
            let same = ours.try_clone()?;
            assert!(!same.nodelay()?);
            create_connection_on(nothing, ours).await?.0.close();
            assert!(same.nodelay()?);
            assert!(!theirs.nodelay()?);
        }
        Ok(())
    });
}
