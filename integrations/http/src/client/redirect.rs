//! Where a response sends the client on to, and with what.

use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, LOCATION};
use http::{HeaderMap, Method, StatusCode};
use kolo_executor::Result;

use crate::url::Url;

/// The url that a response sends on to, if it does.
pub(crate) fn target(status: StatusCode, headers: &HeaderMap, from: &Url) -> Option<Result<Url>> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = headers.get(LOCATION).or_else(|| headers.get("uri"))?;
    Some(from.join(&String::from_utf8_lossy(location.as_bytes())))
}

/// The method of the next request; another than before means that it has no body. aiohttp's rules.
pub(crate) fn method(status: StatusCode, method: &Method) -> Option<Method> {
    let see_other = status == StatusCode::SEE_OTHER && *method != Method::HEAD;
    let moved = matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND) && *method == Method::POST;
    (see_other || moved).then_some(Method::GET)
}

/// What described a body that is sent no more.
pub(crate) fn forget_body(headers: &mut HeaderMap) {
    for name in [CONTENT_LENGTH, CONTENT_TYPE, CONTENT_ENCODING] {
        headers.remove(name);
    }
}

/// What is nobody else's business.
pub(crate) fn forget_secrets(headers: &mut HeaderMap) {
    for name in [AUTHORIZATION, COOKIE] {
        headers.remove(name);
    }
}
