//! Asks a web server for a page under TLS: `tls_client HOST [PORT [FILE]]`, where whoever is certified in the PEM file is trusted, not the system's.

use std::env;

use kolo::{Error, Result, TlsClient, open_connection, run, timeout};

/// The head of the answer, and the length of its body.
pub(crate) async fn fetch(host: String, port: u16, trusted: Option<String>) -> Result<(String, usize)> {
    let tls = match trusted {
        Some(file) => TlsClient::trusting(file)?,
        None => TlsClient::new()?,
    };
    // The name that is connected to is the one which the certificate has to be for.
    let (reader, writer) = open_connection((&*host, port)).tls(tls).await?;
    writer.write(format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))?;
    let head = reader.read_until("\r\n\r\n").await?;
    let body = reader.read_to_end().await?;
    writer.close();
    writer.wait_closed().await?;
    Ok((String::from_utf8(head)?, body.len()))
}

#[allow(dead_code, reason = "the test calls `fetch`")]
fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let Some(host) = arguments.next() else {
        return Err(Error::value("usage: tls_client HOST [PORT [FILE]]"));
    };
    let port = arguments.next().map_or(Ok(443), |port| port.parse())?;
    let (head, length) = run(timeout(30, fetch(host, port, arguments.next())))?;
    println!("{head}({length} bytes)");
    Ok(())
}
