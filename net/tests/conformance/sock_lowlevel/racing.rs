//! A call that begins before one that was cancelled has gone.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::rc::Rc;

use kolo_executor::{Result, create_task, sleep};
use kolo_net::{sock_connect, sock_recv, sock_recv_into, sock_sendall};

use super::{http_server, tcp_socket};
use crate::support::runs::in_loop;

const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

async fn recv_racing(address: SocketAddr) -> Result<()> {
    let socket = tcp_socket();
    sock_connect(&socket, address).await?;
    let reading = socket.clone();
    let reader = create_task(async move { sock_recv(&reading, 1024).await });
    sleep(0).await?;
    reader.cancel();
    let sending = socket.clone();
    create_task(async move { sock_sendall(&sending, REQUEST).await });
    let data = sock_recv(&socket, 1024).await?;
    sock_recv(&socket, 1024).await?;
    assert!(data.starts_with(b"HTTP/1.0 200 OK"));
    Ok(())
}

async fn recv_into_racing(address: SocketAddr) -> Result<()> {
    let socket = tcp_socket();
    sock_connect(&socket, address).await?;
    let reading = socket.clone();
    let reader = create_task(async move { sock_recv_into(&reading, &mut [0; 1024]).await });
    sleep(0).await?;
    reader.cancel();
    let sending = socket.clone();
    let sender = create_task(async move { sock_sendall(&sending, REQUEST).await });
    let mut data = [0; 1024];
    let count = sock_recv_into(&socket, &mut data).await?;
    sock_recv_into(&socket, &mut data[count..]).await?;
    assert!(data.starts_with(b"HTTP/1.0 200 OK"));
    sender.await
}

async fn send_racing() -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let (address, socket) = (listener.local_addr()?, tcp_socket());
    rustix::net::sockopt::set_socket_send_buffer_size(&*socket, 1024).expect("a socket");
    let connecting = socket.clone();
    let connecting = create_task(async move { sock_connect(&connecting, address).await });
    sleep(0).await?;
    let (server, _) = listener.accept()?;
    server.set_nonblocking(true)?;
    connecting.await?;
    // Up to where five bytes find no room.
    let (spaces, mut size) = ([b' '; 8192], 8192);
    while size >= 4 {
        while rustix::net::send(&*socket, &spaces[..size], rustix::net::SendFlags::empty()).is_ok() {}
        size /= 2;
    }
    let sending = socket.clone();
    let sender = create_task(async move { sock_sendall(&sending, b"hello").await });
    sleep(0).await?;
    sender.cancel();
    let server = Rc::new(server);
    let receiver = create_task(async move {
        let mut all = Vec::new();
        loop {
            let data = sock_recv(&server, 8192).await?;
            if data.is_empty() {
                return Ok(all);
            }
            all.extend(data.into_iter().filter(|byte| *byte != b' '));
        }
    });
    sock_sendall(&socket, b"world").await?;
    rustix::net::shutdown(&*socket, rustix::net::Shutdown::Write).expect("a connected socket");
    assert!(receiver.await?.ends_with(b"world"));
    Ok(())
}

#[test]
fn test_sock_client_racing() {
    let (address, server) = http_server(2);
    in_loop(async move {
        recv_racing(address).await?;
        recv_into_racing(address).await?;
        send_racing().await
    });
    server.join().unwrap();
}

#[test]
fn test_sock_client_connect_racing() {
    in_loop(async {
        let (listener, socket) = (tcp_socket(), tcp_socket());
        rustix::net::bind(&*listener, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let address = rustix::net::getsockname(&*listener).expect("a bound socket");
        let address = SocketAddr::try_from(address).expect("an address of TCP");
        let connecting = socket.clone();
        let connecting = create_task(async move { sock_connect(&connecting, address).await });
        sleep(0).await?;
        connecting.cancel();
        rustix::net::listen(&*listener, 1).expect("a bound socket");
        let mut attempts = 0;
        while let Err(error) = sock_connect(&socket, address).await {
            assert_eq!(error.errno(), Some(111), "{error:?}");
            attempts += 1;
            assert!(attempts < 128);
        }
        Ok(())
    });
}
