//! `Response`: what a server answered.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, response};
use hyper::ext::ReasonPhrase;
use kolo_executor::{Error, Result};
use serde::de::DeserializeOwned;

use crate::content::Content;
use crate::error::ClientError;
use crate::text::{content_type, decode};
use crate::url::Url;

/// What a server answered. Mirrors `aiohttp.ClientResponse`.
///
/// Its head is there, its body comes as it is read. Once all of it is read its connection goes back to the session; a response that is dropped before
/// closes it. It is a guard, as `async with session.get(...) as response` is.
///
/// ```
/// use kolo::http::ClientSession;
/// use kolo::http::web::{AppRunner, Application, Site, json_response};
/// use kolo::run;
///
/// run(async {
///     let app = Application::new();
///     app.get("/sum", async |_| json_response(&[1, 2, 3]))?;
///     let runner = AppRunner::new(&app);
///     let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;
///
///     let session = ClientSession::new();
///     let url = format!("http://{}/sum", address.inet().expect("of TCP"));
///     let mut response = session.get(&url).await?;
///     assert_eq!((response.status(), response.reason()), (200, "OK"));
///     assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
///     assert_eq!(response.json::<Vec<i32>>().await?, [1, 2, 3]);
///     runner.cleanup().await
/// })
/// .unwrap();
/// ```
pub struct Response {
    method: Method,
    url: Url,
    head: response::Parts,
    content: Content,
    /// All of the body, once it was read.
    body: Option<Bytes>,
    history: Vec<Url>,
}

impl Response {
    pub(crate) fn new(method: Method, url: Url, head: response::Parts, content: Content, history: Vec<Url>) -> Response {
        Response {
            method,
            url,
            head,
            content,
            body: None,
            history,
        }
    }

    /// The status, as a number. Mirrors `response.status`.
    pub fn status(&self) -> u16 {
        self.head.status.as_u16()
    }

    /// Whether the status is below 400. Mirrors `response.ok`.
    pub fn ok(&self) -> bool {
        self.status() < 400
    }

    /// The words behind the status. Mirrors `response.reason`.
    pub fn reason(&self) -> &str {
        let given = self.head.extensions.get::<ReasonPhrase>();
        match given {
            Some(given) => std::str::from_utf8(given.as_bytes()).unwrap_or_default(),
            None => self.head.status.canonical_reason().unwrap_or_default(),
        }
    }

    /// The headers. Mirrors `response.headers`.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The type of the body, without its parameters. Mirrors `response.content_type`.
    pub fn content_type(&self) -> String {
        content_type(self.headers())
    }

    /// The method of the request that this answers, the last one of several. Mirrors `response.method`.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// What was asked for in the end, after all redirects. Mirrors `response.url`.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// What was asked for before, first to last, if there were redirects. Mirrors `response.history`.
    pub fn history(&self) -> &[Url] {
        &self.history
    }

    /// The body, as a stream. Mirrors `response.content`.
    pub fn content_mut(&mut self) -> &mut Content {
        &mut self.content
    }

    /// The body alone.
    pub fn into_content(self) -> Content {
        self.content
    }

    /// All of the body; the same when it is asked for again. Mirrors `response.read()`.
    ///
    /// ```
    /// use kolo::http::web::{AppRunner, Application, Site};
    /// use kolo::http::{ClientError, ClientSession};
    /// use kolo::run;
    ///
    /// run(async {
    ///     let app = Application::new();
    ///     app.get("/", async |_| Ok("hello"))?;
    ///     let runner = AppRunner::new(&app);
    ///     let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;
    ///     let base = format!("http://{}", address.inet().expect("of TCP"));
    ///     let session = ClientSession::builder().base_url(&base).build();
    ///
    ///     let mut response = session.get("/").await?;
    ///     assert!(response.ok() && response.history().is_empty());
    ///     assert_eq!((response.method().as_str(), response.content_type().as_str()), ("GET", "text/plain"));
    ///     assert_eq!(response.read().await?, "hello");
    ///     assert_eq!(response.text().await?, "hello");
    ///
    ///     // Piece by piece: what is long need not be in memory.
    ///     let mut response = session.get("/").await?;
    ///     while let Some(piece) = response.content_mut().chunk().await? {
    ///         println!("{} bytes", piece.len());
    ///     }
    ///     let mut content = session.get("/").await?.into_content();
    ///     assert!(content.chunk().await?.is_some());
    ///
    ///     let mut response = session.get("/nowhere").await?;
    ///     let error = response.raise_for_status().unwrap_err();
    ///     assert_eq!(ClientError::of(&error).and_then(ClientError::status), Some(404));
    ///     runner.cleanup().await
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// [`ClientError::Payload`], when it ends too early; Timeout; Cancelled.
    ///
    /// # Cancel safety
    /// What had been read is lost, and the connection is closed with the response.
    pub async fn read(&mut self) -> Result<Bytes> {
        if let Some(body) = &self.body {
            return Ok(body.clone());
        }
        let body = self.content.collect(usize::MAX).await?.unwrap_or_default();
        self.body = Some(body.clone());
        Ok(body)
    }

    /// The body as a text, in the encoding that the headers name: UTF-8, unless it is Latin-1. Mirrors `response.text()`.
    ///
    /// # Errors
    /// As [`read`](Response::read); Value, for what is no text in that encoding.
    ///
    /// # Cancel safety
    /// As `read`.
    pub async fn text(&mut self) -> Result<String> {
        let body = self.read().await?;
        decode(&body, self.headers())
    }

    /// What the body says in JSON. Mirrors `response.json()`. JSON that is called something else: `serde_json::from_str(&response.text().await?)`.
    ///
    /// # Errors
    /// As [`text`](Response::text); [`ClientError::ContentType`], for a body that is not called JSON; Value, for one that is none, or of another
    /// form than what is asked for.
    ///
    /// # Cancel safety
    /// As `read`.
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        let content_type = self.content_type();
        let kind = content_type.strip_prefix("application/").unwrap_or_default();
        if kind != "json" && !kind.ends_with("+json") {
            return Err(Error::from(ClientError::ContentType {
                status: self.status(),
                content_type,
                url: self.url.clone(),
            }));
        }
        from_json(&self.text().await?)
    }

    /// Fails if the status is 400 or above. Mirrors `response.raise_for_status()`.
    ///
    /// # Errors
    /// [`ClientError::Response`]. The body is given up then.
    pub fn raise_for_status(&mut self) -> Result<()> {
        if self.ok() {
            return Ok(());
        }
        self.content.give_up();
        Err(Error::from(ClientError::Response {
            status: self.status(),
            message: self.reason().to_owned(),
            url: self.url.clone(),
            headers: self.headers().clone(),
        }))
    }
}

/// Python's `json.loads`; as in aiohttp a body of nothing is `null`.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    let text = if text.trim().is_empty() { "null" } else { text };
    serde_json::from_str(text).map_err(|error| Error::value(format!("the body is no JSON of the form that is wanted: {error}")))
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status: &StatusCode = &self.head.status;
        write!(f, "<ClientResponse({}) [{} {}]>", self.url, status.as_u16(), self.reason())
    }
}
