//! `Url`: where a request goes.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use http::uri::PathAndQuery;
use kolo_executor::{Error, Result};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::error::ClientError;

/// What may not stand in a url as it is. What is encoded already, by a `%`, stays as it is.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// An absolute url of http or https, without its fragment. Mirrors `yarl.URL`, of which it has as much as a client needs.
///
/// ```
/// use kolo::http::Url;
///
/// let url = Url::parse("http://example.com/a/b?x=1#top")?;
/// assert_eq!(url.to_string(), "http://example.com/a/b?x=1");
/// assert_eq!((url.host(), url.port(), url.path(), url.query()), ("example.com", 80, "/a/b", Some("x=1")));
/// assert_eq!(url.join("../c?y=2")?.to_string(), "http://example.com/c?y=2");
/// # Ok::<(), kolo::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Url(Uri);

impl Url {
    /// Reads a url. What has to be percent-encoded in its path and query is, if it is not yet.
    ///
    /// # Errors
    /// [`ClientError::InvalidUrl`], for what is not absolute, or has no host, a name and a password, or another scheme than http and https.
    pub fn parse(url: &str) -> Result<Url> {
        Url::read(url).map_err(|why| {
            let url = url.to_owned();
            Error::from(ClientError::InvalidUrl { url, why })
        })
    }

    fn read(url: &str) -> Result<Url, &'static str> {
        let (scheme, rest) = url
            .trim()
            .split_once("://")
            .ok_or("it is not absolute: begin it with http://")?;
        if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Err("its scheme is neither http nor https");
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err("it has a name in it, or a password: send them in a header");
        }
        if !authority.is_ascii() {
            return Err("its host is not in ASCII: write it as `xn--...`");
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        let path = utf8_percent_encode(path, UNSAFE);
        let (scheme, authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
        if authority.is_empty() || authority.starts_with(':') {
            return Err("it has no host");
        }
        let uri = Uri::try_from(format!("{scheme}://{authority}{slash}{path}")).map_err(|_| "it is no valid url")?;
        let port = uri.authority().map_or("", |authority| authority.as_str());
        let port = port
            .rsplit_once(':')
            .filter(|(_, port)| !port.ends_with(']'))
            .map(|(_, port)| port);
        if port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err("its port is no number of a port");
        }
        Ok(Url(uri))
    }

    /// The url that `reference` means in a document at this one: a path, a query, or a url of its own.
    ///
    /// # Errors
    /// As [`parse`](Url::parse).
    pub fn join(&self, reference: &str) -> Result<Url> {
        let reference = reference.trim();
        let colon = reference.find(':').unwrap_or(usize::MAX);
        if reference.find(['/', '?', '#']).unwrap_or(usize::MAX) > colon {
            return Url::parse(reference);
        }
        if let Some(elsewhere) = reference.strip_prefix("//") {
            return Url::parse(&format!("{}://{elsewhere}", self.scheme()));
        }
        let reference = reference.split('#').next().unwrap_or_default();
        let (path, query) = match reference.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (reference, None),
        };
        let query = match path.is_empty() {
            true => query.or(self.query()),
            false => query,
        };
        let folder = self.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = match path {
            "" => self.path().to_owned(),
            path if path.starts_with('/') => without_dots(path),
            path => without_dots(&format!("{folder}/{path}")),
        };
        let query = query.map_or_else(String::new, |query| format!("?{query}"));
        Url::parse(&format!("{}://{}{path}{query}", self.scheme(), self.authority()))
    }

    /// The same url with more in its query, percent-encoded as forms are.
    pub(crate) fn with_query<'a>(&self, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Url> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        let more = query.finish();
        let query = match self.query() {
            _ if more.is_empty() => return Ok(self.clone()),
            Some(before) if !before.is_empty() => format!("{before}&{more}"),
            _ => more,
        };
        self.join(&format!("?{query}"))
    }

    /// `http` or `https`.
    ///
    /// ```
    /// use kolo::http::Url;
    ///
    /// let url = Url::parse("https://example.com/index.html")?;
    /// assert_eq!((url.scheme(), url.host(), url.port(), url.path()), ("https", "example.com", 443, "/index.html"));
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn scheme(&self) -> &str {
        self.0.scheme_str().unwrap_or("http")
    }

    /// The name of the host, or its address.
    pub fn host(&self) -> &str {
        let host = self.0.host().unwrap_or_default();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// The port, which is that of the scheme if there is none.
    pub fn port(&self) -> u16 {
        let usual = if self.is_https() { 443 } else { 80 };
        self.0.port_u16().unwrap_or(usual)
    }

    /// The path, percent-encoded.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// The query, percent-encoded, without its `?`.
    pub fn query(&self) -> Option<&str> {
        self.0.query()
    }

    pub(crate) fn is_https(&self) -> bool {
        self.scheme() == "https"
    }

    /// The host and the port as they were written, for the header `Host`.
    pub(crate) fn authority(&self) -> &str {
        self.0.authority().map_or("", |authority| authority.as_str())
    }

    /// What stands in the first line of a request.
    pub(crate) fn target(&self) -> Uri {
        let target = self.0.path_and_query().cloned();
        Uri::from(target.unwrap_or_else(|| PathAndQuery::from_static("/")))
    }

    pub(crate) fn is_of_the_origin_of(&self, other: &Url) -> bool {
        (self.scheme(), self.host(), self.port()) == (other.scheme(), other.host(), other.port())
    }
}

/// A path without its `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut parts = path.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        match part {
            "." | ".." => {
                if part == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            part => kept.push(part),
        }
    }
    format!("/{}", kept.join("/"))
}

impl FromStr for Url {
    type Err = Error;

    fn from_str(url: &str) -> Result<Url> {
        Url::parse(url)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = self.query();
        write!(f, "{}://{}{}", self.scheme(), self.authority(), self.path())?;
        query.map_or(Ok(()), |query| write!(f, "?{query}"))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "URL('{self}')")
    }
}
