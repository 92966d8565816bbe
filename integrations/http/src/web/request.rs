//! `Request`: what a client wants.

use std::fmt;
use std::rc::Rc;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri, request};
use kolo_executor::{Error, Result, running_loop};
use kolo_net::Address;
use serde::de::DeserializeOwned;

use crate::client::from_json;
use crate::content::Content;
use crate::text::{content_type, decode};
use crate::web::application::Application;
use crate::web::error::HttpError;
use crate::web::limits::Limits;
use crate::web::routes::{Parameters, query};

/// What a client wants. Mirrors `aiohttp.web.Request`.
///
/// ```
/// use kolo::Result;
/// use kolo::http::web::{Application, Request, Response, json_response};
///
/// async fn upper(mut request: Request) -> Result<Response> {
///     let times = request.query("times").unwrap_or_else(|| "1".into()).parse()?;
///     json_response(&request.text().await?.to_uppercase().repeat(times))
/// }
///
/// let app = Application::new();
/// app.post("/upper", upper)?;
/// # Ok::<(), kolo::Error>(())
/// ```
pub struct Request {
    app: Application,
    head: request::Parts,
    content: Content,
    limits: Limits,
    remote: Option<Address>,
    pub(crate) parameters: Parameters,
    /// All of the body, once it was read.
    body: Option<Bytes>,
}

impl Request {
    pub(crate) fn new(
        app: Application,
        head: request::Parts,
        content: Content,
        limits: Limits,
        remote: Option<Address>,
    ) -> Request {
        Request {
            app,
            head,
            content,
            limits,
            remote,
            parameters: Parameters::new(),
            body: None,
        }
    }

    /// What is said of it when its handler fails, kept without writing it down: handlers seldom do.
    pub(crate) fn subject(&self) -> (Method, Uri, Option<Address>) {
        (self.head.method.clone(), self.head.uri.clone(), self.remote.clone())
    }

    /// The method. Mirrors `request.method`.
    pub fn method(&self) -> &Method {
        &self.head.method
    }

    /// The path, percent-encoded as it came. Mirrors `request.rel_url.raw_path`.
    pub fn path(&self) -> &str {
        self.head.uri.path()
    }

    /// The path and the query, as they came. Mirrors `request.path_qs`.
    ///
    /// ```
    /// use kolo::Result;
    /// use kolo::http::ClientSession;
    /// use kolo::http::web::{AppRunner, Application, Request, Response, Site, json_response};
    ///
    /// struct Greeting(&'static str);
    ///
    /// async fn show(mut request: Request) -> Result<Response> {
    ///     assert_eq!((request.method().as_str(), request.path()), ("POST", "/show/ada"));
    ///     assert_eq!(request.path_and_query(), "/show/ada?a=1&a=2");
    ///     assert_eq!(request.query_pairs().len(), 2);
    ///     assert_eq!(request.match_info("name")?, "ada");
    ///     assert!(request.headers().contains_key("host") && request.remote().is_some());
    ///     assert_eq!(request.header("X-Request-Id"), Some("17"));
    ///     assert_eq!(request.content_type(), "application/json");
    ///     assert_eq!(request.state::<Greeting>()?.0, request.app().state::<Greeting>()?.0);
    ///     let numbers: Vec<u32> = request.json().await?;
    ///     assert_eq!(request.read().await?, "[1,2]"); // the same once more
    ///     json_response(&numbers.iter().sum::<u32>())
    /// }
    ///
    /// async fn length(mut request: Request) -> Result<Response> {
    ///     let mut length = 0;
    ///     // Without a limit but those of time, because nothing is kept; `into_content` gives the body away.
    ///     while let Some(piece) = request.content_mut().chunk().await? {
    ///         length += piece.len();
    ///     }
    ///     assert!(request.into_content().at_eof());
    ///     json_response(&length)
    /// }
    ///
    /// kolo::run(async {
    ///     let app = Application::new();
    ///     app.set_state(Greeting("hello"));
    ///     app.post("/show/{name}", show)?;
    ///     app.post("/length", length)?;
    ///     let runner = AppRunner::new(&app);
    ///     let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;
    ///     let base = format!("http://{}", address.inet().expect("of TCP"));
    ///     let session = ClientSession::builder().base_url(&base).header("X-Request-Id", "17").build();
    ///
    ///     let mut response = session.post("/show/ada?a=1&a=2").json(&[1, 2]).await?;
    ///     assert_eq!(response.json::<u32>().await?, 3);
    ///     let mut response = session.post("/length").body(vec![0; 100_000]).await?;
    ///     assert_eq!(response.json::<usize>().await?, 100_000);
    ///     runner.cleanup().await
    /// })
    /// .unwrap();
    /// ```
    pub fn path_and_query(&self) -> &str {
        self.head.uri.path_and_query().map_or("/", |both| both.as_str())
    }

    /// The first value that the query has for a name, decoded. Mirrors `request.query.get(name)`.
    pub fn query(&self, name: &str) -> Option<String> {
        query(self.head.uri.query()).find_map(|(key, value)| (key == name).then_some(value))
    }

    /// All names and values of the query, decoded. Mirrors `request.query`.
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        query(self.head.uri.query()).collect()
    }

    /// A parameter of the route's path, decoded. Mirrors `request.match_info[name]`.
    ///
    /// # Errors
    /// Value, when the route has none of this name.
    #[track_caller]
    pub fn match_info(&self, name: &str) -> Result<&str> {
        match self.parameters.iter().find(|(known, _)| known == name) {
            Some((_, value)) => Ok(value),
            None => Err(Error::value(format!(
                "the route of {} has no {{{name}}} in its path",
                self.path()
            ))),
        }
    }

    /// The headers. Mirrors `request.headers`.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// A header as a text. Mirrors `request.headers.get(name)`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The type of the body, without its parameters. Mirrors `request.content_type`.
    pub fn content_type(&self) -> String {
        content_type(self.headers())
    }

    /// Where the client is. Mirrors `request.remote`.
    pub fn remote(&self) -> Option<&Address> {
        self.remote.as_ref()
    }

    /// The application that the request is made to. Mirrors `request.app`.
    pub fn app(&self) -> &Application {
        &self.app
    }

    /// What the application has of this type. Mirrors `request.app[key]`.
    ///
    /// # Errors
    /// Runtime, when nobody has given it such a thing by [`set_state`](Application::set_state).
    #[track_caller]
    pub fn state<T: 'static>(&self) -> Result<Rc<T>> {
        self.app.state()
    }

    /// The body, as a stream, which has no limit but those of time. Mirrors `request.content`.
    pub fn content_mut(&mut self) -> &mut Content {
        &mut self.content
    }

    /// The body alone.
    pub fn into_content(self) -> Content {
        self.content
    }

    /// All of the body; the same when it is asked for again. Mirrors `request.read()`.
    ///
    /// # Errors
    /// [`HttpError`] 413, for more than the [limit](Limits::body), and 408, when it takes too long; Io, when the client goes before its end; Cancelled.
    ///
    /// # Cancel safety
    /// What had been read is lost.
    pub async fn read(&mut self) -> Result<Bytes> {
        if let Some(body) = &self.body {
            return Ok(body.clone());
        }
        let most = self.limits.body;
        // What says that it is too long is not waited for.
        if self.content.expected().is_some_and(|expected| expected > most as u64) {
            return Err(too_large(most));
        }
        self.content.patience.deadline = Some(running_loop().time() + self.limits.body_time);
        let read = self.content.collect(most).await;
        let body = read.map_err(|error| match error.is_timeout() {
            true => HttpError::new(408).into(),
            false => error,
        })?;
        let body = body.ok_or_else(|| too_large(most))?;
        self.body = Some(body.clone());
        Ok(body)
    }

    /// The body as a text, in the encoding that the headers name: UTF-8, unless it is Latin-1. Mirrors `request.text()`.
    ///
    /// # Errors
    /// As [`read`](Request::read); [`HttpError`] 400, for what is no text in that encoding.
    ///
    /// # Cancel safety
    /// As `read`.
    pub async fn text(&mut self) -> Result<String> {
        let body = self.read().await?;
        decode(&body, self.headers()).map_err(bad)
    }

    /// What the body says in JSON, whatever it is called. Mirrors `request.json()`.
    ///
    /// # Errors
    /// As [`text`](Request::text); [`HttpError`] 400, for what is no JSON, or of another form than what is asked for.
    ///
    /// # Cancel safety
    /// As `read`.
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        from_json(&self.text().await?).map_err(bad)
    }

    /// The fields of a form, as browsers send it: `application/x-www-form-urlencoded`. Mirrors `request.post()`.
    ///
    /// # Errors
    /// As [`read`](Request::read).
    ///
    /// # Cancel safety
    /// As `read`.
    pub async fn post(&mut self) -> Result<Vec<(String, String)>> {
        let body = self.read().await?;
        Ok(form_urlencoded::parse(&body).into_owned().collect())
    }
}

fn bad(error: Error) -> Error {
    HttpError::new(400).with_text(format!("400: {error}")).into()
}

fn too_large(most: usize) -> Error {
    let text = format!("Maximum request body size {most} exceeded");
    HttpError::new(413).with_text(text).into()
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Request {} {}>", self.method(), self.path())
    }
}
