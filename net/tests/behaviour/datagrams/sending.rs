//! What is sent, and what has to wait.

use std::net::UdpSocket;
use std::time::Duration;

use kolo_executor::testing::hops;
use kolo_executor::{Error, Kind, running_loop};
use kolo_net::{Address, create_datagram_endpoint};

use super::{Recorder, endpoint, full, take};
use crate::support::outcome::{error_of, kind_of};
use crate::support::reports::Reports;
use crate::support::runs::{in_loop, traced};

fn receiver() -> UdpSocket {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a free port");
    socket
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("an open socket");
    socket
}

fn received(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 64];
    let length = socket.recv(&mut buffer).expect("a datagram");
    buffer[..length].to_vec()
}

#[test]
fn a_datagram_is_sent_at_once_and_an_empty_one_too() {
    in_loop(async {
        let (transport, _) = endpoint(&Default::default()).await?;
        let socket = receiver();
        let to = socket.local_addr()?;
        transport.sendto(b"a", to)?;
        transport.sendto(b"", to)?;
        transport.sendto(b"b", to)?;
        assert_eq!(
            [received(&socket), received(&socket), received(&socket)],
            [&b"a"[..], b"", b"b"]
        );
        let nowhere = transport.send(b"x");
        assert_eq!(kind_of(nowhere), Kind::Value);
        transport.close();
        Ok(())
    });
}

#[test]
fn an_endpoint_with_a_remote_address_sends_nowhere_else() {
    in_loop(async {
        let [socket, other] = [receiver(), receiver()];
        let to = socket.local_addr()?;
        let make = || Recorder::new(&Default::default());
        for broadcasts in [false, true] {
            let endpoint = create_datagram_endpoint(make).remote(to).allow_broadcast(broadcasts);
            let (transport, _) = endpoint.await?;
            assert_eq!(transport.peer_address(), Some(Address::from(to)).filter(|_| !broadcasts));
            transport.send(b"a")?;
            transport.sendto(b"b", to)?;
            assert_eq!([received(&socket), received(&socket)], [b"a", b"b"]);
            let expected = format!("Invalid address: must be None or ('127.0.0.1', {})", to.port());
            assert_eq!(error_of(transport.sendto(b"c", other.local_addr()?)), (Kind::Value, expected));
            transport.close();
        }
        Ok(())
    });
}

#[test]
fn what_the_system_refuses_is_told_to_the_protocol() {
    let events = traced(async |trace| {
        let (transport, recorder) = endpoint(&trace).await?;
        let socket = receiver();
        // Too long for a datagram.
        transport.sendto(vec![0; 70_000], socket.local_addr()?)?;
        assert_eq!(transport.write_buffer_size(), 0);
        recorder.failure.replace(Some(Error::other("boom")));
        let failed = transport.sendto(vec![0; 70_000], socket.local_addr()?);
        assert_eq!(error_of(failed), (Kind::Other, "boom".to_owned()));
        recorder.failure.replace(None);
        transport.sendto(b"short", socket.local_addr()?)?;
        assert_eq!(received(&socket), b"short");
        let long = Address::Unix("x".repeat(200).into());
        transport.sendto(b"x", long)?;
        assert_eq!(kind_of(transport.sendto(b"x", Address::Unnamed)), Kind::Value);
        transport.close();
        Ok(())
    });
    assert_eq!(events[..3], ["+0 error Some(90)", "+0 error Some(90)", "+0 error None"]);
}

#[test]
fn what_finds_no_room_is_buffered_and_sent_in_order() {
    let events = traced(async |trace| {
        let (transport, _, theirs, count) = full(&trace).await?;
        transport.send(b"one")?;
        transport.send(b"")?;
        transport.send(b"three")?;
        assert_eq!(transport.write_buffer_size(), 3 + 5 + 3 * 8);
        hops(3).await?;
        take(&theirs, count);
        trace.log_iteration("room");
        hops(1).await?;
        assert_eq!(transport.write_buffer_size(), 3 + 5 + 3 * 8);
        hops(1).await?;
        assert_eq!(transport.write_buffer_size(), 0);
        assert_eq!(take(&theirs, 3), [&b"one"[..], b"", b"three"]);
        transport.send(b"four")?;
        assert_eq!(take(&theirs, 1), [b"four"]);
        transport.abort();
        Ok(())
    });
    assert_eq!(events[..1], ["+3 room"]);
}

#[test]
fn above_the_high_mark_the_protocol_pauses_and_goes_on_at_the_low_one() {
    let events = traced(async |trace| {
        let (transport, _, theirs, count) = full(&trace).await?;
        assert_eq!(transport.write_buffer_limits(), (16 * 1024, 64 * 1024));
        transport.set_write_buffer_limits(Some(40), Some(12))?;
        transport.send([0; 12])?;
        transport.send([0; 12])?;
        trace.log_iteration("at the high mark");
        transport.send(b"")?;
        transport.send(b"x")?;
        hops(2).await?;
        // For all but one.
        take(&theirs, count);
        hops(2).await?;
        assert_eq!(take(&theirs, 4).len(), 4);
        transport.set_write_buffer_limits(None, None)?;
        let expected = (Kind::Value, "high (1) must be >= low (2) must be >= 0".to_owned());
        assert_eq!(error_of(transport.set_write_buffer_limits(Some(1), Some(2))), expected);
        transport.abort();
        Ok(())
    });
    assert_eq!(events[..3], ["+0 at the high mark", "+0 pause", "+3 resume"]);
}

#[test]
fn lower_marks_pause_at_once() {
    let events = traced(async |trace| {
        let (transport, _, _theirs, _) = full(&trace).await?;
        transport.send(b"x")?;
        trace.log_iteration("buffered");
        transport.set_write_buffer_limits(Some(8), None)?;
        transport.abort();
        Ok(())
    });
    assert_eq!(events[..2], ["+0 buffered", "+0 pause"]);
}

#[test]
fn an_error_of_what_was_buffered_is_told_to_the_protocol() {
    let events = traced(async |trace| {
        let reports = Reports::of(&running_loop());
        let (transport, recorder, theirs, _) = full(&trace).await?;
        transport.send(b"one")?;
        transport.send(b"two")?;
        hops(2).await?;
        recorder.failure.replace(Some(Error::other("boom")));
        drop(theirs);
        hops(4).await?;
        assert_eq!(transport.write_buffer_size(), 0);
        assert_eq!(reports.messages(), ["Exception in callback"; 2]);
        transport.abort();
        Ok(())
    });
    // One in an iteration.
    assert_eq!(events[..2], ["+3 error Some(111)", "+4 error Some(107)"]);
}
