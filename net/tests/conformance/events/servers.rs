//! Connections and servers of protocols.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::rc::Rc;
use std::thread;

use kolo_executor::testing::{Trace, hops};
use kolo_executor::{Result, running_loop};
use kolo_net::{
    CreateConnection, Server, StartServer, create_connection, create_connection_on, create_server, create_unix_connection,
};
use rustix::net::sockopt::socket_reuseport;

use crate::peers::scratch::Scratch;
use crate::peers::{Witness, address_of, told, words};
use crate::support::runs::{in_loop, traced};

/// Sends a word to one client, and ends.
fn greet<S: Read + Write>(accept: impl FnOnce() -> S + Send + 'static) {
    thread::spawn(move || accept().write_all(b"hello").expect("a client"));
}

/// A connection on which there is something to be received, and its end.
async fn greeted(connection: CreateConnection<Witness>) -> Result<()> {
    let (transport, witness) = connection.await?;
    assert!(witness.transport.borrow().is_some());
    assert!(transport.local_address().is_some());
    while witness.transport.borrow().is_some() {
        kolo_executor::sleep(0.001).await?;
    }
    Ok(())
}

/// What has happened, without the iterations, which another thread decides on here.
fn without_iterations(events: Vec<String>) -> Vec<String> {
    let event = |event: &String| event.split_once(' ').expect("an iteration").1.to_owned();
    events.iter().map(event).collect()
}

#[test]
fn test_create_connection() {
    let events = traced(async |trace| {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        greet(move || listener.accept().expect("a client").0);
        greeted(create_connection(move || Rc::new(Witness::new(&trace)), address)).await
    });
    assert_eq!(
        without_iterations(events),
        ["made", "data hello", "eof", "lost in good order"]
    );
}

#[test]
fn test_create_unix_connection() {
    let events = traced(async |trace| {
        let scratch = Scratch::new();
        let listener = UnixListener::bind(scratch.path("server"))?;
        greet(move || listener.accept().expect("a client").0);
        greeted(create_unix_connection(
            move || Rc::new(Witness::new(&trace)),
            scratch.path("server"),
        ))
        .await
    });
    assert_eq!(
        without_iterations(events),
        ["made", "data hello", "eof", "lost in good order"]
    );
}

#[test]
fn test_connect_accepted_socket() {
    let events = traced(async |trace| {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let mut client = TcpStream::connect(listener.local_addr()?)?;
        let (accepted, _) = listener.accept()?;
        client.write_all(b"test data")?;
        let (transport, _) = create_connection_on(move || Rc::new(Witness::new(&trace)), accepted).await?;
        hops(1).await?;
        transport.write(b"response")?;
        transport.close();
        hops(2).await?;
        let mut response = String::new();
        client.read_to_string(&mut response)?;
        assert_eq!(response, "response");
        Ok(())
    });
    assert_eq!(events, ["+1 made", "+2 data test data", "+4 lost in good order"]);
}

fn server_of(trace: &Trace, at: impl Into<kolo_net::Hosts>) -> StartServer {
    let trace = trace.clone();
    create_server(move || Rc::new(Witness::new(&trace)), at)
}

#[test]
fn test_create_server() {
    let events = traced(async |trace| {
        let server = server_of(&trace, ("0.0.0.0", 0)).await?;
        assert_eq!(server.addresses().len(), 1);
        trace.start();
        let mut client = TcpStream::connect(("127.0.0.1", address_of(&server).port()))?;
        client.write_all(b"xxx")?;
        hops(5).await?;
        client.shutdown(std::net::Shutdown::Both)?;
        hops(3).await?;
        server.close();
        server.wait_closed().await
    });
    assert_eq!(events, ["+3 made", "+4 data xxx", "+6 eof", "+7 lost in good order"]);
}

#[test]
fn test_create_server_addr_in_use() {
    in_loop(async {
        let trace = Trace::new();
        let server = server_of(&trace, ("127.0.0.1", 0)).await?;
        let error = server_of(&trace, address_of(&server)).await.map(drop).expect_err("in use");
        assert_eq!(error.errno(), Some(98));
        assert!(words(&error).contains("address already in use"));
        server.close();
        Ok(())
    });
}

/// Whether a client is accepted there.
async fn accepts(trace: &Trace, to: (&str, u16)) -> Result<bool> {
    let _client = TcpStream::connect(to)?;
    hops(4).await?;
    Ok(trace.take().iter().any(|event| event.ends_with(" made")))
}

#[test]
fn test_create_server_dual_stack() {
    in_loop(async {
        if TcpListener::bind(("::1", 0)).is_err() {
            return Ok(());
        }
        let trace = Trace::new();
        trace.start();
        // A port that is free just now; asyncio's own test tries again as well.
        let mut server = None;
        for _ in 0..10 {
            let port = TcpListener::bind(("0.0.0.0", 0))?.local_addr()?.port();
            if let Ok(started) = server_of(&trace, ("", port)).await {
                server = Some((started, port));
                break;
            }
        }
        let (server, port) = server.expect("a free port");
        assert_eq!(server.addresses().len(), 2);
        assert!(accepts(&trace, ("127.0.0.1", port)).await?);
        assert!(accepts(&trace, ("::1", port)).await?);
        server.close();
        server.close_clients();
        server.wait_closed().await
    });
}

#[test]
fn test_create_server_multiple_hosts_ipv6() {
    in_loop(async {
        if TcpListener::bind(("::1", 0)).is_err() {
            return Ok(());
        }
        let server = server_of(&Trace::new(), (["::1", "::1"], 0)).await?;
        assert_eq!(server.addresses().len(), 1);
        let server_2 = server_of(&Trace::new(), (["::1", "127.0.0.1"], 0)).await?;
        assert_eq!(server_2.addresses().len(), 2);
        server.close();
        server_2.close();
        Ok(())
    });
}

#[test]
fn test_create_server_reuse_port() {
    in_loop(async {
        for on in [false, true] {
            let trace = Trace::new();
            let server = server_of(&trace, ("127.0.0.1", 0)).reuse_port(on).await?;
            let second = server_of(&trace, address_of(&server)).reuse_port(on).await;
            assert_eq!(second.is_ok(), on);
            second.iter().for_each(Server::close);
            server.close();
        }
        Ok(())
    });
}

#[test]
fn test_create_server_sock() {
    in_loop(async {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let (address, number) = (listener.local_addr()?, listener.as_raw_fd());
        assert!(!socket_reuseport(listener.as_fd()).expect("a socket"));
        let trace = Trace::new();
        trace.start();
        // As std makes it, it blocks: the server has it not block.
        let server = server_of(&trace, ("127.0.0.1", 0)).on(OwnedFd::from(listener)).await?;
        assert_eq!(address_of(&server), address);
        assert!(
            running_loop().add_reader(&number, || {}).is_err(),
            "it is the very descriptor"
        );
        assert!(accepts(&trace, ("127.0.0.1", address.port())).await?);
        server.close();
        server.close_clients();
        server.wait_closed().await
    });
}

#[test]
fn test_server_close() {
    in_loop(async {
        let server = server_of(&Trace::new(), ("127.0.0.1", 0)).await?;
        let address = address_of(&server);
        let client = TcpStream::connect(address)?;
        drop(client);
        server.close();
        let refused = TcpStream::connect(address).map(drop).map_err(kolo_executor::Error::from);
        assert_eq!(told(refused), "[Errno 111] Connection refused");
        Ok(())
    });
}
