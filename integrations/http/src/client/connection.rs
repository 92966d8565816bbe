//! One connection of a client.

use std::panic::Location;

use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use kolo_executor::{Error, Result, cancellable, create_task};
use kolo_net::{StreamWriter, open_connection};

use crate::body::Body;
use crate::error::ClientError;
use crate::rt::Io;
use crate::url::Url;

/// How long the head of a response may be, in bytes.
const HEAD: usize = 32 * 1024;

/// A connection that one request uses at a time. A task of its own reads and writes.
pub(crate) struct Connection {
    sender: SendRequest<Body>,
    writer: StreamWriter,
    /// A request was made on it before.
    pub(crate) is_used: bool,
}

impl Connection {
    pub(crate) async fn open(url: &Url, tls: &Tls) -> Result<Connection> {
        let (reader, writer) = connect(url, tls).await?;
        let io = Io::new((reader, writer.clone()));
        let mut builder = Builder::new();
        builder.max_header_size(HEAD);
        let shaken = builder.handshake(io).await;
        let (sender, connection) = shaken.map_err(|error| ClientError::of_hyper(error, url))?;
        // What goes wrong is told to the request.
        create_task(async { cancellable(connection).await.map(drop) });
        Ok(Connection {
            sender,
            writer,
            is_used: false,
        })
    }

    /// Whether a request can be made on it, once it is through with the one before.
    pub(crate) async fn is_ready(&mut self) -> bool {
        !self.writer.is_closing() && self.sender.ready().await.is_ok()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed() || self.writer.is_closing()
    }

    pub(crate) async fn send(&mut self, request: http::Request<Body>) -> Result<http::Response<Incoming>, hyper::Error> {
        self.is_used = true;
        self.sender.send_request(request).await
    }

    /// Ends it, whatever is under way.
    pub(crate) fn abort(self) {
        self.writer.abort();
    }
}

/// Whom connections under TLS trust.
#[cfg(feature = "tls")]
pub(crate) type Tls = std::cell::RefCell<Option<kolo_net::TlsClient>>;

/// Nobody: there is no TLS.
#[cfg(not(feature = "tls"))]
pub(crate) type Tls = ();

type Streams = (kolo_net::StreamReader, StreamWriter);

async fn connect(url: &Url, tls: &Tls) -> Result<Streams> {
    let place = Location::caller();
    let opening = open_connection((url.host(), url.port()));
    let opened = match url.is_https() {
        true => under_tls(opening, tls)?.await,
        false => opening.await,
    };
    opened.map_err(|error| match error.is_cancelled() {
        true => error,
        false => {
            let (host, port) = (url.host().to_owned(), url.port());
            Error::from(ClientError::Connector { host, port, error }).at(place)
        }
    })
}

#[cfg(feature = "tls")]
fn under_tls(opening: kolo_net::OpenConnection, tls: &Tls) -> Result<kolo_net::OpenConnection> {
    let known = tls.borrow().clone();
    let client = match known {
        Some(client) => client,
        None => {
            // The system's certificates are read once for a session.
            let client = kolo_net::TlsClient::new()?;
            tls.replace(Some(client.clone()));
            client
        }
    };
    Ok(opening.tls(client))
}

#[cfg(not(feature = "tls"))]
fn under_tls(_: kolo_net::OpenConnection, (): &Tls) -> Result<kolo_net::OpenConnection> {
    Err(Error::value("https needs the feature `tls` of kolo"))
}
