//! What a body means: its type, its text.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use kolo_executor::{Error, Result};

/// The type of a body, without parameters and in small letters; as in aiohttp `application/octet-stream` when it has none.
pub(crate) fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = value
        .and_then(|value| value.split(';').next())
        .map(str::trim)
        .unwrap_or_default();
    match kind {
        "" => String::from("application/octet-stream"),
        kind => kind.to_ascii_lowercase(),
    }
}

fn charset(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let mut parameters = value.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let charset = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(charset.1.trim().trim_matches('"'))
}

/// A body's text, which is UTF-8 unless its headers say that it is Latin-1.
pub(crate) fn decode(bytes: &Bytes, headers: &HeaderMap) -> Result<String> {
    let charset = charset(headers).unwrap_or("utf-8").to_ascii_lowercase();
    match &*charset {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(Error::value(format!("the body is no text in {charset}: {error}"))),
        },
        "iso-8859-1" | "latin-1" | "latin1" => Ok(bytes.iter().copied().map(char::from).collect()),
        _ => Err(Error::value(format!(
            "the body is in {charset}, which kolo does not know: take its bytes, and decode them"
        ))),
    }
}
