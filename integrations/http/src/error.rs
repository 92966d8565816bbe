//! `ClientError`: why a request failed.

use std::error::Error as StdError;
use std::fmt;

use http::HeaderMap;
use kolo_executor::Error;

use crate::url::Url;

/// Why a request failed. Mirrors `aiohttp.ClientError` and the classes below it, in their words.
///
/// It comes as a kolo [`Error`], of which [`ClientError::of`] gets it back. What took too long is of kind [`Timeout`](kolo_executor::Kind::Timeout), and
/// no `ClientError`.
///
/// ```
/// use kolo::http::{ClientError, ClientSession};
/// use kolo::run;
///
/// let error = run(async { ClientSession::new().get("http://").await.map(drop) }).unwrap_err();
/// assert_eq!(error.to_string(), "http:// - it has no host");
/// assert!(matches!(ClientError::of(&error), Some(ClientError::InvalidUrl { .. })));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody can be reached there. Mirrors `ClientConnectorError`.
    #[non_exhaustive]
    Connector {
        /// Whom.
        host: String,
        /// At which port.
        port: u16,
        /// What the system says.
        error: Error,
    },
    /// It is no url of http or https. Mirrors `InvalidURL`.
    #[non_exhaustive]
    InvalidUrl {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The connection ended before there was an answer. Mirrors `ServerDisconnectedError`.
    ServerDisconnected,
    /// The answer is one that is not wanted, by its status, or is none of HTTP. Mirrors `ClientResponseError`.
    #[non_exhaustive]
    Response {
        /// 400, for what is none.
        status: u16,
        /// Its reason, or what is wrong.
        message: String,
        /// What was asked for.
        url: Url,
        /// The headers of the answer.
        headers: HeaderMap,
    },
    /// The answer is not JSON. Mirrors `ContentTypeError`.
    #[non_exhaustive]
    ContentType {
        /// Of the answer.
        status: u16,
        /// What it is instead.
        content_type: String,
        /// What was asked for.
        url: Url,
    },
    /// There was more than one redirect too many. Mirrors `TooManyRedirects`.
    #[non_exhaustive]
    TooManyRedirects {
        /// What was asked for at first.
        url: Url,
    },
    /// The body of an answer ended too early, or that of a request cannot be sent. Mirrors `ClientPayloadError`.
    Payload(String),
    /// The session is closed. Mirrors aiohttp's `RuntimeError("Session is closed")`.
    SessionClosed,
}

impl ClientError {
    /// What an error is, if it is one of these.
    pub fn of(error: &Error) -> Option<&ClientError> {
        error.downcast_ref()
    }

    /// The status of the answer, if there was one.
    ///
    /// ```
    /// use kolo::http::{ClientError, Url};
    ///
    /// fn is_worth_another_try(error: &ClientError) -> bool {
    ///     matches!(error, ClientError::ServerDisconnected) || error.status().is_some_and(|status| status >= 500)
    /// }
    /// ```
    pub fn status(&self) -> Option<u16> {
        match self {
            ClientError::Response { status, .. } | ClientError::ContentType { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// What hyper says of a request to `url`.
    pub(crate) fn of_hyper(error: hyper::Error, url: &Url) -> Error {
        // An error of a body that somebody gave, or a cancellation, is handed on.
        if let Some(ours) = Error::carried_by(&error).filter(|_| error.is_user()) {
            return ours.clone();
        }
        if !error.is_parse() {
            return ClientError::ServerDisconnected.into();
        }
        let (status, headers) = (400, HeaderMap::new());
        let (message, url) = (error.to_string(), url.clone());
        Error::from(ClientError::Response {
            status,
            message,
            url,
            headers,
        })
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::Connector { host, port, error } => {
                let error = error.to_string();
                let said = error.split_once("] ").filter(|_| error.starts_with("[Errno "));
                let said = said.map_or(&*error, |(_, said)| said);
                write!(f, "Cannot connect to host {host}:{port} ssl:default [{said}]")
            }
            ClientError::InvalidUrl { url, why } => write!(f, "{url} - {why}"),
            ClientError::ServerDisconnected => f.write_str("Server disconnected"),
            ClientError::Response {
                status, message, url, ..
            } => write!(f, "{status}, message='{message}', url='{url}'"),
            ClientError::ContentType {
                status,
                content_type,
                url,
            } => write!(
                f,
                "{status}, message='Attempt to decode JSON with unexpected mimetype: {content_type}', url='{url}'"
            ),
            ClientError::TooManyRedirects { url } => write!(f, "0, message='', url='{url}'"),
            ClientError::Payload(what) => f.write_str(what),
            ClientError::SessionClosed => f.write_str("Session is closed"),
        }
    }
}

impl StdError for ClientError {}
