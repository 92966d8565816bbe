//! What goes wrong, in aiohttp's words.

use std::net::TcpListener;

use futures_util::stream;
use kolo::http::{Body, ClientError, ClientSession};
use kolo::{Error, Kind, Result, StreamReader, StreamWriter, run, start_server};

use crate::support::{answering, serve};

async fn refused(url: &str) -> Error {
    ClientSession::new().get(url).await.map(drop).unwrap_err()
}

#[test]
fn nobody_there_is_said_with_the_host_and_the_port() {
    run(async {
        // A port at which nobody listens any more.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let error = refused(&format!("http://127.0.0.1:{port}/")).await;
        let expected = format!("Cannot connect to host 127.0.0.1:{port} ssl:default [Connect call failed ('127.0.0.1', {port})]");
        assert_eq!(error.to_string(), expected);
        let Some(ClientError::Connector { host, error, .. }) = ClientError::of(&error) else {
            panic!("{error}");
        };
        assert_eq!((&**host, error.errno()), ("127.0.0.1", Some(111)));
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_is_no_url_is_refused_before_anything_is_sent() {
    run(async {
        for url in ["http://", "/relative", "ftp://example.com/", "http://:80/"] {
            let error = refused(url).await;
            assert!(
                matches!(ClientError::of(&error), Some(ClientError::InvalidUrl { .. })),
                "{error}"
            );
            assert!(error.to_string().starts_with(&format!("{url} - ")), "{error}");
        }
        let headers = ClientSession::new().get("http://localhost/").header("X", "a\r\nY: b");
        let error = headers.await.map(drop).unwrap_err();
        assert_eq!(error.kind(), Kind::Value, "{error}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_server_that_closes_early_has_disconnected() {
    run(async {
        let address = answering("").await?;
        let error = refused(&format!("http://{address}/")).await;
        assert_eq!(error.to_string(), "Server disconnected");
        assert!(matches!(ClientError::of(&error), Some(ClientError::ServerDisconnected)));
        let address = answering("HTTP/1.1 200 OK\r\nContent-Le").await?;
        assert_eq!(
            refused(&format!("http://{address}/")).await.to_string(),
            "Server disconnected"
        );
        Ok(())
    })
    .unwrap();
}

#[test]
fn what_is_not_http_is_a_bad_answer() {
    run(async {
        for answer in [
            "SSH-2.0-OpenSSH_9.2\r\n\r\n",
            "HTTP/1.1 abc\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        ] {
            let address = answering(answer).await?;
            let error = refused(&format!("http://{address}/")).await;
            let status = ClientError::of(&error).and_then(ClientError::status);
            assert_eq!(status, Some(400), "{answer:?}: {error}");
        }
        let long: &'static str = Box::leak(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(100_000)).into_boxed_str());
        let address = answering(long).await?;
        let error = refused(&format!("http://{address}/")).await;
        assert_eq!(ClientError::of(&error).and_then(ClientError::status), Some(400), "{error}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_status_is_an_error_when_that_is_asked_for() {
    run(async {
        let app = kolo::http::web::Application::new();
        let (_, address) = serve(&app).await?;
        let url = format!("http://{address}/nowhere");
        let mut response = ClientSession::new().get(&url).await?;
        assert!(!response.ok());
        let expected = format!("404, message='Not Found', url='{url}'");
        assert_eq!(response.raise_for_status().unwrap_err().to_string(), expected);

        let strict = ClientSession::builder().raise_for_status(true).build();
        let error = strict.get(&url).await.map(drop).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(ClientError::of(&error).and_then(ClientError::status), Some(404));
        assert_eq!(strict.get(&url).raise_for_status(false).await?.status(), 404);
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_error_or_a_panic_of_a_body_is_told_to_who_waits_for_the_answer() {
    async fn patient(reader: StreamReader, _writer: StreamWriter) -> Result<()> {
        reader.read_to_end().await.map(drop)
    }
    run(async {
        let server = start_server(patient, ("127.0.0.1", 0)).await?;
        let url = format!("http://{}/", server.addresses()[0].inet().expect("of TCP"));
        let session = ClientSession::new();
        let failing = Body::stream(stream::iter([Ok("one"), Err(Error::value("no more"))]));
        let error = session.post(&url).body(failing).await.map(drop).unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Value, "no more"));
        let panicking = Body::stream(stream::poll_fn(|_| -> std::task::Poll<Option<Result<&str>>> { panic!("oh") }));
        let error = session.post(&url).body(panicking).await.map(drop).unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Panic, "oh"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_closed_session_makes_no_requests() {
    run(async {
        let session = ClientSession::new();
        session.close();
        assert!(session.closed());
        let error = session.get("http://127.0.0.1:1/").await.map(drop).unwrap_err();
        assert_eq!(error.to_string(), "Session is closed");
        Ok(())
    })
    .unwrap();
}
