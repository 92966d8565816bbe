//! Datagrams.

use std::cell::{Cell, RefCell};
use std::net::UdpSocket;
use std::rc::Rc;

use kolo_executor::{Error, Promise, Result, wait_for};
use kolo_net::{Address, DatagramProtocol, DatagramTransport, Endpoint, create_datagram_endpoint, create_datagram_endpoint_on};

use crate::support::runs::in_loop;

/// What the suite's protocol knows: its state, and how many bytes have come.
struct MyDatagramProto {
    state: Cell<&'static str>,
    received: RefCell<Promise<Vec<u8>>>,
    done: Promise<()>,
    /// What is sent back, before what has come.
    answer: Option<&'static [u8]>,
    transport: RefCell<Option<DatagramTransport>>,
}

impl MyDatagramProto {
    fn new(answer: Option<&'static [u8]>) -> Rc<MyDatagramProto> {
        Rc::new(MyDatagramProto {
            state: Cell::new("INITIAL"),
            received: RefCell::default(),
            done: Promise::new(),
            answer,
            transport: RefCell::default(),
        })
    }

    async fn received(&self) -> Result<Vec<u8>> {
        let received = Promise::new();
        self.received.replace(received.clone());
        wait_for(received, 10).await
    }
}

impl DatagramProtocol for MyDatagramProto {
    fn connection_made(&self, transport: &DatagramTransport) -> Result<()> {
        assert_eq!(self.state.replace("INITIALIZED"), "INITIAL");
        self.transport.replace(Some(transport.clone()));
        Ok(())
    }

    fn datagram_received(&self, data: &[u8], sender: &Address) -> Result<()> {
        assert_eq!(self.state.get(), "INITIALIZED");
        if let (Some(answer), Some(transport)) = (self.answer, &*self.transport.borrow()) {
            transport.sendto([answer, data].concat(), sender.clone())?;
        }
        self.received.borrow().set_result(data.to_vec())
    }

    fn connection_lost(&self, error: Option<&Error>) -> Result<()> {
        assert!(error.is_none());
        assert_eq!(self.state.replace("CLOSED"), "INITIALIZED");
        self.transport.take();
        self.done.set_result(())
    }
}

async fn closed(transport: DatagramTransport, protocol: Rc<MyDatagramProto>) -> Result<()> {
    transport.close();
    protocol.done.clone().await?;
    assert_eq!(protocol.state.get(), "CLOSED");
    Ok(())
}

async fn echo(host: &str) -> Result<()> {
    let make = || MyDatagramProto::new(Some(b"resp:"));
    let (server_transport, server) = create_datagram_endpoint(make).local((host, 0)).await?;
    let address = server_transport.local_address().expect("it is bound");
    assert_ne!(address.port(), Some(0));
    let make = || MyDatagramProto::new(None);
    let (transport, client) = create_datagram_endpoint(make).remote(Endpoint::from(address)).await?;
    assert_eq!(client.state.get(), "INITIALIZED");
    transport.send(b"xxx")?;
    assert_eq!(server.received().await?, b"xxx");
    assert_eq!(client.received().await?, b"resp:xxx");
    assert!(transport.local_address().is_some());
    closed(transport, client).await?;
    closed(server_transport, server).await
}

#[test]
fn test_create_datagram_endpoint() {
    in_loop(async { echo("127.0.0.1").await });
}

#[test]
fn test_create_datagram_endpoint_ipv6() {
    in_loop(async { echo("::1").await });
}

#[test]
fn test_create_datagram_endpoint_sock() {
    in_loop(async {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        let (transport, protocol) = create_datagram_endpoint_on(|| MyDatagramProto::new(None), socket).await?;
        closed(transport, protocol).await
    });
}

#[test]
fn test_datagram_send_to_non_listening_address() {
    in_loop(async {
        let make = || MyDatagramProto::new(None);
        let (first, first_protocol) = create_datagram_endpoint(make).local(("127.0.0.1", 0)).await?;
        let (second, second_protocol) = create_datagram_endpoint(make).local(("127.0.0.1", 0)).await?;
        let nobody = UdpSocket::bind(("127.0.0.1", 0))?.local_addr()?;
        let [to_first, to_second] = [&first, &second].map(|transport| transport.local_address().expect("it is bound"));
        first.sendto(b"a", to_second.clone())?;
        assert_eq!(second_protocol.received().await?, b"a");
        second.sendto(b"b", to_first.clone())?;
        assert_eq!(first_protocol.received().await?, b"b");
        first.sendto(b"c", nobody)?;
        second.sendto(b"d", to_first)?;
        assert_eq!(first_protocol.received().await?, b"d");
        first.sendto(b"e", to_second)?;
        assert_eq!(second_protocol.received().await?, b"e");
        first.close();
        second.close();
        Ok(())
    });
}
