//! Streams under TLS: between two ends of ours, and with `openssl`.
#![cfg(feature = "tls")]

mod openssl;

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use kolo::{
    Error, Kind, Result, StreamReader, StreamWriter, TlsClient, TlsServer, create_task, gather, open_connection,
    open_connection_on, run, start_server,
};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
}

/// Trusts the authority of the tests.
fn client() -> Result<TlsClient> {
    TlsClient::trusting(file("ca.pem"))
}

fn server() -> Result<TlsServer> {
    TlsServer::from_pem(file("chain.pem"), file("key.pem"))
}

async fn echo(reader: StreamReader, writer: StreamWriter) -> Result<()> {
    loop {
        let data = reader.read(4096).await?;
        if data.is_empty() {
            break;
        }
        writer.write(data)?;
        writer.drain().await?;
    }
    writer.close();
    writer.wait_closed().await
}

#[test]
fn a_line_comes_back() {
    run(async {
        let server = start_server(echo, ("127.0.0.1", 0)).tls(server()?).await?;
        let port = server.addresses()[0].port().unwrap();
        let (reader, writer) = open_connection(("127.0.0.1", port)).tls(client()?).await?;
        writer.write("hello\n")?;
        assert_eq!(reader.read_line().await?, b"hello\n");
        assert!(!writer.can_write_eof());
        writer.close();
        writer.wait_closed().await?;
        assert_eq!(reader.read(1).await?, b"");
        server.close();
        server.wait_closed().await
    })
    .unwrap();
}

#[test]
fn more_than_any_buffer_comes_back_in_order() {
    run(async {
        let server = start_server(echo, ("127.0.0.1", 0)).tls(server()?).await?;
        let port = server.addresses()[0].port().unwrap();
        let (reader, writer) = open_connection(("localhost", port)).tls(client()?).await?;
        let sent: Rc<Vec<u8>> = Rc::new((0..3_000_000_u32).map(|i| (i % 251) as u8).collect());
        let writes = {
            let sent = sent.clone();
            create_task(async move {
                for chunk in sent.chunks(100_000) {
                    writer.write(chunk)?;
                    writer.drain().await?;
                }
                Ok(writer)
            })
        };
        let received = reader.read_exactly(sent.len()).await?;
        assert!(received == *sent);
        drop(writes.await?);
        server.close();
        server.wait_closed().await
    })
    .unwrap();
}

#[test]
fn a_file_is_sent_in_secret() {
    run(async {
        let server = start_server(echo, ("127.0.0.1", 0)).tls(server()?).await?;
        let port = server.addresses()[0].port().unwrap();
        let (reader, writer) = open_connection(("127.0.0.1", port)).tls(client()?).await?;
        let path = file("main.rs");
        let sent = writer.transport().sendfile(std::fs::File::open(&path)?, 3, None).await?;
        let text = std::fs::read(path)?;
        assert_eq!(sent as usize, text.len() - 3);
        assert!(reader.read_exactly(text.len() - 3).await? == text[3..]);
        writer.close();
        server.close();
        server.wait_closed().await
    })
    .unwrap();
}

#[test]
fn who_is_not_trusted_is_not_connected_to() {
    let outcome = run(async {
        let server = start_server(echo, ("127.0.0.1", 0)).tls(server()?).await?;
        let port = server.addresses()[0].port().unwrap();
        // The certificate is for another name.
        let tls = client()?.server_name("example.org");
        let outcome = open_connection(("127.0.0.1", port)).tls(tls).await;
        server.close();
        server.wait_closed().await?;
        Ok(outcome.map(drop))
    });
    let error = outcome.unwrap().unwrap_err();
    assert!(error.message().contains("certificate not valid for name"), "{error}");
}

#[test]
fn a_peer_that_speaks_no_tls_is_an_error() {
    let outcome = run(async {
        let babble = async |_: StreamReader, writer: StreamWriter| writer.write("220 hello\r\n");
        let server = start_server(babble, ("127.0.0.1", 0)).await?;
        let port = server.addresses()[0].port().unwrap();
        let outcome = open_connection(("127.0.0.1", port)).tls(client()?).await;
        server.close();
        Ok(outcome.map(drop))
    });
    assert!(outcome.unwrap().is_err());
}

#[test]
fn a_peer_that_leaves_before_they_agree_is_a_reset() {
    let outcome = run(async {
        let leave = |_: StreamReader, writer: StreamWriter| writer.close();
        let server = start_server(leave, ("127.0.0.1", 0)).await?;
        let port = server.addresses()[0].port().unwrap();
        let outcome = open_connection(("127.0.0.1", port)).tls(client()?).await;
        server.close();
        Ok(outcome.map(drop))
    });
    let error = outcome.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.errno()), (Kind::Io, Some(104)), "{error}");
}

#[test]
fn a_connection_goes_on_under_tls() {
    run(async {
        let (ours, theirs) = UnixStream::pair()?;
        let (reader, writer) = open_connection_on(ours).await?;
        let (their_reader, their_writer) = open_connection_on(theirs).await?;
        writer.write("STARTTLS\n")?;
        assert_eq!(their_reader.read_line().await?, b"STARTTLS\n");
        their_writer.write("go\n")?;
        assert_eq!(reader.read_line().await?, b"go\n");
        let both = [
            create_task(writer.start_tls(client()?.server_name("localhost"))),
            create_task(their_writer.start_tls(server()?)),
        ];
        gather(both).await?;
        writer.write("in secret\n")?;
        assert_eq!(their_reader.read_line().await?, b"in secret\n");
        their_writer.write("indeed\n")?;
        assert_eq!(reader.read_line().await?, b"indeed\n");
        Ok(())
    })
    .unwrap();
}

#[test]
fn without_a_name_there_is_nothing_to_check_a_certificate_against() {
    let outcome = run(async {
        let (ours, _theirs) = UnixStream::pair()?;
        open_connection_on(ours).tls(client()?).await.map(drop)
    });
    let error: Error = outcome.unwrap_err();
    let expected = "You must set server_hostname when using ssl without a host";
    assert_eq!((error.kind(), error.message()), (Kind::Value, expected));
}

#[test]
fn files_that_are_none_say_so() {
    let missing = TlsClient::trusting("no/such/file.pem").unwrap_err();
    assert_eq!(missing.kind(), Kind::Io);
    assert!(missing.message().contains("no/such/file.pem"), "{missing}");
    let empty = TlsClient::trusting(file("key.pem")).unwrap_err();
    assert_eq!(empty.kind(), Kind::Value);
    let no_key = TlsServer::from_pem(file("chain.pem"), file("ca.pem")).unwrap_err();
    assert_eq!(no_key.kind(), Kind::Value);
}
