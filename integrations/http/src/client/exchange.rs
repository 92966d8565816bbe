//! One request with all that comes of it: cookies, redirects, a second try, and in the end a response.

use std::cell::Cell;
use std::rc::Rc;

use http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, Request};
use hyper::body::Incoming;
use kolo_executor::{Error, Result, running_loop, timeout_at};

use crate::body::Body;
use crate::client::connector::Lease;
use crate::client::redirect;
use crate::client::response::Response;
use crate::client::session::Session;
use crate::client::timeout::{ClientTimeout, nothing_read, since_sent};
use crate::content::{Content, Patience};
use crate::error::ClientError;
use crate::url::Url;

/// A request, complete.
pub(crate) struct Exchange {
    pub(crate) session: Rc<Session>,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    pub(crate) timeout: ClientTimeout,
    /// How many redirects are followed.
    pub(crate) redirects: usize,
    pub(crate) raises: bool,
}

impl Exchange {
    pub(crate) async fn run(self) -> Result<Response> {
        let deadline = self.timeout.total.map(|total| running_loop().time() + total);
        let raises = self.raises;
        let mut response = timeout_at(deadline, self.follow(deadline)).await?;
        if raises {
            response.raise_for_status()?;
        }
        Ok(response)
    }

    async fn follow(mut self, deadline: Option<f64>) -> Result<Response> {
        let mut history = Vec::new();
        loop {
            // A body that can be sent again is kept for that.
            let again = self.body.again();
            let body = std::mem::replace(&mut self.body, Body::empty());
            let (head, content) = self.exchange(body, again.as_ref(), deadline).await?.into_parts();
            self.session.cookies.update(&head.headers, &self.url);
            let next = match redirect::target(head.status, &head.headers, &self.url) {
                Some(next) if self.redirects > 0 || !history.is_empty() => next?,
                _ => return Ok(Response::new(self.method, self.url, head, content, history)),
            };
            finish(content).await?;
            history.push(self.url.clone());
            if history.len() >= self.redirects {
                let url = history.swap_remove(0);
                return Err(ClientError::TooManyRedirects { url }.into());
            }
            match redirect::method(head.status, &self.method) {
                Some(method) => {
                    self.method = method;
                    redirect::forget_body(&mut self.headers);
                }
                None => match again {
                    Some(again) => self.body = again,
                    None => {
                        let why = "the body is a stream, which cannot be sent again to where the answer leads";
                        return Err(ClientError::Payload(why.into()).into());
                    }
                },
            }
            if !next.is_of_the_origin_of(&self.url) {
                redirect::forget_secrets(&mut self.headers);
            }
            self.url = next;
        }
    }

    /// One request and its answer. A kept connection may just have been closed by the server: then there is another try, if that does no harm.
    async fn exchange(&self, mut body: Body, again: Option<&Body>, deadline: Option<f64>) -> Result<http::Response<Content>> {
        loop {
            let mut lease = self.session.connector.lease(&self.url, &self.timeout).await?;
            let may_try_again = lease.was_kept() && self.method.is_idempotent();
            match self.answer(&mut lease, body).await {
                Ok(response) => return Ok(response.map(|incoming| self.content(incoming, lease, deadline))),
                Err(error) => {
                    let gone = matches!(ClientError::of(&error), Some(ClientError::ServerDisconnected));
                    body = match again.and_then(Body::again) {
                        Some(again) if gone && may_try_again => again,
                        _ => return Err(error),
                    };
                }
            }
        }
    }

    async fn answer(&self, lease: &mut Lease, body: Body) -> Result<http::Response<Incoming>> {
        let sent = Rc::new(Cell::new(running_loop().time()));
        let request = self.request(body.noting(sent.clone()))?;
        since_sent(self.timeout.sock_read, &sent, lease.send(request, &self.url)).await
    }

    fn request(&self, body: Body) -> Result<Request<Body>> {
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.url.target();
        let mut headers = self.headers.clone();
        let cookies = self.session.cookies.of(&self.url);
        if !cookies.is_empty() {
            let given = headers.get(COOKIE).and_then(|given| given.to_str().ok()).map(str::to_owned);
            let pairs = cookies.into_iter().map(|(name, value)| format!("{name}={value}"));
            let all: Vec<String> = given.into_iter().chain(pairs).collect();
            headers.insert(COOKIE, HeaderValue::try_from(all.join("; "))?);
        }
        if !headers.contains_key(HOST) {
            headers.insert(HOST, HeaderValue::try_from(self.host())?);
        }
        let has_kind = headers.contains_key(CONTENT_TYPE);
        if !has_kind && !http_body::Body::is_end_stream(request.body()) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        }
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        let agent = HeaderValue::from_static(concat!("kolo-http/", env!("CARGO_PKG_VERSION")));
        headers.entry(USER_AGENT).or_insert(agent);
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// As in aiohttp, without the port that is usual for the scheme.
    fn host(&self) -> String {
        let usual = if self.url.is_https() { ":443" } else { ":80" };
        let authority = self.url.authority();
        authority.strip_suffix(usual).unwrap_or(authority).to_owned()
    }

    fn content(&self, incoming: Incoming, lease: Lease, deadline: Option<f64>) -> Content {
        let mut content = Content::new(incoming, |error| {
            let ended = ClientError::Payload(format!("Response payload is not completed: {error}"));
            Error::from(ended).without_place()
        });
        content.patience = Patience {
            deadline,
            each: self.timeout.sock_read,
            late: Some(nothing_read),
        };
        // Dropped otherwise, which ends the connection.
        content.when_done(move |is_whole| {
            if is_whole {
                lease.give_back();
            }
        });
        content
    }
}

/// Reads what is left of an answer that nobody wants, if it is short: so its connection can be used for the next.
async fn finish(mut content: Content) -> Result<()> {
    const SHORT: u64 = 64 * 1024;
    if content.expected().is_some_and(|expected| expected <= SHORT) {
        while content.chunk().await?.is_some() {}
    }
    Ok(())
}
