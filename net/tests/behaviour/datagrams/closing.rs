//! How an endpoint ends.

use std::cell::RefCell;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::rc::Rc;

use kolo_executor::testing::{hops, run};
use kolo_executor::{Clock, EventLoop, Kind, Result, create_task, running_loop};
use kolo_net::{DatagramProtocol, DatagramTransport, create_datagram_endpoint, create_datagram_endpoint_on};

use super::{Recorder, endpoint, full, take};
use crate::support::outcome::kind_of;
use crate::support::runs::{in_loop, traced};

#[test]
fn it_is_closed_in_the_next_iteration_when_nothing_is_buffered() {
    let events = traced(async |trace| {
        let (transport, _) = endpoint(&trace).await?;
        let to = transport.local_address().unwrap().inet().unwrap();
        // What was sent to it is not received any more.
        UdpSocket::bind(("127.0.0.1", 0))?.send_to(b"late", to)?;
        transport.close();
        transport.close();
        assert!(transport.is_closing());
        hops(3).await?;
        UdpSocket::bind(to)?;
        assert!(format!("{transport:?}").starts_with("<DatagramTransport closed"));
        Ok(())
    });
    assert_eq!(events, ["+1 lost None"]);
}

#[test]
fn it_is_closed_when_what_is_buffered_has_been_sent() {
    let events = traced(async |trace| {
        let (transport, _, theirs, count) = full(&trace).await?;
        transport.send(b"one")?;
        transport.close();
        transport.send(b"two")?;
        hops(2).await?;
        take(&theirs, count);
        trace.log_iteration("room");
        hops(2).await?;
        assert_eq!(take(&theirs, 2), [b"one", b"two"]);
        hops(1).await
    });
    assert_eq!(events, ["+2 room", "+3 lost None"]);
}

#[test]
fn aborting_throws_away_what_is_buffered() {
    let events = traced(async |trace| {
        let (transport, _, theirs, count) = full(&trace).await?;
        transport.send(b"one")?;
        transport.abort();
        transport.abort();
        assert_eq!(transport.write_buffer_size(), 0);
        hops(2).await?;
        take(&theirs, count);
        assert!(theirs.recv(&mut [0; 4]).is_err());
        Ok(())
    });
    assert_eq!(events, ["+1 lost None"]);
}

#[test]
fn what_is_sent_after_that_goes_nowhere() {
    in_loop(async {
        let (transport, _) = endpoint(&Default::default()).await?;
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        socket.set_nonblocking(true)?;
        transport.close();
        hops(2).await?;
        transport.sendto(b"late", socket.local_addr()?)?;
        assert!(socket.recv(&mut [0; 8]).is_err());
        let make = || Recorder::new(&Default::default());
        let (transport, _) = create_datagram_endpoint(make).remote(socket.local_addr()?).await?;
        transport.close();
        transport.send(b"late")?;
        assert!(socket.recv(&mut [0; 8]).is_err());
        Ok(())
    });
}

#[test]
fn cancelled_while_it_is_made_it_is_closed() {
    let events = traced(async |trace| {
        let recorder = Recorder::new(&trace);
        let making = create_task(async move { create_datagram_endpoint(move || recorder).local(("127.0.0.1", 0)).await });
        hops(2).await?;
        making.cancel();
        assert_eq!(kind_of(making.await.map(drop)), Kind::Cancelled);
        hops(2).await
    });
    assert_eq!(events, ["+2 made", "+4 lost None"]);
}

#[test]
fn its_descriptor_is_not_watched_by_others() {
    in_loop(async {
        let (ours, _theirs) = std::os::unix::net::UnixDatagram::pair()?;
        let copy = ours.try_clone()?;
        drop(copy);
        let make = || Recorder::new(&Default::default());
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(&ours);
        let (transport, _) = kolo_net::create_datagram_endpoint_on(make, ours).await?;
        let refused = running_loop().add_reader(&descriptor, || {}).unwrap_err();
        assert_eq!(refused.kind(), Kind::Runtime);
        let expected = format!("is used by transport <DatagramTransport fd={descriptor} read=polling write=<idle, bufsize=0>>");
        assert!(refused.message().ends_with(&expected), "{refused}");
        transport.close();
        Ok(())
    });
}

#[test]
fn one_that_is_left_open_is_no_reason_not_to_end() {
    let outcome = run(async {
        let (_transport, _) = endpoint(&Default::default()).await?;
        Ok(())
    });
    outcome.unwrap();
}

/// A protocol that has its transport, as most have.
#[derive(Default)]
struct Holding(RefCell<Option<DatagramTransport>>);

impl DatagramProtocol for Holding {
    fn connection_made(&self, transport: &DatagramTransport) -> Result<()> {
        self.0.replace(Some(transport.clone()));
        Ok(())
    }
}

#[test]
fn the_loops_end_cuts_the_circle_of_an_endpoint_that_is_open() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let (ours, _theirs) = UnixDatagram::pair().unwrap();
    let endpoint = create_datagram_endpoint_on(|| Rc::new(Holding::default()), ours);
    let (transport, protocol) = event_loop.run_until_complete(async { endpoint.await }).unwrap();
    let kept = Rc::downgrade(&protocol);
    drop((transport, protocol));
    assert!(kept.upgrade().is_some(), "it is open");
    event_loop.close().unwrap();
    assert!(kept.upgrade().is_none());
}
