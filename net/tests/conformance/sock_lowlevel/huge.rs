//! More than fits into the system's buffers, both ways at once.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use kolo_executor::{Result, create_task};
use kolo_net::{sock_connect, sock_recv, sock_recv_into, sock_sendall};

use super::{http_server, tcp_socket};
use crate::support::runs::in_loop;

const LENGTH: usize = 1_000_000;

fn chunk() -> Vec<u8> {
    b"0123456789".iter().copied().cycle().take(LENGTH).collect()
}

/// Posts the chunk, and gives what the server gives back.
async fn posted(address: SocketAddr, receive: impl AsyncFn(&Rc<OwnedFd>) -> Result<Vec<u8>>) -> Result<Vec<u8>> {
    let socket = tcp_socket();
    sock_connect(&socket, address).await?;
    let head = format!("POST /loop HTTP/1.0\r\nContent-Length: {LENGTH}\r\n\r\n");
    sock_sendall(&socket, head.as_bytes()).await?;
    let sending = socket.clone();
    let sender = create_task(async move { sock_sendall(&sending, &chunk()).await });
    let mut answer = Vec::new();
    loop {
        let data = receive(&socket).await?;
        if data.is_empty() {
            break;
        }
        answer.extend(data);
    }
    sender.await?;
    assert!(answer.starts_with(b"HTTP/1.0 200 OK"));
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4;
    Ok(answer.split_off(head))
}

#[test]
fn test_huge_content() {
    let (address, server) = http_server(1);
    in_loop(async move {
        let body = posted(address, async |socket| sock_recv(socket, LENGTH).await).await?;
        assert!(body == chunk());
        Ok(())
    });
    server.join().unwrap();
}

#[test]
fn test_huge_content_recvinto() {
    let (address, server) = http_server(1);
    in_loop(async move {
        let receive = async |socket: &Rc<OwnedFd>| {
            let mut buffer = vec![0; LENGTH];
            let count = sock_recv_into(socket, &mut buffer).await?;
            buffer.truncate(count);
            Ok(buffer)
        };
        let body = posted(address, receive).await?;
        assert!(body == chunk());
        Ok(())
    });
    server.join().unwrap();
}
