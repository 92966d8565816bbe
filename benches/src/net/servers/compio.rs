//! compio on its epoll driver.

use std::io::Result;

use compio::io::{AsyncRead, AsyncWriteExt};
use compio::net::{TcpListener, TcpStream};

use super::listen;
use crate::net::work::Service;

pub(super) fn serve(service: Service) {
    let runtime = compio::runtime::Runtime::new().expect("a runtime");
    let ended: Result<()> = runtime.block_on(async move {
        let listener = TcpListener::from_std(listen())?;
        loop {
            let (connection, _) = listener.accept().await?;
            match service {
                Service::Echo { buffer } => compio::runtime::spawn(echo(connection, buffer)).detach(),
                Service::Close => compio::runtime::spawn(async move { drop(connection) }).detach(),
            }
        }
    });
    ended.expect("a server that does not fail");
}

async fn echo(mut connection: TcpStream, buffer: usize) -> Result<()> {
    connection.set_nodelay(true)?;
    let mut bytes = Vec::with_capacity(buffer);
    loop {
        let (count, filled) = connection.read(bytes).await.into();
        if count? == 0 {
            return Ok(());
        }
        let (outcome, written) = connection.write_all(filled).await.into();
        outcome?;
        bytes = written;
        bytes.clear();
    }
}
