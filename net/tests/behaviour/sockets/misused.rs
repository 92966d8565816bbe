//! Sockets that cannot be used so.

use std::fs::File;
use std::net::UdpSocket;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::rc::Rc;
use std::task::Poll;

use kolo_executor::primitive::{Interest, Ready, Source};
use kolo_executor::testing::run;
use kolo_executor::{Kind, cancellable, running_loop, sleep};
use kolo_net::{open_connection_on, sock_connect, sock_recv, sock_recv_into, sock_sendall};

use super::{fill, pair, send};
use crate::support::outcome::{error_of, kind_of};
use crate::support::outside::{Bell, poll_outside};
use crate::support::runs::in_loop;

#[test]
fn in_debug_mode_a_socket_that_blocks_is_refused() {
    in_loop(async {
        let (ours, theirs) = UnixStream::pair()?;
        let ours = Rc::new(ours);
        send(&theirs, b"abc");
        assert_eq!(sock_recv(&ours, 1).await?, b"a");
        running_loop().set_debug(true);
        let expected = (Kind::Value, "the socket must be non-blocking".to_owned());
        assert_eq!(error_of(sock_recv(&ours, 1).await), expected);
        assert_eq!(error_of(sock_recv_into(&ours, &mut [0]).await), expected);
        let error = sock_sendall(&ours, b"x").await.unwrap_err();
        assert_eq!((error.kind(), error.place().unwrap().file()), (Kind::Value, file!()));
        ours.set_nonblocking(true)?;
        assert_eq!(sock_recv(&ours, 1).await?, b"b");
        Ok(())
    });
}

#[derive(Debug)]
struct Transport;

impl Ready for Transport {
    fn ready(&self, _: Interest) {}
}

#[test]
fn that_of_a_transport_is_refused_when_it_has_to_be_watched() {
    in_loop(async {
        let (ours, theirs) = pair();
        let source = Source::new(&running_loop(), &*ours, Rc::new(Transport))?;
        // As in asyncio, what need not wait is not refused.
        send(&theirs, b"a");
        assert_eq!(sock_recv(&ours, 1).await?, b"a");
        let error = sock_recv(&ours, 1).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Runtime);
        assert!(error.message().ends_with("is used by transport Transport"), "{error}");
        assert_eq!(error.place().unwrap().file(), file!());
        fill(&ours);
        assert_eq!(kind_of(sock_sendall(&ours, b"x").await), Kind::Runtime);
        source.close();
        send(&theirs, b"b");
        assert_eq!(sock_recv(&ours, 1).await?, b"b");
        Ok(())
    });
}

#[test]
fn what_is_no_socket_is_the_systems_error() {
    in_loop(async {
        let file = Rc::new(File::open("/dev/null")?);
        let error = sock_recv(&file, 1).await.unwrap_err();
        assert_eq!((error.kind(), error.errno()), (Kind::Io, Some(88)));
        let (ours, _theirs) = pair();
        let error = sock_recv(&ours, usize::MAX).await.unwrap_err();
        assert_eq!((error.kind(), error.errno()), (Kind::Io, Some(12)));
        Ok(())
    });
}

#[test]
fn without_a_loop_nothing_is_done() {
    let (ours, theirs) = pair();
    send(&theirs, b"a");
    let outcome = poll_outside(&mut Box::pin(sock_recv(&ours, 1)), &Bell::new());
    assert_eq!(outcome.map(kind_of), Poll::Ready(Kind::Runtime));
}

#[test]
fn one_whom_nothing_can_wake_is_found_out() {
    let outcome = run(async {
        let (ours, _theirs) = pair();
        let socket = ours.clone();
        let _first = kolo_executor::create_task(async move { cancellable(sock_recv(&socket, 1)).await });
        sleep(0).await?;
        let waiting = sock_recv(&ours, 1);
        let displaced = kolo_executor::wait_for(waiting, 1).await;
        assert_eq!(kind_of(displaced), Kind::Timeout);
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn an_address_of_another_family_is_refused_in_the_resolvers_words() {
    in_loop(async {
        let socket = Rc::new(UdpSocket::bind(("127.0.0.1", 0))?);
        socket.set_nonblocking(true)?;
        let error = sock_connect(&socket, ("::1", 80)).await.unwrap_err();
        assert_eq!(error.message(), "[Errno -9] Address family for hostname not supported");
        let socket = Rc::new(UnixDatagram::unbound()?);
        socket.set_nonblocking(true)?;
        let expected = (
            Kind::Value,
            "a Unix socket is connected to a path, not to a host and a port".to_owned(),
        );
        assert_eq!(error_of(sock_connect(&socket, ("127.0.0.1", 80)).await), expected);
        Ok(())
    });
}

#[test]
fn a_socket_of_datagrams_has_no_streams() {
    in_loop(async {
        let error = open_connection_on(UdpSocket::bind(("127.0.0.1", 0))?).await.unwrap_err();
        assert_eq!(error.message(), "A Stream Socket was expected, got one of datagrams");
        Ok(())
    });
}
