//! What a protocol is told of what comes.

use std::net::UdpSocket;

use kolo_executor::testing::hops;
use kolo_executor::{ContextVar, Error, Result, running_loop};
use kolo_net::{Address, DatagramProtocol, DatagramTransport, create_datagram_endpoint};

use super::{Recorder, endpoint};
use crate::support::reports::Reports;
use crate::support::runs::{in_loop, traced};

#[test]
fn it_is_made_in_the_next_iteration_and_there_in_the_one_after() {
    let events = traced(async |trace| {
        let recorder = Recorder::new(&trace);
        let (transport, recorder) = create_datagram_endpoint(move || recorder).local(("127.0.0.1", 0)).await?;
        trace.log_iteration("there");
        UdpSocket::bind(("127.0.0.1", 0))?.send_to(b"a", transport.local_address().unwrap().inet().unwrap())?;
        hops(1).await?;
        assert!(recorder.sender.borrow().is_none());
        hops(1).await?;
        transport.abort();
        Ok(())
    });
    assert_eq!(events[..3], ["+1 made", "+2 there", "+3 received a"]);
}

#[test]
fn one_datagram_is_received_in_an_iteration() {
    let events = traced(async |trace| {
        let (transport, recorder) = endpoint(&trace).await?;
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        let to = transport.local_address().unwrap().inet().unwrap();
        for data in ["a", "b", "", "c"] {
            socket.send_to(data.as_bytes(), to)?;
        }
        hops(6).await?;
        assert_eq!(*recorder.sender.borrow(), Some(Address::from(socket.local_addr()?)));
        transport.abort();
        Ok(())
    });
    assert_eq!(
        events[..4],
        ["+1 received a", "+2 received b", "+3 received ", "+4 received c"]
    );
}

#[test]
fn an_error_of_the_system_is_told_of_and_the_transport_goes_on() {
    let events = traced(async |trace| {
        let nobody = UdpSocket::bind(("127.0.0.1", 0))?.local_addr()?;
        let recorder = Recorder::new(&trace);
        let (transport, _) = create_datagram_endpoint(move || recorder).remote(nobody).await?;
        trace.take();
        trace.start();
        transport.send("is anybody there?")?;
        hops(2).await?;
        let somebody = UdpSocket::bind(nobody)?;
        somebody.send_to(b"yes", transport.local_address().unwrap().inet().unwrap())?;
        hops(2).await?;
        transport.abort();
        Ok(())
    });
    assert_eq!(events[..2], ["+1 error Some(111)", "+3 received yes"]);
}

#[test]
fn an_error_of_the_protocol_goes_to_the_exception_handler_and_the_transport_goes_on() {
    in_loop(async {
        let reports = Reports::of(&running_loop());
        let trace = Default::default();
        let (transport, recorder) = endpoint(&trace).await?;
        let to = transport.local_address().unwrap().inet().unwrap();
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        recorder.failure.replace(Some(Error::other("boom")));
        socket.send_to(b"a", to)?;
        hops(2).await?;
        let [report] = &reports.take()[..] else { panic!("one report") };
        assert_eq!(report.message, "Exception in callback");
        assert_eq!(report.error.as_ref().unwrap().message(), "boom");
        recorder.failure.replace(None);
        socket.send_to(b"b", to)?;
        hops(2).await?;
        assert_eq!(trace.take(), ["+1 received a", "+3 received b"]);
        transport.close();
        Ok(())
    });
}

static USER: ContextVar<&str> = ContextVar::new("user");

struct InContext;

impl DatagramProtocol for InContext {
    fn connection_made(&self, _: &DatagramTransport) -> Result<()> {
        assert_eq!(USER.get(), Some("ada"));
        USER.set("made");
        Ok(())
    }

    fn datagram_received(&self, data: &[u8], _: &Address) -> Result<()> {
        match data {
            b"first" => assert_eq!(USER.get(), Some("ada")),
            _ => assert_eq!(USER.get(), Some("received")),
        }
        USER.set("received");
        Ok(())
    }
}

#[test]
fn a_protocol_is_told_in_a_copy_of_the_context_of_its_creation() {
    in_loop(async {
        let reports = Reports::of(&running_loop());
        USER.set("ada");
        let make = || std::rc::Rc::new(InContext);
        let (transport, _) = create_datagram_endpoint(make).local(("127.0.0.1", 0)).await?;
        USER.set("grace");
        let to = transport.local_address().unwrap().inet().unwrap();
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        socket.send_to(b"first", to)?;
        socket.send_to(b"second", to)?;
        hops(3).await?;
        assert_eq!(USER.get(), Some("grace"));
        assert_eq!(reports.messages(), [""; 0]);
        transport.close();
        Ok(())
    });
}
