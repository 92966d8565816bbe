//! Servers of streams.

use std::net::TcpStream;

use kolo_executor::testing::hops;
use kolo_executor::{Error, Result, create_task, current_task, running_loop};
use kolo_net::{
    OpenConnection, Server, StreamReader, StreamWriter, open_connection, open_unix_connection, start_server, start_unix_server,
};

use crate::peers::address_of;
use crate::peers::scratch::Scratch;
use crate::support::child::in_child;
use crate::support::reports::Reports;
use crate::support::runs::in_loop;

/// Answers one line.
async fn handle_client(reader: StreamReader, writer: StreamWriter) -> Result<()> {
    let data = reader.read_line().await?;
    writer.write(data)?;
    writer.drain().await?;
    writer.close();
    writer.wait_closed().await
}

fn handle_client_callback(reader: StreamReader, writer: StreamWriter) {
    create_task(handle_client(reader, writer));
}

async fn client(server: Server, connection: OpenConnection) -> Result<()> {
    let reports = Reports::of(&running_loop());
    let (reader, writer) = connection.await?;
    writer.write("hello world!\n")?;
    assert_eq!(reader.read_line().await?, b"hello world!\n");
    writer.close();
    writer.wait_closed().await?;
    server.close();
    server.wait_closed().await?;
    hops(2).await?;
    assert!(reports.take().is_empty());
    Ok(())
}

#[test]
fn test_start_server() {
    in_loop(async {
        let server = start_server(handle_client, ("127.0.0.1", 0)).await?;
        let connection = open_connection(address_of(&server));
        client(server, connection).await?;
        let server = start_server(handle_client_callback, ("127.0.0.1", 0)).await?;
        let connection = open_connection(address_of(&server));
        client(server, connection).await
    });
}

#[test]
fn test_start_unix_server() {
    in_loop(async {
        let scratch = Scratch::new();
        let server = start_unix_server(handle_client, scratch.path("one")).await?;
        client(server, open_unix_connection(scratch.path("one"))).await?;
        let server = start_unix_server(handle_client_callback, scratch.path("two")).await?;
        client(server, open_unix_connection(scratch.path("two"))).await
    });
}

#[test]
fn test_unclosed_server_resource_warnings() {
    let name = concat!(module_path!(), "::test_unclosed_server_resource_warnings");
    let output = in_child(name, &[], || {
        in_loop(async {
            running_loop().set_debug(true);
            let server = start_server(|_: StreamReader, _: StreamWriter| {}, ("127.0.0.1", 0)).await?;
            let _client = TcpStream::connect(address_of(&server))?;
            hops(5).await?;
            server.close();
            server.wait_closed().await
        });
    });
    let Some(output) = output else { return };
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(told.matches("unclosed <StreamWriter").count(), 1, "{told}");
}

#[test]
fn test_unhandled_exception() {
    in_loop(async {
        let reports = Reports::of(&running_loop());
        let handler = async |_: StreamReader, _: StreamWriter| Err::<(), _>(Error::other("test"));
        let server = start_server(handler, ("127.0.0.1", 0)).await?;
        let (reader, writer) = open_connection(address_of(&server)).await?;
        assert_eq!(reader.read_to_end().await?, b"");
        writer.close();
        writer.wait_closed().await?;
        server.close();
        server.wait_closed().await?;
        assert_eq!(reports.messages(), ["Unhandled exception in client_connected_cb"]);
        Ok(())
    });
}

#[test]
fn test_unhandled_cancel() {
    in_loop(async {
        let reports = Reports::of(&running_loop());
        let handler = async |_: StreamReader, writer: StreamWriter| {
            writer.close();
            current_task().expect("the handler's").cancel();
            hops(1).await
        };
        let server = start_server(handler, ("127.0.0.1", 0)).await?;
        let (reader, writer) = open_connection(address_of(&server)).await?;
        assert_eq!(reader.read_to_end().await?, b"");
        writer.close();
        writer.wait_closed().await?;
        server.close();
        server.wait_closed().await?;
        assert!(reports.take().is_empty());
        Ok(())
    });
}
