//! `HttpError`: an answer that a handler ends with as an error.

use std::error::Error as StdError;
use std::fmt;

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

use crate::web::response::Response;

/// An answer that a handler ends with as an error, so that `?` can. Mirrors `aiohttp.web.HTTPException` and the classes below it, `HTTPNotFound` and
/// the others.
///
/// ```
/// use kolo::Result;
/// use kolo::http::web::{Application, HttpError, Request, Response};
///
/// async fn user(request: Request) -> Result<Response> {
///     match request.match_info("name")? {
///         "ada" => Ok(Response::new("here she is")),
///         _ => Err(HttpError::new(404).with_text("no such user").into()),
///     }
/// }
///
/// let app = Application::new();
/// app.get("/user/{name}", user)?;
/// # Ok::<(), kolo::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct HttpError {
    status: StatusCode,
    text: Option<String>,
    headers: HeaderMap,
}

impl HttpError {
    /// One of this status; a number that is none is taken for 500.
    pub fn new(status: u16) -> HttpError {
        HttpError {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            text: None,
            headers: HeaderMap::new(),
        }
    }

    /// With this text in place of the status and its reason.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> HttpError {
        self.text = Some(text.into());
        self
    }

    /// With a header; what is none is left out.
    ///
    /// ```
    /// use kolo::http::web::HttpError;
    ///
    /// let busy = HttpError::new(503).with_header("Retry-After", "120");
    /// assert_eq!((busy.status(), busy.to_string().as_str()), (503, "503: Service Unavailable"));
    /// ```
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl TryInto<HeaderValue>) -> HttpError {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), value.try_into()) {
            self.headers.insert(name, value);
        }
        self
    }

    /// The status of the answer.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    pub(crate) fn response(&self) -> Response {
        let text = self.text.clone().unwrap_or_else(|| self.to_string());
        let mut response = Response::new(text);
        response.set_status(self.status);
        response.headers_mut().extend(self.headers.clone());
        response
    }
}

/// `404: Not Found`, as aiohttp says it.
impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}",
            self.status.as_u16(),
            self.status.canonical_reason().unwrap_or_default()
        )
    }
}

impl StdError for HttpError {}
