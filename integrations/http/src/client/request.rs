//! `RequestBuilder`: a request that is about to be made.

use std::pin::Pin;
use std::rc::Rc;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use kolo_executor::{Error, Result};
use serde::Serialize;

use crate::body::Body;
use crate::client::exchange::Exchange;
use crate::client::response::Response;
use crate::client::session::Session;
use crate::client::timeout::ClientTimeout;
use crate::url::Url;

/// As in aiohttp.
const REDIRECTS: usize = 10;

/// A request that is made when it is awaited: what [`ClientSession::get`](crate::ClientSession::get) and its like give, and what can be asked of it
/// before. What is wrong with it is told then, too.
///
/// ```no_run
/// use kolo::http::ClientSession;
/// use kolo::run;
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Order {
///     product: &'static str,
///     count: u32,
/// }
///
/// run(async {
///     let session = ClientSession::new();
///     let order = Order { product: "apple", count: 3 };
///     let response = session.post("http://example.com/orders").header("X-Request-Id", "17").json(&order).await?;
///     println!("{}", response.status());
///
///     let found = session.get("http://example.com/search").query([("text", "apples & pears"), ("page", "2")]).await?;
///     println!("{}", found.url());
///     Ok(())
/// })
/// .unwrap();
/// ```
#[must_use = "a request is made when it is awaited"]
pub struct RequestBuilder {
    session: Rc<Session>,
    method: Method,
    url: Result<Url>,
    headers: HeaderMap,
    body: Body,
    timeout: Option<ClientTimeout>,
    redirects: usize,
    raises: Option<bool>,
    /// The first thing that is wrong.
    wrong: Option<Error>,
}

impl RequestBuilder {
    pub(crate) fn new(session: Rc<Session>, method: Method, url: &str) -> RequestBuilder {
        let follows = method != Method::HEAD;
        RequestBuilder {
            url: session.url(url),
            headers: session.headers.clone(),
            session,
            method,
            body: Body::empty(),
            timeout: None,
            redirects: if follows { REDIRECTS } else { 0 },
            raises: None,
            wrong: None,
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Self) -> Result<()>) -> Self {
        let changed = change(&mut self);
        self.wrong = self.wrong.or(changed.err());
        self
    }

    /// With this header, in place of one of the same name. Mirrors `headers=`.
    pub fn header<N, V>(self, name: N, value: V) -> RequestBuilder
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        self.with(|this| {
            let name = name.try_into().map_err(|error| not_sent("a header's name", error.into()))?;
            let value = value.try_into().map_err(|error| not_sent("a header's value", error.into()))?;
            this.headers.insert(name, value);
            Ok(())
        })
    }

    /// With more in the url's query, encoded as it has to be. Mirrors `params=`.
    pub fn query<K: AsRef<str>, V: AsRef<str>>(self, pairs: impl IntoIterator<Item = (K, V)>) -> RequestBuilder {
        let pairs: Vec<(K, V)> = pairs.into_iter().collect();
        self.with(|this| {
            if let Ok(url) = &this.url {
                let pairs = pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
                this.url = url.with_query(pairs);
            }
            Ok(())
        })
    }

    /// With this body: a text, bytes, a [stream](Body::stream). Mirrors `data=`.
    ///
    /// ```
    /// use kolo::http::web::{AppRunner, Application, Request, Site};
    /// use kolo::http::{ClientSession, ClientTimeout};
    /// use kolo::run;
    ///
    /// run(async {
    ///     let app = Application::new();
    ///     app.post("/echo", async |mut request: Request| request.text().await)?;
    ///     let runner = AppRunner::new(&app);
    ///     let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;
    ///     let base = format!("http://{}", address.inet().expect("of TCP"));
    ///     let session = ClientSession::builder().base_url(&base).build();
    ///
    ///     let request = session.post("/echo").body("as it is").timeout(ClientTimeout::total(5.0));
    ///     assert_eq!(request.raise_for_status(true).await?.text().await?, "as it is");
    ///     // As a browser sends it; `send` is what an `.await` does by itself.
    ///     let request = session.post("/echo").form([("name", "ada & co"), ("age", "36")]);
    ///     assert_eq!(request.send().await?.text().await?, "name=ada+%26+co&age=36");
    ///     // Redirects are followed, ten at the most, unless it is said otherwise.
    ///     let response = session.get("/nowhere").allow_redirects(false).await?;
    ///     assert_eq!(response.status(), 404);
    ///     let response = session.get("/nowhere").max_redirects(3).await?;
    ///     assert_eq!(response.status(), 404);
    ///     runner.cleanup().await
    /// })
    /// .unwrap();
    /// ```
    pub fn body(mut self, body: impl Into<Body>) -> RequestBuilder {
        self.body = body.into();
        self
    }

    /// With this value as JSON. Mirrors `json=`.
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> RequestBuilder {
        self.with(|this| {
            this.body = serde_json::to_vec(value)
                .map_err(|error| Error::value(format!("this cannot be said in JSON: {error}")))?
                .into();
            this.kind("application/json");
            Ok(())
        })
    }

    /// With the fields of a form, encoded as in a url. Mirrors `data={...}`.
    pub fn form<K: AsRef<str>, V: AsRef<str>>(self, fields: impl IntoIterator<Item = (K, V)>) -> RequestBuilder {
        self.with(|this| {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(fields);
            this.body = form.finish().into();
            this.kind("application/x-www-form-urlencoded");
            Ok(())
        })
    }

    /// Says what the body is, unless a header does.
    fn kind(&mut self, kind: &'static str) {
        self.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(kind));
    }

    /// In place of the session's. Mirrors `timeout=`.
    pub fn timeout(mut self, timeout: ClientTimeout) -> RequestBuilder {
        self.timeout = Some(timeout);
        self
    }

    /// Whether redirects are followed; they are, but for `head`. Mirrors `allow_redirects=`.
    pub fn allow_redirects(mut self, on: bool) -> RequestBuilder {
        self.redirects = if on { REDIRECTS } else { 0 };
        self
    }

    /// How many redirects are followed; 10 unless told otherwise. Mirrors `max_redirects=`.
    pub fn max_redirects(mut self, most: usize) -> RequestBuilder {
        self.redirects = most;
        self
    }

    /// Whether a status of 400 or above is an error. Mirrors `raise_for_status=`.
    pub fn raise_for_status(mut self, on: bool) -> RequestBuilder {
        self.raises = Some(on);
        self
    }

    /// Makes the request, as a coroutine: for [`gather`](kolo_executor::gather()) and its like. `.await` does it by itself.
    ///
    /// # Errors
    /// [`ClientError`](crate::ClientError)s; Timeout; Value, for a header that is none; Cancelled.
    ///
    /// # Cancel safety
    /// The request may have been sent; its connection is closed.
    pub async fn send(self) -> Result<Response> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let exchange = Exchange {
            method: self.method,
            url: self.url?,
            headers: self.headers,
            body: self.body,
            timeout: self.timeout.unwrap_or(self.session.timeout),
            redirects: self.redirects,
            raises: self.raises.unwrap_or(self.session.raises),
            session: self.session,
        };
        exchange.run().await
    }
}

impl IntoFuture for RequestBuilder {
    type Output = Result<Response>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Response>>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

pub(crate) fn not_sent(what: &str, error: http::Error) -> Error {
    Error::value(format!("{what} that cannot be sent: {error}"))
}
