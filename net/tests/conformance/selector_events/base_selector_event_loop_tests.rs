//! Raw sockets, and descriptors.

use std::net::{TcpListener, UdpSocket};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use kolo_executor::testing::{Trace, hops};
use kolo_executor::{Kind, Result, running_loop};
use kolo_net::{sock_accept, sock_connect, sock_recv, sock_sendall};
use rustix::net::{AddressFamily, SocketType, socket};

use crate::peers::{Witness, send};
use crate::support::outcome::kind_of;
use crate::support::runs::{in_loop, traced, virtual_loop};

/// The name has addresses of both kinds on some computers: each socket is connected to one of its own.
#[test]
fn test_sock_connect_resolve_using_socket_params() {
    in_loop(async {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let stream = Rc::new(socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket"));
        rustix::io::ioctl_fionbio(&*stream, true).expect("an open socket");
        sock_connect(&stream, ("localhost", port)).await?;
        sock_accept(&Rc::new(listener)).await?;

        let receiver = UdpSocket::bind(("127.0.0.1", 0))?;
        receiver.set_nonblocking(true)?;
        let port = receiver.local_addr()?.port();
        let datagrams = Rc::new(socket(AddressFamily::INET, SocketType::DGRAM, None).expect("a socket"));
        rustix::io::ioctl_fionbio(&*datagrams, true).expect("an open socket");
        sock_connect(&datagrams, ("localhost", port)).await?;
        sock_sendall(&datagrams, b"hello").await?;
        assert_eq!(sock_recv(&Rc::new(receiver), 64).await?, b"hello");
        Ok(())
    });
}

/// Logs the calls of a descriptor's reader and writer.
fn watch(trace: &Trace, end: &UnixStream, readers: bool) -> Result<()> {
    let log = trace.clone();
    match readers {
        true => running_loop().add_reader(end, move || log.log("reader")),
        false => running_loop().add_writer(end, move || log.log("writer")),
    }
}

/// What is called in two iterations of a descriptor that is ready for both.
fn called(act: impl FnOnce(&Trace, &UnixStream) -> Result<()> + 'static) -> Vec<String> {
    traced(async |trace| {
        let (ours, theirs) = UnixStream::pair()?;
        send(&theirs, b"x");
        act(&trace, &ours)?;
        hops(2).await?;
        trace.log("end");
        running_loop().remove_reader(&ours);
        running_loop().remove_writer(&ours);
        Ok(())
    })
}

#[test]
fn test_make_socket_transport() {
    let event_loop = virtual_loop();
    let (ours, _theirs) = UnixStream::pair().expect("a pair of sockets");
    let (again, number) = (ours.try_clone().expect("an open socket"), ours.as_raw_fd());
    let trace = Trace::new();
    let witness = trace.clone();
    let made = event_loop.run_until_complete(async move {
        witness.start();
        let transport = Witness::new(&witness).on(ours).await?;
        assert!(running_loop().add_reader(&number, || {}).is_err(), "it has an owner");
        Ok(transport)
    });
    let transport = made.expect("a transport");
    event_loop.close().expect("an idle loop");
    assert!(format!("{transport:?}").starts_with("<SocketTransport"), "{transport:?}");
    drop(again);
}

#[test]
fn test_close() {
    let event_loop = virtual_loop();
    let (ours, _theirs) = UnixStream::pair().expect("a pair of sockets");
    event_loop.close().expect("an idle loop");
    event_loop.close().expect("a loop that is closed already");
    assert_eq!(kind_of(event_loop.run_forever()), Kind::Runtime);
    assert_eq!(kind_of(event_loop.add_reader(&ours, || {})), Kind::Runtime);
    assert_eq!(kind_of(event_loop.add_writer(&ours, || {})), Kind::Runtime);
}

#[test]
fn test_add_reader_existing_writer() {
    let events = called(|trace, ours| {
        watch(trace, ours, false)?;
        watch(trace, ours, true)
    });
    assert_eq!(events, ["reader", "writer", "end"]);
}

#[test]
fn test_remove_reader_read_write() {
    let events = called(|trace, ours| {
        watch(trace, ours, true)?;
        watch(trace, ours, false)?;
        assert!(running_loop().remove_reader(ours));
        Ok(())
    });
    assert_eq!(events, ["writer", "end"]);
}

#[test]
fn test_remove_reader_unknown() {
    let events = called(|_, ours| {
        assert!(!running_loop().remove_reader(ours));
        Ok(())
    });
    assert_eq!(events, ["end"]);
}

#[test]
fn test_remove_reader() {
    let events = called(|trace, ours| {
        watch(trace, ours, false)?;
        assert!(!running_loop().remove_reader(ours));
        assert!(running_loop().remove_writer(ours));
        Ok(())
    });
    assert_eq!(events, ["end"]);
}

#[test]
fn test_add_writer() {
    assert_eq!(called(|trace, ours| watch(trace, ours, false)), ["writer", "end"]);
}

#[test]
fn test_remove_writer() {
    let events = called(|trace, ours| {
        watch(trace, ours, true)?;
        assert!(!running_loop().remove_writer(ours));
        assert!(running_loop().remove_reader(ours));
        Ok(())
    });
    assert_eq!(events, ["end"]);
}

#[test]
fn test_remove_writer_read_write() {
    let events = called(|trace, ours| {
        watch(trace, ours, true)?;
        watch(trace, ours, false)?;
        assert!(running_loop().remove_writer(ours));
        Ok(())
    });
    assert_eq!(events, ["reader", "end"]);
}

#[test]
fn test_remove_writer_unknown() {
    let events = called(|_, ours| {
        assert!(!running_loop().remove_writer(ours));
        Ok(())
    });
    assert_eq!(events, ["end"]);
}
