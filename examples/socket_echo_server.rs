//! An echo server on sockets that do not block. Notes: "Работа с сокетами".

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;

use kolo::{Result, create_task, gather, open_connection, run, sleep, sock_accept, sock_recv, sock_sendall};

mod utils;
use utils::Repr;

async fn listen_for_connections(server_socket: Rc<TcpListener>) -> Result<()> {
    loop {
        let (connection, address) = sock_accept(&server_socket).await?;
        println!("Получен запрос на подключение от {address}");
        create_task(echo(connection));
    }
}

async fn echo(connection: Rc<TcpStream>) -> Result<()> {
    while let data = sock_recv(&connection, 1024).await?
        && !data.is_empty()
    {
        sock_sendall(&connection, &data).await?;
    }
    Ok(())
}

/// In place of `telnet localhost 8000`.
async fn telnet(address: SocketAddr, lines: [&str; 2]) -> Result<()> {
    let (reader, writer) = open_connection(address).await?;
    for line in lines {
        writer.write(line)?;
        println!("{}", reader.read_exactly(line.len()).await?.repr());
        sleep(1).await?;
    }
    writer.close();
    writer.wait_closed().await
}

fn main() -> Result<()> {
    run(async {
        let server_socket = TcpListener::bind(("127.0.0.1", 0))?;
        server_socket.set_nonblocking(true)?;
        let address = server_socket.local_addr()?;

        let listening = create_task(listen_for_connections(Rc::new(server_socket)));
        let first = create_task(telnet(address, ["one\r\n", "two\r\n"]));
        sleep(0.5).await?;
        let second = create_task(telnet(address, ["three\r\n", "four\r\n"]));
        gather([first, second]).await?;
        listening.cancel();
        Ok(())
    })
}
