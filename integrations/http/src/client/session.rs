//! `ClientSession`: what the requests of a program have in common.

use std::fmt;
use std::rc::Rc;

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use kolo_executor::{Error, Result};

use crate::client::connector::{Connector, Limits};
use crate::client::cookies::CookieJar;
use crate::client::request::{RequestBuilder, not_sent};
use crate::client::timeout::ClientTimeout;
use crate::url::Url;

/// What requests have in common: connections that are kept, cookies, headers, a base url, timeouts. Mirrors `aiohttp.ClientSession`.
///
/// A handle: clones are the same session. When the last is dropped its connections are closed.
///
/// ```
/// use kolo::http::ClientSession;
/// use kolo::http::web::{AppRunner, Application, Response, Site};
/// use kolo::run;
///
/// run(async {
///     let app = Application::new();
///     app.get("/greet/{name}", async |request| Ok(Response::new(format!("hello {}", request.match_info("name")?))))?;
///     let runner = AppRunner::new(&app);
///     let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;
///
///     let base = format!("http://{}", address.inet().expect("of TCP"));
///     let session = ClientSession::builder().base_url(&base).build();
///     let mut response = session.get("/greet/ada").await?;
///     assert_eq!(response.text().await?, "hello ada");
///     runner.cleanup().await
/// })
/// .unwrap();
/// ```
#[derive(Clone)]
pub struct ClientSession(Rc<Session>);

pub(crate) struct Session {
    pub(crate) connector: Rc<Connector>,
    pub(crate) cookies: CookieJar,
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: ClientTimeout,
    pub(crate) raises: bool,
    base: Option<Result<Url>>,
    /// What is wrong with how it was built, told by each of its requests.
    wrong: Option<Error>,
}

impl Session {
    /// The url that `url` means in this session.
    pub(crate) fn url(&self, url: &str) -> Result<Url> {
        if let Some(wrong) = &self.wrong {
            return Err(wrong.clone());
        }
        match &self.base {
            Some(base) => base.clone()?.join(url),
            None => Url::parse(url),
        }
    }
}

impl Default for ClientSession {
    fn default() -> ClientSession {
        ClientSession::new()
    }
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident $method:ident)*) => {$(
        $(#[$doc])*
        pub fn $name(&self, url: impl AsRef<str>) -> RequestBuilder {
            self.request(Method::$method, url)
        }
    )*};
}

impl ClientSession {
    /// One with aiohttp's defaults: 100 connections at a time, kept for 15 seconds, 300 seconds for a request.
    pub fn new() -> ClientSession {
        ClientSession::builder().build()
    }

    /// One that is told more.
    pub fn builder() -> SessionBuilder {
        SessionBuilder::default()
    }

    /// A request of any method. The url may be relative to the session's base url.
    ///
    /// ```
    /// use kolo::http::ClientSession;
    /// use kolo::http::web::{AppRunner, Application, Site};
    /// use kolo::run;
    ///
    /// run(async {
    ///     let app = Application::new();
    ///     app.route(None, "/method", async |request| Ok(request.method().to_string()))?;
    ///     let runner = AppRunner::new(&app);
    ///     let address = Site::tcp(&runner, ("127.0.0.1", 0)).start().await?;
    ///     let base = format!("http://{}", address.inet().expect("of TCP"));
    ///     let session = ClientSession::builder().base_url(&base).build();
    ///
    ///     let mut response = session.request("PURGE".parse()?, "/method").await?;
    ///     assert_eq!(response.text().await?, "PURGE");
    ///     assert_eq!(session.idle_connections(), 1);
    ///     session.close();
    ///     assert!(session.closed() && session.get("/method").await.is_err());
    ///     runner.cleanup().await
    /// })
    /// .unwrap();
    /// ```
    pub fn request(&self, method: Method, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self.0.clone(), method, url.as_ref())
    }

    methods! {
        /// A request for what is there. Mirrors `session.get`.
        get GET
        /// A request that gives something. Mirrors `session.post`.
        post POST
        /// A request that puts something there. Mirrors `session.put`.
        put PUT
        /// A request that changes what is there. Mirrors `session.patch`.
        patch PATCH
        /// A request that removes what is there. Mirrors `session.delete`.
        delete DELETE
        /// A request for the headers alone. Mirrors `session.head`.
        head HEAD
        /// A request for what can be done there. Mirrors `session.options`.
        options OPTIONS
    }

    /// The names and values of the cookies that a request for `url` would send. Mirrors `session.cookie_jar.filter_cookies(url)`.
    ///
    /// ```
    /// use kolo::http::{ClientSession, Url};
    ///
    /// let session = ClientSession::builder().cookie("theme", "dark").build();
    /// let url = Url::parse("http://example.com/")?;
    /// assert_eq!(session.cookies(&url), [("theme".to_owned(), "dark".to_owned())]);
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn cookies(&self, url: &Url) -> Vec<(String, String)> {
        self.0.cookies.of(url)
    }

    /// How many connections are kept that no request uses.
    pub fn idle_connections(&self) -> usize {
        self.0.connector.idle()
    }

    /// Closes the connections: those in use once their responses are through. No more requests can be made. Mirrors `session.close`.
    pub fn close(&self) {
        self.0.connector.close();
    }

    /// Whether it is closed. Mirrors `session.closed`.
    pub fn closed(&self) -> bool {
        self.0.connector.is_closed()
    }
}

impl fmt::Debug for ClientSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closed = if self.closed() { " closed" } else { "" };
        write!(f, "<ClientSession{closed} idle={}>", self.idle_connections())
    }
}

/// What a session is told before it is there; see [`ClientSession`]. What is wrong is told by its requests.
///
/// ```
/// use kolo::http::{ClientSession, ClientTimeout};
///
/// let session = ClientSession::builder()
///     .base_url("https://example.com/api/")
///     .header("Authorization", "Bearer 1234")
///     .timeout(ClientTimeout::total(10.0))
///     .limit_per_host(5)
///     .raise_for_status(true)
///     .build();
/// assert!(!session.closed());
/// ```
///
/// ```
/// use kolo::http::{ClientSession, ClientTimeout};
///
/// let session = ClientSession::builder()
///     .base_url("http://example.com")
///     .header("X-Client", "kolo")
///     .cookies_of_addresses(true)
///     .limit(10) // connections at once
///     .limit_per_host(2)
///     .keepalive_timeout(Some(5.0))
///     .timeout(ClientTimeout::total(10.0))
///     .raise_for_status(true)
///     .build();
/// ```
#[derive(Default)]
pub struct SessionBuilder {
    limits: Limits,
    cookies: CookieJar,
    headers: HeaderMap,
    timeout: ClientTimeout,
    raises: bool,
    base: Option<Result<Url>>,
    wrong: Option<Error>,
    #[cfg(feature = "tls")]
    tls: Option<kolo_net::TlsClient>,
}

impl SessionBuilder {
    /// What the urls of requests are relative to. Mirrors `base_url=`.
    pub fn base_url(mut self, url: &str) -> SessionBuilder {
        self.base = Some(Url::parse(url));
        self
    }

    /// A header of all requests. Mirrors `headers=`.
    pub fn header<N, V>(mut self, name: N, value: V) -> SessionBuilder
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let name = name.try_into().map_err(|error| not_sent("a header's name", error.into()));
        let value = value.try_into().map_err(|error| not_sent("a header's value", error.into()));
        match (name, value) {
            (Ok(name), Ok(value)) => drop(self.headers.insert(name, value)),
            (Err(error), _) | (_, Err(error)) => self.wrong = self.wrong.or(Some(error)),
        }
        self
    }

    /// A cookie of all requests, whatever the host. Mirrors `cookies=`.
    pub fn cookie(self, name: &str, value: &str) -> SessionBuilder {
        self.cookies.add(name, value);
        self
    }

    /// Whether servers have cookies that are known by their address alone; they have none, unless told otherwise. Mirrors `CookieJar(unsafe=True)`.
    pub fn cookies_of_addresses(self, on: bool) -> SessionBuilder {
        self.cookies.of_addresses.set(on);
        self
    }

    /// How long a request may take. Mirrors `timeout=`.
    pub fn timeout(mut self, timeout: ClientTimeout) -> SessionBuilder {
        self.timeout = timeout;
        self
    }

    /// How many connections are in use at a time, 100 unless told otherwise; 0 is as many as are asked for. Mirrors `TCPConnector(limit=)`.
    pub fn limit(mut self, limit: usize) -> SessionBuilder {
        self.limits.all = limit;
        self
    }

    /// How many of them to one host; 0, which it is unless told otherwise, as many as are asked for. Mirrors `limit_per_host=`.
    pub fn limit_per_host(mut self, limit: usize) -> SessionBuilder {
        self.limits.per_host = limit;
        self
    }

    /// How many seconds a connection is kept that nobody uses; 15 unless told otherwise. `None`: each request has its own, as `force_close=True`
    /// does. Mirrors `keepalive_timeout=`.
    pub fn keepalive_timeout(mut self, seconds: Option<f64>) -> SessionBuilder {
        self.limits.keep = seconds;
        self
    }

    /// Whether a status of 400 or above is an error, in all requests. Mirrors `raise_for_status=`.
    pub fn raise_for_status(mut self, on: bool) -> SessionBuilder {
        self.raises = on;
        self
    }

    /// Whom https trusts, in place of whom the system trusts. Mirrors `TCPConnector(ssl=)`.
    ///
    /// ```
    /// use kolo::TlsClient;
    /// use kolo::http::ClientSession;
    ///
    /// fn session() -> kolo::Result<ClientSession> {
    ///     Ok(ClientSession::builder().tls(TlsClient::trusting("our-authority.pem")?).build())
    /// }
    /// ```
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: kolo_net::TlsClient) -> SessionBuilder {
        self.tls = Some(tls);
        self
    }

    /// The session.
    pub fn build(self) -> ClientSession {
        #[cfg(feature = "tls")]
        let tls = std::cell::RefCell::new(self.tls);
        #[cfg(not(feature = "tls"))]
        let tls = ();
        ClientSession(Rc::new(Session {
            connector: Connector::new(self.limits, tls),
            cookies: self.cookies,
            headers: self.headers,
            timeout: self.timeout,
            raises: self.raises,
            base: self.base,
            wrong: self.wrong,
        }))
    }
}
