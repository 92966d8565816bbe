//! Connections of a listener.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use kolo_executor::testing::hops;
use kolo_executor::{Kind, create_task, running_loop};
use kolo_net::{sock_accept, sock_recv, sock_sendall};

use crate::support::outcome::kind_of;
use crate::support::runs::{in_loop, traced};

fn listener() -> (Rc<TcpListener>, std::net::SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.set_nonblocking(true).expect("an open socket");
    let address = listener.local_addr().expect("a bound socket");
    (Rc::new(listener), address)
}

#[test]
fn a_connection_that_waits_is_accepted_at_once() {
    let events = traced(async |trace| {
        let (listener, address) = listener();
        let client = TcpStream::connect(address)?;
        let (connection, peer) = sock_accept(&listener).await?;
        trace.log_iteration("accepted");
        assert_eq!(peer.inet(), Some(client.local_addr()?));
        // It does not block.
        assert!((&*connection).read(&mut [0]).is_err());
        sock_sendall(&connection, b"hello").await?;
        Ok(())
    });
    assert_eq!(events, ["+0 accepted"]);
}

#[test]
fn one_that_comes_is_accepted_in_the_next_iteration_and_the_task_goes_on_in_the_one_after() {
    let events = traced(async |trace| {
        let (listener, address) = listener();
        let (log, socket) = (trace.clone(), listener.clone());
        let server = create_task(async move {
            let (connection, _) = sock_accept(&socket).await?;
            log.log_iteration("accepted");
            sock_recv(&connection, 64).await
        });
        hops(2).await?;
        trace.log_iteration("connects");
        (&TcpStream::connect(address)?).write_all(b"hello")?;
        assert_eq!(server.await?, b"hello");
        assert!(!running_loop().remove_reader(&*listener));
        Ok(())
    });
    assert_eq!(events, ["+2 connects", "+4 accepted"]);
}

#[test]
fn one_that_was_accepted_for_a_cancelled_task_is_closed() {
    in_loop(async {
        let (listener, address) = listener();
        let socket = listener.clone();
        let server = create_task(async move { sock_accept(&socket).await });
        hops(2).await?;
        let client = TcpStream::connect(address)?;
        hops(2).await?;
        assert!(!server.done());
        server.cancel();
        assert_eq!(kind_of(server.await), Kind::Cancelled);
        assert_eq!((&client).read(&mut [0])?, 0);
        Ok(())
    });
}

#[test]
fn one_that_comes_with_the_cancellation_stays_for_the_next() {
    in_loop(async {
        let (listener, address) = listener();
        let socket = listener.clone();
        let server = create_task(async move { sock_accept(&socket).await });
        hops(2).await?;
        let client = TcpStream::connect(address)?;
        server.cancel();
        assert_eq!(kind_of(server.await), Kind::Cancelled);
        let (_, peer) = sock_accept(&listener).await?;
        assert_eq!(peer.inet(), Some(client.local_addr()?));
        Ok(())
    });
}

#[test]
fn one_that_somebody_else_takes_is_waited_for_again() {
    in_loop(async {
        let (listener, address) = listener();
        let socket = listener.clone();
        let server = create_task(async move { sock_accept(&socket).await });
        hops(2).await?;
        let _first = TcpStream::connect(address)?;
        hops(1).await?;
        // The loop was told of it, and has not come to it.
        listener.accept()?;
        hops(2).await?;
        assert!(!server.done());
        let second = TcpStream::connect(address)?;
        assert_eq!(server.await?.1.inet(), Some(second.local_addr()?));
        Ok(())
    });
}

#[test]
fn unix_listeners_give_unix_streams() {
    let path = std::env::temp_dir().join(format!("kolo-accept-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let to = path.clone();
    in_loop(async move {
        let listener = std::os::unix::net::UnixListener::bind(&to)?;
        listener.set_nonblocking(true)?;
        let client = UnixStream::connect(&to)?;
        let (connection, peer): (Rc<UnixStream>, _) = sock_accept(&Rc::new(listener)).await?;
        assert_eq!(peer, kolo_net::Address::Unnamed);
        (&client).write_all(b"hello")?;
        assert_eq!(sock_recv(&connection, 64).await?, b"hello");
        Ok(())
    });
    std::fs::remove_file(path).unwrap();
}
