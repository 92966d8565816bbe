//! `test_unix_events`: what it has on sockets.

use std::cell::OnceCell;
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::rc::Rc;

use kolo_executor::{Kind, Result, running_loop};
use kolo_net::{Protocol, Transport, create_connection_on, create_unix_connection, create_unix_server, open_connection_on};

use crate::peers::scratch::Scratch;
use crate::peers::{told, words};
use crate::support::outcome::{error_of, kind_of};
use crate::support::runs::in_loop;

#[derive(Default)]
struct Nothing(OnceCell<Transport>);

impl Protocol for Nothing {
    fn connection_made(&self, transport: &Transport) -> Result<()> {
        self.0.get_or_init(|| transport.clone());
        Ok(())
    }
}

fn nothing() -> Rc<Nothing> {
    Rc::default()
}

#[test]
fn test_create_unix_server_existing_path_sock() {
    in_loop(async {
        let scratch = Scratch::new();
        drop(UnixListener::bind(scratch.path("server"))?);
        assert!(scratch.path("server").exists());
        create_unix_server(nothing, scratch.path("server")).await?.close();
        Ok(())
    });
}

#[test]
fn test_create_unix_server_pathlike() {
    in_loop(async {
        let scratch = Scratch::new();
        let path = scratch.path("server");
        create_unix_server(nothing, path.as_path()).await?.close();
        create_unix_server(nothing, path.to_str().expect("a text")).await?.close();
        create_unix_server(nothing, path.as_os_str()).await?.close();
        Ok(())
    });
}

#[test]
fn test_create_unix_connection_pathlike() {
    in_loop(async {
        let scratch = Scratch::new();
        let outcome = create_unix_connection(nothing, scratch.path("none").as_path()).await;
        assert_eq!(told(outcome.map(drop)), "[Errno 2] No such file or directory");
        Ok(())
    });
}

#[test]
fn test_create_unix_server_existing_path_nonsock() {
    in_loop(async {
        let scratch = Scratch::new();
        let path = scratch.path("file");
        fs::write(&path, "content")?;
        let error = create_unix_server(nothing, &path).await.map(drop).expect_err("it is taken");
        let expected = format!("[Errno 98] Address '{}' is already in use", path.display());
        assert_eq!(words(&error), expected);
        assert_eq!(fs::read(&path)?, b"content");
        Ok(())
    });
}

#[test]
fn test_create_unix_server_path_inetsock() {
    in_loop(async {
        let scratch = Scratch::new();
        let socket = TcpListener::bind(("127.0.0.1", 0))?;
        let outcome = create_unix_server(nothing, scratch.path("server")).on(socket).await;
        let (kind, message) = error_of(outcome.map(drop));
        assert_eq!(kind, Kind::Value);
        assert!(
            message.starts_with("A UNIX Domain Stream Socket was expected, got "),
            "{message}"
        );
        Ok(())
    });
}

#[test]
fn test_create_unix_server_path_dgram() {
    in_loop(async {
        let scratch = Scratch::new();
        let socket = UnixDatagram::bind(scratch.path("datagrams"))?;
        let outcome = create_unix_server(nothing, scratch.path("server")).on(socket).await;
        let (kind, message) = error_of(outcome.map(drop));
        assert_eq!(kind, Kind::Value);
        assert!(message.starts_with("A Stream Socket was expected, got "), "{message}");
        Ok(())
    });
}

#[test]
fn test_create_unix_server_path_stream_bittype() {
    in_loop(async {
        let scratch = Scratch::new();
        let listener = UnixListener::bind(scratch.path("server"))?;
        listener.set_nonblocking(true)?;
        create_unix_server(nothing, scratch.path("server"))
            .on(listener)
            .await?
            .close();
        Ok(())
    });
}

#[test]
fn test_create_unix_server_bind_error() {
    in_loop(async {
        let scratch = Scratch::new();
        let outcome = create_unix_server(nothing, scratch.path("no folder/server")).await;
        assert_eq!(told(outcome.map(drop)), "[Errno 2] No such file or directory");
        Ok(())
    });
}

#[test]
fn test_create_unix_connection_path_inetsock() {
    in_loop(async {
        // A connection takes any socket of streams, as `create_connection` does.
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        assert_eq!(kind_of(open_connection_on(socket).await.map(drop)), Kind::Value);
        Ok(())
    });
}

#[test]
fn test_add_reader_or_writer_transport_fd() {
    in_loop(async {
        let (ours, _theirs) = UnixStream::pair()?;
        let number = std::os::fd::AsRawFd::as_raw_fd(&ours);
        let (transport, _) = create_connection_on(nothing, ours).await?;
        let expected = |call: &str| {
            let text = format!("{call}: File descriptor {number} is used by transport {transport:?}");
            (Kind::Runtime, text)
        };
        let event_loop = running_loop();
        assert_eq!(error_of(event_loop.add_reader(&number, || {})), expected("add_reader"));
        assert_eq!(error_of(event_loop.add_writer(&number, || {})), expected("add_writer"));
        // There is nothing of the caller's to be removed.
        assert!(!event_loop.remove_reader(&number) && !event_loop.remove_writer(&number));
        assert!(transport.is_reading());
        transport.close();
        Ok(())
    });
}
