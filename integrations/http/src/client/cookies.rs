//! The cookies of a session.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::SET_COOKIE;

use crate::url::Url;

/// How many are kept; the oldest go first.
const MOST: usize = 3_000;

/// Mirrors `aiohttp.CookieJar`.
#[derive(Default)]
pub(crate) struct CookieJar {
    /// Whether hosts have cookies that are known by their address. Mirrors `unsafe=`.
    pub(crate) of_addresses: Cell<bool>,
    cookies: RefCell<Vec<Cookie>>,
}

struct Cookie {
    name: String,
    value: String,
    /// Empty: of all hosts.
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    expires: Option<SystemTime>,
}

impl Cookie {
    /// Reads a `Set-Cookie` of an answer from `url`. `None`, for what is none, or none of this host.
    fn read(header: &str, url: &Url) -> Option<Cookie> {
        let mut parts = header.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let name = name.trim();
        if name.is_empty() {
            return None;
        }
        let mut cookie = Cookie {
            name: name.to_owned(),
            value: value.trim().to_owned(),
            domain: url.host().to_owned(),
            host_only: true,
            path: folder_of(url.path()).to_owned(),
            secure: false,
            expires: None,
        };
        let mut max_age = None;
        for part in parts {
            let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match &*attribute.trim().to_ascii_lowercase() {
                "domain" if !value.is_empty() => {
                    cookie.domain = value.trim_start_matches('.').to_ascii_lowercase();
                    cookie.host_only = false;
                }
                "path" if value.starts_with('/') => cookie.path = value.to_owned(),
                "secure" => cookie.secure = true,
                "expires" => cookie.expires = httpdate::parse_http_date(value).ok(),
                "max-age" => max_age = value.parse::<i64>().ok(),
                _ => {}
            }
        }
        if let Some(seconds) = max_age {
            let age = Duration::from_secs(seconds.max(0).unsigned_abs());
            cookie.expires = SystemTime::now().checked_add(age);
        }
        cookie.is_of_host(url.host()).then_some(cookie)
    }

    fn is_same(&self, other: &Cookie) -> bool {
        (&self.name, &self.domain, &self.path) == (&other.name, &other.domain, &other.path)
    }

    fn is_over(&self) -> bool {
        self.expires.is_some_and(|expires| expires <= SystemTime::now())
    }

    fn is_of_host(&self, host: &str) -> bool {
        self.domain.is_empty() || host == self.domain || {
            let below = host.strip_suffix(&*self.domain).is_some_and(|below| below.ends_with('.'));
            // An address has no hosts below it, nor has a top-level domain of its own.
            below && !self.host_only && self.domain.contains('.') && host.parse::<IpAddr>().is_err()
        }
    }

    fn is_for(&self, url: &Url) -> bool {
        let rest = url.path().strip_prefix(&*self.path);
        let in_folder = rest.is_some_and(|rest| rest.is_empty() || self.path.ends_with('/') || rest.starts_with('/'));
        self.is_of_host(url.host()) && in_folder && (url.is_https() || !self.secure)
    }
}

/// Of `/a/b` it is `/a`.
fn folder_of(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((folder, _)) if !folder.is_empty() => folder,
        _ => "/",
    }
}

impl CookieJar {
    fn has_none(&self, url: &Url) -> bool {
        !self.of_addresses.get() && url.host().parse::<IpAddr>().is_ok()
    }

    /// Adds one that is sent to every host.
    pub(crate) fn add(&self, name: &str, value: &str) {
        self.put(Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: String::new(),
            host_only: false,
            path: String::from("/"),
            secure: false,
            expires: None,
        });
    }

    fn put(&self, cookie: Cookie) {
        let cookies = &mut *self.cookies.borrow_mut();
        cookies.retain(|other| !other.is_same(&cookie) && !other.is_over());
        if !cookie.is_over() {
            cookies.push(cookie);
            let many = cookies.len().saturating_sub(MOST);
            cookies.drain(..many);
        }
    }

    /// Takes those that an answer from `url` sets.
    pub(crate) fn update(&self, headers: &HeaderMap, url: &Url) {
        if self.has_none(url) {
            return;
        }
        let set = headers.get_all(SET_COOKIE).iter().filter_map(|header| header.to_str().ok());
        set.filter_map(|header| Cookie::read(header, url))
            .for_each(|cookie| self.put(cookie));
    }

    /// The names and values of those that are sent to `url`, the longest path first.
    pub(crate) fn of(&self, url: &Url) -> Vec<(String, String)> {
        let (cookies, has_none) = (self.cookies.borrow(), self.has_none(url));
        let is_sent = |cookie: &&Cookie| cookie.is_for(url) && !cookie.is_over() && (cookie.domain.is_empty() || !has_none);
        let mut sent: Vec<&Cookie> = cookies.iter().filter(is_sent).collect();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        sent.into_iter()
            .map(|cookie| (cookie.name.clone(), cookie.value.clone()))
            .collect()
    }
}
