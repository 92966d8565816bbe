//! In place of aiohttp, and of www.example.com: so much of HTTP as the listings of the notes need.

use std::cell::Cell;
use std::rc::Rc;

use kolo::{Address, Error, Result, StreamReader, StreamWriter, open_connection, sleep, start_server};

/// What `session.get` gives.
pub(crate) struct Response {
    pub(crate) status: u16,
}

/// Asks the server on this computer, whatever the host's name is.
#[derive(Clone)]
pub(crate) struct ClientSession {
    example_com: Address,
}

impl ClientSession {
    pub(crate) async fn get(&self, url: &str) -> Result<Response> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        if !["http", "https"].contains(&scheme) {
            return Err(Error::value(url.to_owned()));
        }
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (reader, writer) = open_connection(self.example_com.clone()).await?;
        let response = ask(&reader, &writer, host, path).await;
        writer.close();
        writer.wait_closed().await?;
        response
    }
}

async fn ask(reader: &StreamReader, writer: &StreamWriter, host: &str, path: &str) -> Result<Response> {
    writer.write(format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))?;
    let head = reader.read_until("\r\n\r\n").await?;
    let _body = reader.read_to_end().await?;
    let head = String::from_utf8(head)?;
    let status = head.split(' ').nth(1).unwrap_or_default().parse()?;
    Ok(Response { status })
}

async fn answer(reader: StreamReader, writer: StreamWriter, served: Rc<Cell<u32>>) -> Result<()> {
    let number = served.get();
    served.set(number + 1);
    reader.read_until("\r\n\r\n").await?;
    // No two answers come at the same time: their order is certain.
    sleep(0.1 + 0.001 * f64::from(number)).await?;
    let body = "<h1>Example Domain</h1>";
    writer.write(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    ))?;
    writer.drain().await?;
    writer.close();
    writer.wait_closed().await
}

/// Runs `main` while www.example.com answers.
pub(crate) async fn with_example_com(main: impl AsyncFnOnce(ClientSession) -> Result<()>) -> Result<()> {
    let served = Rc::new(Cell::new(0));
    let serve = move |reader, writer| answer(reader, writer, served.clone());
    let server = start_server(serve, ("127.0.0.1", 0)).await?;
    let example_com = server.addresses()[0].clone();
    let outcome = main(ClientSession { example_com }).await;
    server.close();
    server.wait_closed().await?;
    outcome
}
