//! What comes out of a socket.

use std::net::UdpSocket;
use std::rc::Rc;

use kolo_executor::testing::hops;
use kolo_executor::{Kind, create_task, running_loop, sleep};
use kolo_net::{sock_recv, sock_recv_into, sock_recvfrom, sock_recvfrom_into};

use super::{pair, send};
use crate::support::outcome::kind_of;
use crate::support::runs::{in_loop, traced};

fn datagrams() -> (Rc<UdpSocket>, Rc<UdpSocket>) {
    let socket = || {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a free port");
        socket.set_nonblocking(true).expect("an open socket");
        Rc::new(socket)
    };
    (socket(), socket())
}

#[test]
fn what_is_there_is_taken_at_once() {
    let events = traced(async |trace| {
        let (ours, theirs) = pair();
        send(&theirs, b"abcdef");
        assert_eq!(sock_recv(&ours, 2).await?, b"ab");
        let mut buffer = [0; 3];
        assert_eq!(sock_recv_into(&ours, &mut buffer).await?, 3);
        assert_eq!(&buffer, b"cde");
        assert_eq!(sock_recv(&ours, 64).await?, b"f");
        drop(theirs);
        assert_eq!(sock_recv(&ours, 64).await?, b"");
        trace.log_iteration("received");
        Ok(())
    });
    assert_eq!(events, ["+0 received"]);
}

#[test]
fn nothing_asked_for_is_there_at_once() {
    let events = traced(async |trace| {
        let (ours, _theirs) = pair();
        assert_eq!(sock_recv(&ours, 0).await?, b"");
        assert_eq!(sock_recv_into(&ours, &mut []).await?, 0);
        trace.log_iteration("received");
        Ok(())
    });
    assert_eq!(events, ["+0 received"]);
}

#[test]
fn the_loop_receives_in_the_next_iteration_and_the_task_goes_on_in_the_one_after() {
    let events = traced(async |trace| {
        let (ours, theirs) = pair();
        let (log, socket) = (trace.clone(), ours.clone());
        let reader = create_task(async move {
            let bytes = sock_recv(&socket, 64).await?;
            log.log_iteration(format_args!("received {}", String::from_utf8_lossy(&bytes)));
            let bytes = sock_recv(&socket, 64).await?;
            log.log_iteration(format_args!("received {}", String::from_utf8_lossy(&bytes)));
            Ok(())
        });
        hops(3).await?;
        trace.log_iteration("sends a");
        send(&theirs, b"a");
        hops(1).await?;
        // This task runs before what the loop was told of: it is for the same call.
        trace.log_iteration("sends b");
        send(&theirs, b"b");
        hops(1).await?;
        // The call has been made, and the reader's task has not gone on: it is for the next call.
        trace.log_iteration("sends c");
        send(&theirs, b"c");
        reader.await
    });
    let expected = ["+3 sends a", "+4 sends b", "+5 sends c", "+5 received ab", "+5 received c"];
    assert_eq!(events, expected);
}

#[test]
fn the_socket_is_watched_until_the_task_goes_on() {
    in_loop(async {
        let (ours, theirs) = pair();
        let socket = ours.clone();
        let reader = create_task(async move {
            let bytes = sock_recv(&socket, 64).await?;
            assert!(!running_loop().remove_reader(&*socket), "watched no more");
            Ok(bytes)
        });
        hops(1).await?;
        send(&theirs, b"a");
        hops(2).await?;
        // The call was made in this task's last iteration.
        assert!(!reader.done());
        assert!(running_loop().remove_reader(&*ours));
        assert_eq!(reader.await?, b"a");
        Ok(())
    });
}

#[test]
fn one_that_is_cancelled_goes_on_in_the_next_iteration_and_watches_no_more() {
    let events = traced(async |trace| {
        let (ours, theirs) = pair();
        let (log, socket) = (trace.clone(), ours.clone());
        let reader = create_task(async move {
            let outcome = sock_recv(&socket, 64).await;
            log.log_iteration(format_args!("{:?}", kind_of(outcome)));
            assert!(!running_loop().remove_reader(&*socket), "watched no more");
            Ok(())
        });
        hops(2).await?;
        // What comes now is not for the one that is cancelled.
        send(&theirs, b"a");
        trace.log_iteration("cancels");
        reader.cancel();
        assert!(running_loop().remove_reader(&*ours));
        reader.await?;
        assert_eq!(sock_recv(&ours, 64).await?, b"a");
        Ok(())
    });
    assert_eq!(events, ["+2 cancels", "+3 Cancelled"]);
}

#[test]
fn what_was_received_is_lost_when_the_task_is_cancelled_before_it_goes_on() {
    in_loop(async {
        let (ours, theirs) = pair();
        let socket = ours.clone();
        let reader = create_task(async move { sock_recv(&socket, 64).await });
        hops(1).await?;
        send(&theirs, b"lost");
        hops(2).await?;
        assert!(!reader.done());
        reader.cancel();
        assert_eq!(kind_of(reader.await), Kind::Cancelled);
        send(&theirs, b"kept");
        assert_eq!(sock_recv(&ours, 64).await?, b"kept");
        Ok(())
    });
}

#[test]
fn a_second_one_takes_the_place_of_the_first_which_waits_until_it_is_cancelled() {
    in_loop(async {
        let (ours, theirs) = pair();
        let [first, second] = [(); 2].map(|()| {
            let socket = ours.clone();
            create_task(async move { sock_recv(&socket, 1).await })
        });
        hops(1).await?;
        send(&theirs, b"abc");
        assert_eq!(second.await?, b"a");
        sleep(1).await?;
        assert!(!first.done());
        let third = create_task(async move { sock_recv(&ours, 2).await });
        assert_eq!(third.await?, b"bc");
        first.cancel();
        assert_eq!(kind_of(first.await), Kind::Cancelled);
        Ok(())
    });
}

#[test]
fn one_that_is_watched_for_no_more_keeps_the_socket_open_no_longer() {
    in_loop(async {
        let (ours, theirs) = pair();
        let reader = create_task(sock_recv(&ours, 64));
        hops(1).await?;
        assert!(Rc::strong_count(&ours) > 1, "the loop has it too");
        assert!(running_loop().remove_reader(&*ours));
        drop(ours);
        assert_eq!(sock_recv(&theirs, 64).await?, b"", "it is closed");
        sleep(1).await?;
        assert!(!reader.done());
        reader.cancel();
        assert_eq!(kind_of(reader.await), Kind::Cancelled);
        Ok(())
    });
}

#[test]
fn what_was_received_is_there_although_the_socket_is_closed_before_the_task_goes_on() {
    in_loop(async {
        let (ours, theirs) = pair();
        let reader = create_task(sock_recv(&ours, 64));
        hops(1).await?;
        send(&theirs, b"abc");
        hops(1).await?;
        running_loop().call_soon(move || {
            running_loop().remove_reader(&*ours);
        });
        assert_eq!(reader.await?, b"abc");
        assert_eq!(sock_recv(&theirs, 64).await?, b"", "it is closed");
        Ok(())
    });
}

#[test]
fn the_first_leaves_the_second_alone_when_it_is_cancelled() {
    in_loop(async {
        let (ours, theirs) = pair();
        let read = || {
            let socket = ours.clone();
            create_task(async move { sock_recv(&socket, 64).await })
        };
        let first = read();
        hops(1).await?;
        first.cancel();
        let second = read();
        hops(3).await?;
        assert!(first.done());
        send(&theirs, b"a");
        assert_eq!(second.await?, b"a");
        Ok(())
    });
}

#[test]
fn a_buffer_that_is_lent_is_filled_when_the_task_goes_on() {
    in_loop(async {
        let (ours, theirs) = pair();
        let reader = create_task(async move {
            let mut buffer = *b"..........";
            let count = sock_recv_into(&ours, &mut buffer[..6]).await?;
            Ok((count, buffer))
        });
        hops(2).await?;
        send(&theirs, b"abcdefgh");
        assert_eq!(reader.await?, (6, *b"abcdef...."));
        Ok(())
    });
}

#[test]
fn datagrams_say_who_has_sent_them() {
    let events = traced(async |trace| {
        let (ours, theirs) = datagrams();
        let (to, from) = (ours.local_addr()?, theirs.local_addr()?);
        theirs.send_to(b"now", to)?;
        let (bytes, sender) = sock_recvfrom(&ours, 64).await?;
        assert_eq!((&*bytes, sender.inet()), (&b"now"[..], Some(from)));
        let (log, socket) = (trace.clone(), ours.clone());
        let reader = create_task(async move {
            let (bytes, sender) = sock_recvfrom(&socket, 2).await?;
            assert_eq!((&*bytes, sender.inet()), (&b"la"[..], Some(from)));
            log.log_iteration("received");
            let mut buffer = [0; 64];
            let (count, sender) = sock_recvfrom_into(&socket, &mut buffer).await?;
            assert_eq!((&buffer[..count], sender.inet()), (&b"last"[..], Some(from)));
            log.log_iteration("received into");
            Ok(())
        });
        hops(2).await?;
        trace.log_iteration("sends");
        theirs.send_to(b"later", to)?;
        hops(4).await?;
        trace.log_iteration("sends");
        theirs.send_to(b"last", to)?;
        reader.await?;
        // An empty one is one.
        theirs.send_to(b"", to)?;
        theirs.send_to(b"", to)?;
        assert_eq!(sock_recvfrom(&ours, 0).await?.1.inet(), Some(from));
        assert_eq!(sock_recvfrom_into(&ours, &mut []).await?.0, 0);
        Ok(())
    });
    let expected = ["+2 sends", "+4 received", "+6 sends", "+8 received into"];
    assert_eq!(events, expected);
}

#[test]
fn one_that_is_dropped_watches_nothing() {
    in_loop(async {
        let (ours, _theirs) = pair();
        let waited = kolo_executor::wait_for(sock_recv(&ours, 64), 0.1).await;
        assert_eq!(kind_of(waited), Kind::Timeout);
        assert!(!running_loop().remove_reader(&*ours));
        assert_eq!(Rc::strong_count(&ours), 1);
        Ok(())
    });
}
