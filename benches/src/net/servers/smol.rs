//! smol: `LocalExecutor` of async-executor with async-io's reactor.

use std::io::Result;
use std::net::TcpStream;

use async_executor::LocalExecutor;
use async_io::Async;
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use super::listen;
use crate::net::work::Service;

pub(super) fn serve(service: Service) {
    let executor = LocalExecutor::new();
    let main = async {
        let listener = Async::new_nonblocking(listen())?;
        loop {
            let (connection, _) = listener.accept().await?;
            match service {
                Service::Echo { buffer } => executor.spawn(echo(connection, buffer)).detach(),
                Service::Close => executor.spawn(async move { drop(connection) }).detach(),
            }
        }
    };
    let ended: Result<()> = async_io::block_on(executor.run(main));
    ended.expect("a server that does not fail");
}

async fn echo(mut connection: Async<TcpStream>, buffer: usize) -> Result<()> {
    connection.get_ref().set_nodelay(true)?;
    let mut bytes = vec![0; buffer];
    loop {
        let count = connection.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        connection.write_all(&bytes[..count]).await?;
    }
}
