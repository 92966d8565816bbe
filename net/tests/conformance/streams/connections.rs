//! Connections.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::thread;

use kolo_executor::testing::hops;
use kolo_executor::{Error, Result, gather, running_loop};
use kolo_net::{OpenConnection, open_connection, open_connection_on, open_unix_connection};

use crate::peers::scratch::Scratch;
use crate::peers::{Streams, empty, streams_and_peer};
use crate::support::child::in_child;
use crate::support::reports::Reports;
use crate::support::runs::in_loop;

const ANSWER: &[u8] = b"HTTP/1.0 200 OK\r\n\r\nTest message";

/// Answers one client, on a thread, with what a web server says.
fn web<S: Read + Write>(accept: impl FnOnce() -> S + Send + 'static) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut client = accept();
        let mut request = [0; 18];
        client.read_exact(&mut request).expect("a request");
        client.write_all(ANSWER).expect("a client");
    })
}

/// A web server of TCP, and the connection to it.
fn over_tcp() -> Result<(thread::JoinHandle<()>, OpenConnection)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let server = web(move || listener.accept().expect("a client").0);
    Ok((server, open_connection(address)))
}

fn over_unix(scratch: &Scratch) -> Result<(thread::JoinHandle<()>, OpenConnection)> {
    let listener = UnixListener::bind(scratch.path("server"))?;
    let server = web(move || listener.accept().expect("a client").0);
    Ok((server, open_unix_connection(scratch.path("server"))))
}

async fn request((server, connection): (thread::JoinHandle<()>, OpenConnection)) -> Result<()> {
    let reports = Reports::of(&running_loop());
    let (reader, writer) = connection.await?;
    writer.write("GET / HTTP/1.0\r\n\r\n")?;
    assert_eq!(reader.read_line().await?, b"HTTP/1.0 200 OK\r\n");
    assert!(reader.read_to_end().await?.ends_with(b"\r\nTest message"));
    writer.close();
    server.join().expect("a server that did not panic");
    hops(2).await?;
    assert!(reports.take().is_empty());
    Ok(())
}

#[test]
fn test_open_connection() {
    in_loop(async { request(over_tcp()?).await });
}

#[test]
fn test_open_unix_connection() {
    in_loop(async {
        let scratch = Scratch::new();
        request(over_unix(&scratch)?).await
    });
}

async fn lost_with_an_error((reader, writer): Streams) -> Result<()> {
    let reports = Reports::of(&running_loop());
    reader.set_error(Error::value("lost"));
    assert_eq!(reader.read(1).await.expect_err("it is lost").message(), "lost");
    writer.close();
    hops(2).await?;
    assert!(reports.take().is_empty());
    Ok(())
}

#[test]
fn test_open_connection_error() {
    in_loop(async {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        lost_with_an_error(open_connection(listener.local_addr()?).await?).await
    });
}

#[test]
fn test_open_unix_connection_error() {
    in_loop(async {
        let scratch = Scratch::new();
        let _listener = UnixListener::bind(scratch.path("server"))?;
        lost_with_an_error(open_unix_connection(scratch.path("server")).await?).await
    });
}

#[test]
fn test_multiple_drain() {
    in_loop(async {
        let (_reader, writer, theirs) = streams_and_peer().await?;
        writer.write(vec![0; 1 << 20])?;
        let tasks: Vec<_> = (0..10).map(|_| super::task(writer.drain())).collect();
        hops(2).await?;
        assert!(tasks.iter().all(|task| !task.done()));
        while writer.write_buffer_size() > 0 {
            empty(&theirs);
            hops(1).await?;
        }
        gather(tasks).await?;
        Ok(())
    });
}

#[test]
fn test_read_all_from_pipe_reader() {
    in_loop(async {
        // A socket for a pipe.
        let (ours, theirs) = UnixStream::pair()?;
        let mut command = Command::new("printf");
        let mut child = command.arg("data").stdout(Stdio::from(OwnedFd::from(theirs))).spawn()?;
        drop(command);
        let (reader, _writer) = open_connection_on(ours).limit(1).await?;
        assert_eq!(reader.read_to_end().await?, b"data");
        assert!(child.wait()?.success());
        Ok(())
    });
}

#[test]
fn test_wait_closed_on_close() {
    in_loop(async {
        let (server, connection) = over_tcp()?;
        let (reader, writer) = connection.await?;
        writer.write("GET / HTTP/1.0\r\n\r\n")?;
        assert_eq!(reader.read_line().await?, b"HTTP/1.0 200 OK\r\n");
        assert!(reader.read_to_end().await?.ends_with(b"\r\nTest message"));
        assert!(!writer.is_closing());
        writer.close();
        assert!(writer.is_closing());
        server.join().expect("a server that did not panic");
        writer.wait_closed().await
    });
}

#[test]
fn test_wait_closed_on_close_with_unread_data() {
    in_loop(async {
        let (server, connection) = over_tcp()?;
        let (reader, writer) = connection.await?;
        writer.write("GET / HTTP/1.0\r\n\r\n")?;
        assert_eq!(reader.read_line().await?, b"HTTP/1.0 200 OK\r\n");
        writer.close();
        server.join().expect("a server that did not panic");
        writer.wait_closed().await
    });
}

#[test]
fn test_async_writer_api() {
    in_loop(async {
        let reports = Reports::of(&running_loop());
        let (server, connection) = over_tcp()?;
        let (reader, writer) = connection.await?;
        writer.write("GET / HTTP/1.0\r\n\r\n")?;
        writer.drain().await?;
        assert_eq!(reader.read_line().await?, b"HTTP/1.0 200 OK\r\n");
        assert!(reader.read_to_end().await?.ends_with(b"\r\nTest message"));
        writer.close();
        writer.wait_closed().await?;
        server.join().expect("a server that did not panic");
        assert!(reports.take().is_empty());
        Ok(())
    });
}

#[test]
fn test_eof_feed_when_closing_writer() {
    in_loop(async {
        let reports = Reports::of(&running_loop());
        let (reader, writer, _theirs) = streams_and_peer().await?;
        writer.close();
        writer.wait_closed().await?;
        assert!(reader.at_eof());
        assert_eq!(reader.read(1).await?, b"");
        assert!(reports.take().is_empty());
        Ok(())
    });
}

#[test]
fn test_unclosed_resource_warnings() {
    let name = concat!(module_path!(), "::test_unclosed_resource_warnings");
    let output = in_child(name, &[], || {
        in_loop(async {
            running_loop().set_debug(true);
            let (_reader, writer, mut theirs) = streams_and_peer().await?;
            drop(writer);
            hops(2).await?;
            theirs.set_nonblocking(false)?;
            assert_eq!(theirs.read(&mut [0])?, 0);
            Ok(())
        });
    });
    let Some(output) = output else { return };
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(told.matches("unclosed <StreamWriter").count(), 1, "{told}");
}
