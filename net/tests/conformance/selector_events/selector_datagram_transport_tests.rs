//! The transport of datagrams. Where the suite has a socket of its own making that has no room, these have a Unix socket whose peer has none.

use std::cell::RefCell;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::rc::Rc;

use kolo_executor::testing::hops;
use kolo_executor::{Error, Kind, Result, running_loop};
use kolo_net::{Address, DatagramProtocol, DatagramTransport, create_datagram_endpoint, create_datagram_endpoint_on};

use crate::support::outcome::kind_of;
use crate::support::reports::Reports;
use crate::support::runs::in_loop;

/// What a protocol was told.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Received(Vec<u8>, Address),
    Error(Option<i32>),
    Lost(bool),
}

#[derive(Default)]
struct Test(RefCell<Vec<Told>>);

impl Test {
    fn take(&self) -> Vec<Told> {
        self.0.take()
    }
}

impl DatagramProtocol for Test {
    fn datagram_received(&self, data: &[u8], sender: &Address) -> Result<()> {
        self.0.borrow_mut().push(Told::Received(data.to_vec(), sender.clone()));
        Ok(())
    }

    fn error_received(&self, error: &Error) -> Result<()> {
        self.0.borrow_mut().push(Told::Error(error.errno()));
        Ok(())
    }

    fn connection_lost(&self, error: Option<&Error>) -> Result<()> {
        self.0.borrow_mut().push(Told::Lost(error.is_some()));
        Ok(())
    }
}

fn make() -> Rc<Test> {
    Rc::default()
}

async fn transport() -> Result<(DatagramTransport, Rc<Test>)> {
    create_datagram_endpoint(make).local(("127.0.0.1", 0)).await
}

fn receiver() -> Result<UdpSocket> {
    let socket = UdpSocket::bind(("127.0.0.1", 0))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Nobody is there.
fn nobody() -> Result<Address> {
    Ok(receiver()?.local_addr()?.into())
}

/// A transport that is connected to a peer without room, which has so many datagrams.
async fn full() -> Result<(DatagramTransport, Rc<Test>, UnixDatagram, usize)> {
    let (ours, theirs) = UnixDatagram::pair()?;
    ours.set_nonblocking(true)?;
    theirs.set_nonblocking(true)?;
    let mut count = 0;
    while ours.send(b"full").is_ok() {
        count += 1;
    }
    let (transport, protocol) = create_datagram_endpoint_on(make, ours).await?;
    Ok((transport, protocol, theirs, count))
}

fn take(end: &UnixDatagram, count: usize) -> Vec<Vec<u8>> {
    let one = |_| {
        let mut buffer = [0; 64];
        let length = end.recv(&mut buffer).expect("a datagram");
        buffer[..length].to_vec()
    };
    (0..count).map(one).collect()
}

fn is_writer(transport: &DatagramTransport) -> bool {
    format!("{transport:?}").contains("write=<polling")
}

#[test]
fn test_read_ready() {
    in_loop(async {
        let (transport, protocol) = transport().await?;
        let sender = receiver()?;
        sender.send_to(b"data", transport.local_address().unwrap().inet().unwrap())?;
        hops(2).await?;
        assert_eq!(
            protocol.take(),
            [Told::Received(b"data".to_vec(), sender.local_addr()?.into())]
        );
        transport.close();
        Ok(())
    });
}

#[test]
fn test_read_ready_oserr() {
    in_loop(async {
        let (transport, protocol) = create_datagram_endpoint(make).remote(nobody()?).await?;
        transport.send(b"data")?;
        hops(2).await?;
        assert_eq!(protocol.take(), [Told::Error(Some(111))]);
        assert!(!transport.is_closing());
        transport.close();
        Ok(())
    });
}

#[test]
fn test_sendto() {
    in_loop(async {
        let ((transport, _), receiver) = (transport().await?, receiver()?);
        transport.sendto(b"data", receiver.local_addr()?)?;
        let mut buffer = [0; 64];
        let (count, sender) = receiver.recv_from(&mut buffer)?;
        assert_eq!(
            (&buffer[..count], Address::from(sender)),
            (&b"data"[..], transport.local_address().unwrap())
        );
        transport.close();
        Ok(())
    });
}

#[test]
fn test_sendto_no_data() {
    in_loop(async {
        let ((transport, _), receiver) = (transport().await?, receiver()?);
        transport.sendto(b"", receiver.local_addr()?)?;
        assert_eq!(receiver.recv(&mut [0; 64])?, 0);
        transport.close();
        Ok(())
    });
}

#[test]
fn test_sendto_buffer() {
    let path = |name: &str| -> PathBuf {
        let path = std::env::temp_dir().join(format!("kolo-sendto-buffer-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    };
    let paths = ["one", "other"].map(path);
    let to = paths.clone();
    in_loop(async move {
        let [one, other] = to.each_ref().map(UnixDatagram::bind);
        let (one, other) = (one?, other?);
        one.set_nonblocking(true)?;
        other.set_nonblocking(true)?;
        let (transport, _) = create_datagram_endpoint(make).unix().await?;
        let [to_one, to_other] = to.map(Address::Unix);
        while transport.write_buffer_size() == 0 {
            transport.sendto(b"data1", to_one.clone())?;
        }
        // There is room for it, but it is not its turn.
        transport.sendto(b"data2", to_other)?;
        assert_eq!(transport.write_buffer_size(), 2 * (5 + 8));
        assert!(other.recv(&mut [0; 64]).is_err());
        while one.recv(&mut [0; 64]).is_ok() {}
        hops(2).await?;
        assert_eq!(take(&one, 1), [b"data1"]);
        assert_eq!(take(&other, 1), [b"data2"]);
        transport.close();
        Ok(())
    });
    for path in paths {
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn test_sendto_buffer_bytearray() {
    in_loop(async {
        let (transport, _, theirs, count) = full().await?;
        let mut data = b"data".to_vec();
        transport.send(&data)?;
        data.fill(b'x');
        take(&theirs, count);
        hops(2).await?;
        assert_eq!(take(&theirs, 1), [b"data"]);
        transport.close();
        Ok(())
    });
}

#[test]
fn test_sendto_buffer_nodata() {
    in_loop(async {
        let (transport, _, theirs, count) = full().await?;
        transport.send(b"data1")?;
        transport.send(b"")?;
        take(&theirs, count);
        hops(2).await?;
        assert_eq!(take(&theirs, 2), [&b"data1"[..], b""]);
        transport.close();
        Ok(())
    });
}

#[test]
fn test_sendto_tryagain() {
    in_loop(async {
        let (transport, _, _theirs, _) = full().await?;
        assert!(!is_writer(&transport));
        transport.send(b"data")?;
        assert!(is_writer(&transport));
        assert_eq!(transport.write_buffer_size(), 4 + 8);
        transport.abort();
        Ok(())
    });
}

#[test]
fn test_sendto_error_received() {
    in_loop(async {
        let (transport, protocol) = transport().await?;
        transport.sendto(vec![0; 70_000], nobody()?)?;
        assert_eq!(protocol.take(), [Told::Error(Some(90))]);
        assert!(!transport.is_closing());
        transport.close();
        Ok(())
    });
}

#[test]
fn test_sendto_error_received_connected() {
    in_loop(async {
        let (transport, protocol) = create_datagram_endpoint(make).remote(nobody()?).await?;
        transport.send(b"data")?;
        // What became of the first is told by the second.
        transport.send(b"data")?;
        assert_eq!(protocol.take(), [Told::Error(Some(111))]);
        assert!(!transport.is_closing());
        transport.close();
        Ok(())
    });
}

#[test]
fn test_sendto_connected_addr() {
    in_loop(async {
        let (transport, _) = create_datagram_endpoint(make).remote(nobody()?).await?;
        let other = Address::from(std::net::SocketAddr::from(([127, 0, 0, 2], 2)));
        assert_eq!(kind_of(transport.sendto(b"str", other)), Kind::Value);
        transport.close();
        Ok(())
    });
}

#[test]
fn test_sendto_closing() {
    in_loop(async {
        let receiver = receiver()?;
        let (transport, protocol) = create_datagram_endpoint(make).remote(receiver.local_addr()?).await?;
        transport.close();
        transport.sendto(b"data", receiver.local_addr()?)?;
        assert!(receiver.recv(&mut [0; 64]).is_err());
        hops(2).await?;
        assert_eq!(protocol.take(), [Told::Lost(false)]);
        Ok(())
    });
}

#[test]
fn test_sendto_ready() {
    in_loop(async {
        let (transport, _, theirs, count) = full().await?;
        transport.send(b"data")?;
        take(&theirs, count);
        hops(2).await?;
        assert_eq!(take(&theirs, 1), [b"data"]);
        assert!(!is_writer(&transport));
        transport.close();
        Ok(())
    });
}

#[test]
fn test_sendto_ready_closing() {
    in_loop(async {
        let (transport, protocol, theirs, count) = full().await?;
        transport.send(b"data")?;
        transport.close();
        assert_eq!(protocol.take(), []);
        take(&theirs, count);
        hops(2).await?;
        // In the iteration in which it was sent.
        assert_eq!(protocol.take(), [Told::Lost(false)]);
        assert!(!is_writer(&transport) && transport.socket().is_none());
        assert_eq!(take(&theirs, 1), [b"data"]);
        Ok(())
    });
}

#[test]
fn test_sendto_ready_tryagain() {
    in_loop(async {
        let (transport, _, theirs, count) = full().await?;
        transport.send(b"data1")?;
        transport.send(b"data2")?;
        hops(2).await?;
        assert!(is_writer(&transport));
        assert_eq!(transport.write_buffer_size(), 2 * (5 + 8));
        take(&theirs, count);
        hops(2).await?;
        assert_eq!(take(&theirs, 2), [b"data1", b"data2"]);
        transport.close();
        Ok(())
    });
}

#[test]
fn test_sendto_ready_error_received() {
    let path = std::env::temp_dir().join(format!("kolo-ready-error-received-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let to = path.clone();
    in_loop(async move {
        let theirs = UnixDatagram::bind(&to)?;
        let (transport, protocol) = create_datagram_endpoint(make).unix().await?;
        let to = Address::Unix(to);
        while transport.write_buffer_size() == 0 {
            transport.sendto(b"data", to.clone())?;
        }
        drop(theirs);
        hops(2).await?;
        assert_eq!(protocol.take(), [Told::Error(Some(111))]);
        assert!(!transport.is_closing());
        transport.close();
        Ok(())
    });
    std::fs::remove_file(path).unwrap();
}

#[test]
fn test_sendto_ready_error_received_connection() {
    in_loop(async {
        let (transport, protocol, theirs, _) = full().await?;
        transport.send(b"data")?;
        drop(theirs);
        hops(2).await?;
        assert_eq!(protocol.take(), [Told::Error(Some(111))]);
        assert!(!transport.is_closing());
        transport.close();
        Ok(())
    });
}

#[test]
fn test_fatal_error_connected() {
    in_loop(async {
        let reports = Reports::of(&running_loop());
        let (transport, protocol) = create_datagram_endpoint(make).remote(nobody()?).await?;
        transport.abort();
        hops(2).await?;
        assert_eq!(protocol.take(), [Told::Lost(false)]);
        assert_eq!(reports.messages(), [""; 0]);
        Ok(())
    });
}
