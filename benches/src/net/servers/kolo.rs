//! kolo twice: by streams, and by `sock_*`.

use std::net::TcpStream;
use std::rc::Rc;

use kolo::{Result, StreamReader, StreamWriter, create_task, run, sock_accept, sock_recv, sock_sendall, start_server};

use super::listen;
use crate::net::work::Service;

pub(super) fn serve_by_streams(service: Service) {
    let serve = async move {
        let server = match service {
            Service::Echo { buffer } => start_server(move |reader, writer| echo(reader, writer, buffer), ("127.0.0.1", 0)),
            Service::Close => start_server(close, ("127.0.0.1", 0)),
        };
        server.on(listen()).backlog(4096).await?.serve_forever().await
    };
    run(serve).expect("a server that does not fail");
}

async fn echo(reader: StreamReader, writer: StreamWriter, buffer: usize) -> Result<()> {
    loop {
        let bytes = reader.read(buffer).await?;
        if bytes.is_empty() {
            return Ok(());
        }
        writer.write(&bytes)?;
        writer.drain().await?;
    }
}

async fn close(_: StreamReader, writer: StreamWriter) -> Result<()> {
    writer.close();
    Ok(())
}

pub(super) fn serve_by_sock(service: Service) {
    let serve = async move {
        let listener = Rc::new(listen());
        loop {
            let (connection, _) = sock_accept(&listener).await?;
            match service {
                Service::Echo { buffer } => drop(create_task(echo_by_sock(connection, buffer))),
                Service::Close => drop(create_task(async move {
                    drop(connection);
                    Ok(())
                })),
            }
        }
    };
    run::<()>(serve).expect("a server that does not fail");
}

async fn echo_by_sock(connection: Rc<TcpStream>, buffer: usize) -> Result<()> {
    connection.set_nodelay(true)?;
    loop {
        let bytes = sock_recv(&connection, buffer).await?;
        if bytes.is_empty() {
            return Ok(());
        }
        sock_sendall(&connection, &bytes).await?;
    }
}
