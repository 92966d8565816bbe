//! tokio on its current-thread runtime, which spawns what is `Send` more cheaply than a `LocalSet` does.

use std::io::Result;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::listen;
use crate::net::work::Service;

pub(super) fn serve(service: Service) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let main = async move {
        let listener = TcpListener::from_std(listen())?;
        loop {
            let (connection, _) = listener.accept().await?;
            match service {
                Service::Echo { buffer } => drop(tokio::spawn(echo(connection, buffer))),
                Service::Close => drop(tokio::spawn(async move { drop(connection) })),
            }
        }
    };
    let task = runtime.spawn(main);
    let ended: Result<()> = runtime.block_on(task).expect("a server that does not panic");
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
