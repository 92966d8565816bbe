//! What the test programs share.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use kolo::http::web::{AppRunner, Application, Limits, Site};
use kolo::{Result, StreamReader, StreamWriter, open_connection, running_loop, start_server};

/// An application at a free port.
pub(crate) async fn serve(app: &Application) -> Result<(AppRunner, SocketAddr)> {
    serve_with(app, Limits::default()).await
}

pub(crate) async fn serve_with(app: &Application, limits: Limits) -> Result<(AppRunner, SocketAddr)> {
    let runner = AppRunner::new(app).with_limits(limits);
    let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;
    Ok((runner, address.inet().expect("of TCP")))
}

/// A server that answers each connection with these bytes, once it has got the head of a request, and closes it.
pub(crate) async fn answering(answer: &'static str) -> Result<SocketAddr> {
    let answer = move |reader: StreamReader, writer: StreamWriter| async move {
        reader.read_until("\r\n\r\n").await?;
        writer.write(answer)?;
        writer.drain().await?;
        writer.close();
        writer.wait_closed().await
    };
    let server = start_server(answer, ("127.0.0.1", 0)).await?;
    Ok(server.addresses()[0].inet().expect("of TCP"))
}

/// Sends these bytes, and gives all that comes until the server closes.
pub(crate) async fn raw(address: SocketAddr, request: impl AsRef<[u8]>) -> Result<String> {
    let (reader, writer) = open_connection(address).await?;
    writer.write(request)?;
    let answer = reader.read_to_end().await?;
    Ok(String::from_utf8(answer)?)
}

/// The first line of an answer.
pub(crate) fn first_line(answer: &str) -> &str {
    answer.lines().next().unwrap_or_default()
}

/// The messages and errors that nobody handles, from now on.
pub(crate) fn reports() -> Rc<RefCell<Vec<String>>> {
    let reports = Rc::new(RefCell::new(Vec::new()));
    let told = reports.clone();
    running_loop().set_exception_handler(Some(Rc::new(move |context| {
        let error = context.error.as_ref().map(ToString::to_string).unwrap_or_default();
        told.borrow_mut().push(format!("{}: {error}", context.message));
    })));
    reports
}
