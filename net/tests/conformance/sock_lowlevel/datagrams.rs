//! Datagrams.

use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::rc::Rc;

use kolo_executor::{Result, create_task, running_loop};
use kolo_net::{Address, sock_recvfrom, sock_recvfrom_into, sock_sendto};

use super::udp_echo_server;
use crate::support::runs::in_loop;

fn client() -> Result<Rc<UdpSocket>> {
    let client = UdpSocket::bind(("127.0.0.1", 0))?;
    client.set_nonblocking(true)?;
    Ok(Rc::new(client))
}

#[test]
fn test_recvfrom() {
    let (address, server) = udp_echo_server(1);
    in_loop(async move {
        let client = client()?;
        assert_eq!(sock_sendto(&client, &[1; 4096], address).await?, 4096);
        let (data, from) = sock_recvfrom(&client, 4096).await?;
        assert_eq!((data, from.inet()), (vec![1; 4096], Some(address)));
        Ok(())
    });
    server.join().unwrap();
}

#[test]
fn test_recvfrom_into() {
    let (address, server) = udp_echo_server(2);
    in_loop(async move {
        let client = client()?;
        let mut buffer = [0; 4096];
        sock_sendto(&client, &[1; 4096], address).await?;
        let (count, from) = sock_recvfrom_into(&client, &mut buffer).await?;
        assert_eq!((count, from.inet()), (4096, Some(address)));
        assert_eq!(buffer, [1; 4096]);

        let mut buffer = [0; 8192];
        sock_sendto(&client, &[1; 4096], address).await?;
        let (count, from) = sock_recvfrom_into(&client, &mut buffer[..4096]).await?;
        assert_eq!((count, from.inet()), (4096, Some(address)));
        assert_eq!(buffer[..4096], [1; 4096]);
        assert_eq!(buffer[4096..], [0; 4096]);
        Ok(())
    });
    server.join().unwrap();
}

/// UDP to this computer never has to wait, so these are datagrams of Unix sockets, to a peer that has no room.
#[test]
fn test_sendto_blocking() {
    let path = std::env::temp_dir().join(format!("kolo-sendto-blocking-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let to = path.clone();
    in_loop(async move {
        let (ours, theirs) = (UnixDatagram::unbound()?, Rc::new(UnixDatagram::bind(&to)?));
        ours.set_nonblocking(true)?;
        theirs.set_nonblocking(true)?;
        while ours.send_to(b"full", &to).is_ok() {}
        let data = vec![1; 4096];
        let sender = create_task({
            let (ours, data) = (Rc::new(ours), data.clone());
            async move { sock_sendto(&ours, &data, Address::Unix(to)).await }
        });
        let receiver = theirs.clone();
        running_loop().call_soon(move || while receiver.recv(&mut [0; 4]).is_ok() {});
        assert_eq!(sender.await?, 4096);
        assert_eq!(sock_recvfrom(&theirs, 8192).await?.0, data);
        Ok(())
    });
    std::fs::remove_file(path).unwrap();
}
