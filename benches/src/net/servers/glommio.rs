//! glommio, which runs on io_uring only.

use std::io::Result;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use glommio::net::{TcpListener, TcpStream};
use glommio::{LocalExecutorBuilder, spawn_local};

use super::announce;
use crate::net::work::Service;

pub(super) fn serve(service: Service) {
    let executor = LocalExecutorBuilder::default().make().expect("an executor");
    let ended: Result<()> = executor.run(async move {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        announce(listener.local_addr()?);
        loop {
            let connection = listener.accept().await?;
            match service {
                Service::Echo { buffer } => drop(spawn_local(echo(connection, buffer)).detach()),
                Service::Close => drop(spawn_local(async move { drop(connection) }).detach()),
            }
        }
    });
    ended.expect("a server that does not fail");
}

async fn echo(mut connection: TcpStream, buffer: usize) -> Result<()> {
    connection.set_nodelay(true)?;
    let mut bytes = vec![0; buffer];
    loop {
        let count = connection.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        connection.write_all(&bytes[..count]).await?;
    }
}
