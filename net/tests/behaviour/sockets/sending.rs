//! What goes into a socket.

use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::rc::Rc;

use kolo_executor::testing::hops;
use kolo_executor::{Kind, create_task, running_loop};
use kolo_net::{Address, sock_recvfrom, sock_sendall, sock_sendto};

use super::{empty, fill, pair};
use crate::support::outcome::{error_of, kind_of};
use crate::support::runs::{in_loop, traced};

#[test]
fn what_there_is_room_for_goes_at_once() {
    let events = traced(async |trace| {
        let (ours, theirs) = pair();
        sock_sendall(&ours, b"hello").await?;
        sock_sendall(&ours, b"").await?;
        trace.log_iteration("sent");
        assert_eq!(empty(&theirs), 5);
        Ok(())
    });
    assert_eq!(events, ["+0 sent"]);
}

#[test]
fn the_rest_is_sent_once_in_each_iteration_in_which_there_is_room() {
    let events = traced(async |trace| {
        let (ours, theirs) = pair();
        let full = fill(&ours);
        let (log, socket) = (trace.clone(), ours.clone());
        let length = full * 2;
        let sender = create_task(async move {
            sock_sendall(&socket, &vec![7; length]).await?;
            log.log_iteration("sent");
            assert!(!running_loop().remove_writer(&*socket), "watched no more");
            Ok(())
        });
        hops(3).await?;
        assert!(!sender.done());
        let mut received = 0;
        while !sender.done() {
            let count = empty(&theirs);
            if count > 0 {
                trace.log_iteration(if count == full { "all there is room for" } else { "some" });
            }
            received += count;
            hops(1).await?;
        }
        received += empty(&theirs);
        assert_eq!(received, full + length);
        sender.await
    });
    // Emptied in 3, the loop sends in 4; emptied again in 5, it sends in 6 the last of it, and the task goes on in 7.
    assert_eq!(events.last().unwrap(), "+7 sent");
}

#[test]
fn a_cancelled_one_sends_no_more() {
    in_loop(async {
        let (ours, theirs) = pair();
        let full = fill(&ours);
        let socket = ours.clone();
        let sender = create_task(async move { sock_sendall(&socket, b"hello").await });
        hops(2).await?;
        sender.cancel();
        assert_eq!(empty(&theirs), full);
        assert_eq!(kind_of(sender.await), Kind::Cancelled);
        hops(3).await?;
        assert_eq!(empty(&theirs), 0);
        assert!(!running_loop().remove_writer(&*ours));
        Ok(())
    });
}

#[test]
fn a_peer_that_is_gone_is_an_error_and_no_signal() {
    in_loop(async {
        let (ours, theirs) = pair();
        drop(theirs);
        let error = sock_sendall(&ours, b"x").await.unwrap_err();
        assert_eq!((error.kind(), error.errno()), (Kind::Io, Some(32)));
        assert_eq!(error.place().unwrap().file(), file!());
        Ok(())
    });
}

#[test]
fn a_peer_that_goes_while_one_waits_is_an_error() {
    in_loop(async {
        let (ours, theirs) = pair();
        fill(&ours);
        let sender = create_task(async move { sock_sendall(&ours, b"x").await });
        hops(2).await?;
        drop(theirs);
        let error = sender.await.unwrap_err();
        // The peer had not read all: that is a reset, or a broken pipe, as the system likes.
        assert!(matches!(error.errno(), Some(32 | 104)), "{error:?}");
        assert_eq!(error.place().unwrap().file(), file!());
        Ok(())
    });
}

#[test]
fn a_datagram_is_sent_at_once_or_when_there_is_room() {
    let folder = std::env::temp_dir().join(format!("kolo-sendto-{}", std::process::id()));
    let path = folder.clone();
    let _ = std::fs::remove_file(&path);
    let events = traced(async move |trace| {
        let (ours, theirs) = (UnixDatagram::unbound()?, UnixDatagram::bind(&path)?);
        ours.set_nonblocking(true)?;
        theirs.set_nonblocking(true)?;
        let (ours, theirs) = (Rc::new(ours), Rc::new(theirs));
        let mut count = 0;
        while ours.send_to(b"x", &path).is_ok() {
            count += 1;
        }
        let (log, socket) = (trace.clone(), ours.clone());
        let address = Address::Unix(path);
        let sender = create_task(async move {
            let sent = sock_sendto(&socket, b"hello", address).await?;
            log.log_iteration("sent");
            Ok(sent)
        });
        hops(2).await?;
        trace.log_iteration("makes room");
        for _ in 0..count {
            let (bytes, sender) = sock_recvfrom(&theirs, 64).await?;
            assert_eq!((&*bytes, sender), (&b"x"[..], Address::Unnamed));
        }
        assert_eq!(sender.await?, 5);
        assert_eq!(sock_recvfrom(&theirs, 64).await?.0, b"hello");
        Ok(())
    });
    std::fs::remove_file(folder).unwrap();
    // The system says of such a socket that there is room even if the peer has none: the loop has tried in every iteration.
    assert_eq!(events, ["+2 makes room", "+3 sent"]);
}

#[test]
fn addresses_that_are_none_are_refused() {
    in_loop(async {
        let socket = Rc::new(UdpSocket::bind(("127.0.0.1", 0))?);
        let outcome = sock_sendto(&socket, b"x", Address::Unnamed).await;
        assert_eq!(kind_of(outcome), Kind::Value);
        let long = Address::Unix("x".repeat(108).into());
        let expected = (Kind::Io, "AF_UNIX path too long".to_owned());
        assert_eq!(error_of(sock_sendto(&socket, b"x", long).await), expected);
        Ok(())
    });
}
