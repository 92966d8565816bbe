//! `Response`: what a handler answers.

use std::fmt;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use kolo_executor::{Error, Result};
use serde::Serialize;

use crate::body::Body;
use crate::client::not_sent;

/// What a handler answers. Mirrors `aiohttp.web.Response`, and `StreamResponse` with a body that is a [stream](Body::stream).
///
/// ```
/// use futures_util::stream;
/// use kolo::http::Body;
/// use kolo::http::web::Response;
///
/// let response = Response::new("made").with_status(201)?.with_header("Location", "/things/17")?;
/// assert_eq!(response.status(), 201);
/// let pieces = Response::new(Body::stream(stream::iter([Ok("one"), Ok("two")])));
/// # Ok::<(), kolo::Error>(())
/// ```
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
}

impl Response {
    /// A 200 with this body. It is called a plain text, if it is one by the type that is given here, and bytes otherwise.
    pub fn new(body: impl Text) -> Response {
        let kind = body.kind();
        let mut response = Response {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: body.body(),
        };
        if let Some(kind) = kind {
            response.set_kind(kind);
        }
        response
    }

    /// With this status.
    ///
    /// # Errors
    /// Value, for a number that is no status.
    pub fn with_status(mut self, status: u16) -> Result<Response> {
        self.status = StatusCode::from_u16(status).map_err(|_| Error::value(format!("{status} is no status of HTTP")))?;
        Ok(self)
    }

    /// With this header, in place of one of the same name.
    ///
    /// # Errors
    /// Value, for what cannot stand in a header.
    pub fn with_header<N, V>(mut self, name: N, value: V) -> Result<Response>
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let name = name.try_into().map_err(|error| not_sent("a header's name", error.into()))?;
        let value = value.try_into().map_err(|error| not_sent("a header's value", error.into()))?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// The status, as a number.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The headers, to be changed.
    ///
    /// ```
    /// use kolo::http::web::Response;
    ///
    /// let mut response = Response::new("hello");
    /// response.headers_mut().insert("x-request-id", "17".parse().unwrap());
    /// assert_eq!(response.headers()["x-request-id"], "17");
    /// ```
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    pub(crate) fn set_status(&mut self, status: StatusCode) {
        self.status = status;
    }

    fn set_kind(&mut self, kind: &'static str) {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }

    pub(crate) fn into_hyper(self) -> hyper::Response<Body> {
        let mut response = hyper::Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// What a body is by its type. For [`Response::new`].
#[doc(hidden)]
pub trait Text {
    fn kind(&self) -> Option<&'static str>;
    fn body(self) -> Body;
}

const PLAIN: Option<&str> = Some("text/plain; charset=utf-8");

macro_rules! bodies {
    ($($body:ty: $kind:expr;)*) => {$(
        impl Text for $body {
            fn kind(&self) -> Option<&'static str> {
                $kind
            }
            fn body(self) -> Body {
                self.into()
            }
        }

        impl From<$body> for Response {
            fn from(body: $body) -> Response {
                Response::new(body)
            }
        }
    )*};
}

bodies! {
    &'static str: PLAIN;
    String: PLAIN;
    Vec<u8>: Some("application/octet-stream");
    bytes::Bytes: Some("application/octet-stream");
    Body: Some("application/octet-stream");
    (): None;
}

/// A response that says this value in JSON. Mirrors `aiohttp.web.json_response`. [The module](crate::web) has an example.
///
/// ```
/// use kolo::http::web::json_response;
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct User {
///     name: &'static str,
/// }
///
/// let response = json_response(&User { name: "ada" })?;
/// assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
/// # Ok::<(), kolo::Error>(())
/// ```
///
/// # Errors
/// Value, for what cannot be said in JSON.
#[track_caller]
pub fn json_response(value: &(impl Serialize + ?Sized)) -> Result<Response> {
    match serde_json::to_vec(value) {
        Ok(json) => {
            let mut response = Response::new(json);
            response.set_kind("application/json; charset=utf-8");
            Ok(response)
        }
        Err(error) => Err(Error::value(format!("this cannot be said in JSON: {error}"))),
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Response {} {:?}>", self.status, self.body)
    }
}
