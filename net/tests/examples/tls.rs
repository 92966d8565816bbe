//! The client asks a server under TLS whose authority is in the tests' folder.

#[path = "../../examples/tls_client.rs"]
mod tls_client;

use std::path::Path;

use kolo::{Result, Server, StreamReader, StreamWriter, TlsServer, run, start_server};

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name);
    path.to_str().expect("the checkout's path is text").to_owned()
}

async fn page(reader: StreamReader, writer: StreamWriter) -> Result<()> {
    let request = reader.read_until("\r\n\r\n").await?;
    assert!(request.starts_with(b"GET / HTTP/1.1\r\nHost: localhost\r\n"));
    writer.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<h1>in secret</h1>")?;
    writer.close();
    writer.wait_closed().await
}

async fn serve() -> Result<(Server, u16)> {
    let tls = TlsServer::from_pem(file("chain.pem"), file("key.pem"))?;
    let server = start_server(page, ("127.0.0.1", 0)).tls(tls).await?;
    let port = server.addresses()[0].port().expect("of TCP");
    Ok((server, port))
}

#[test]
fn a_page_is_fetched() {
    let (head, length) = run(async {
        let (server, port) = serve().await?;
        let answer = tls_client::fetch("localhost".to_owned(), port, Some(file("ca.pem"))).await;
        server.close();
        answer
    })
    .unwrap();
    assert_eq!((&*head, length), ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 18));
}

#[test]
fn who_is_certified_by_somebody_else_is_not_asked() {
    let error = run(async {
        let (server, port) = serve().await?;
        // A certificate that certifies nobody but itself.
        let answer = tls_client::fetch("localhost".to_owned(), port, Some(file("stranger.pem"))).await;
        server.close();
        Ok(answer.unwrap_err())
    })
    .unwrap();
    assert!(error.message().contains("UnknownIssuer"), "{error}");
}
