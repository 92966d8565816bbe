//! monoio on each of its drivers.

use std::io::Result;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::{TcpListener, TcpStream};
use monoio::{IoUringDriver, LegacyDriver, RuntimeBuilder};

use super::listen;
use crate::net::work::Service;

pub(super) fn serve_by_epoll(service: Service) {
    let mut runtime = RuntimeBuilder::<LegacyDriver>::new().build().expect("a runtime");
    runtime.block_on(main(service)).expect("a server that does not fail");
}

pub(super) fn serve_by_io_uring(service: Service) {
    let builder = RuntimeBuilder::<IoUringDriver>::new().with_entries(16 * 1024);
    let mut runtime = { builder }.build().expect("a runtime");
    runtime.block_on(main(service)).expect("a server that does not fail");
}

async fn main(service: Service) -> Result<()> {
    let listener = TcpListener::from_std(listen())?;
    loop {
        let (connection, _) = listener.accept().await?;
        match service {
            Service::Echo { buffer } => drop(monoio::spawn(echo(connection, buffer))),
            Service::Close => drop(monoio::spawn(async move { drop(connection) })),
        }
    }
}

async fn echo(mut connection: TcpStream, buffer: usize) -> Result<()> {
    connection.set_nodelay(true)?;
    let mut bytes = Vec::with_capacity(buffer);
    loop {
        let (outcome, filled) = connection.read(bytes).await;
        if outcome? == 0 {
            return Ok(());
        }
        let (outcome, written) = connection.write_all(filled).await;
        outcome?;
        bytes = written;
        bytes.clear();
    }
}
