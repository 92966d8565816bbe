//! HTTP for kolo, on [hyper]: a client and a server in aiohttp's shape, and what hyper itself needs to run on kolo's loop.
//!
//! | aiohttp | here |
//! |---|---|
//! | `async with aiohttp.ClientSession() as session:` | [`ClientSession::new`] |
//! | `async with session.get(url, params=...) as response:` | [`session.get(url)`](ClientSession::get)`.`[`query(...)`](RequestBuilder::query)`.await?` |
//! | `response.status`, `headers`, `await response.text()`, `json()`, `read()`, `content` | [`Response`]: [`status`](Response::status), [`headers`](Response::headers), [`text`](Response::text), [`json`](Response::json), [`read`](Response::read), [`content_mut`](Response::content_mut) |
//! | `raise_for_status()`, `ClientTimeout(total=5)` | [`raise_for_status`](Response::raise_for_status), [`ClientTimeout::total`] |
//! | `aiohttp.ClientError`, `InvalidURL`, `ContentTypeError`, ... | [`ClientError`], of an error by [`ClientError::of`] |
//! | `web.Application()`, `app.router.add_get(path, f)`, `app[key]` | [`web::Application`]: [`get`](web::Application::get), [`state`](web::Application::state) |
//! | `web.Response(text=...)`, `web.json_response(...)`, `raise web.HTTPNotFound()` | [`web::Response`], [`web::json_response`], [`web::HttpError`] |
//! | `web.run_app(app)`, `AppRunner`, `TCPSite` | [`web::run_app`], [`web::AppRunner`], [`web::Site`] |
//!
//! HTTP/1.1 is spoken; bodies come as they are, without compression. Whoever wants more, HTTP/2 for one, takes hyper, by the module [`rt`].
#![forbid(unsafe_code)]
// Elsewhere `kolo` says so, and there is nothing else to say.
#![cfg(unix)]

mod body;
mod client;
mod content;
mod error;
pub mod rt;
mod text;
mod url;
pub mod web;

pub use body::Body;
pub use client::{ClientSession, ClientTimeout, RequestBuilder, Response, SessionBuilder};
pub use content::Content;
pub use error::ClientError;
pub use url::Url;

pub use bytes::Bytes;
pub use http::{HeaderMap, Method};
pub use hyper;
