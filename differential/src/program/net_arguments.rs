//! The arguments of ops on sockets, streams and servers.

use std::net::Shutdown;

use serde_json::Value;

use super::arguments::Arguments;
use super::parse::ParseError;
use super::{Destination, End, Stream};

const DATA: &str = "a text, or [\"big\", n] with n from 1 to 1048576";

impl Arguments<'_, '_, '_> {
    /// An end of a pair, or a slot.
    pub(super) fn end(&mut self) -> Result<End, ParseError> {
        const EXPECTED: &str = "one of \"pNa\", \"pNb\", \"xN\", N in range";
        let value = self.next(EXPECTED)?;
        let end = value.as_str().and_then(|text| self.as_end(text));
        end.ok_or_else(|| self.wrong(EXPECTED, value))
    }

    fn as_end(&self, text: &str) -> Option<End> {
        let resources = self.resources();
        if let Some(slot) = text.strip_prefix('x') {
            return below(slot, resources.socks).map(End::Slot);
        }
        let pair = text.strip_prefix('p')?;
        let (pair, side) = match (pair.strip_suffix('a'), pair.strip_suffix('b')) {
            (Some(pair), _) => (pair, 0),
            (_, Some(pair)) => (pair, 1),
            _ => return None,
        };
        below(pair, resources.pairs).map(|pair| End::Pair(pair, side))
    }

    /// Data to be sent: a text, or `["big", n]`: n letters in an order that is the same everywhere.
    pub(super) fn data(&mut self) -> Result<Vec<u8>, ParseError> {
        let value = self.next(DATA)?;
        as_data(value).ok_or_else(|| self.wrong(DATA, value))
    }

    pub(super) fn shutdown(&mut self) -> Result<Shutdown, ParseError> {
        const EXPECTED: &str = "\"r\", \"w\" or \"rw\"";
        let value = self.next(EXPECTED)?;
        match value.as_str() {
            Some("r") => Ok(Shutdown::Read),
            Some("w") => Ok(Shutdown::Write),
            Some("rw") => Ok(Shutdown::Both),
            _ => Err(self.wrong(EXPECTED, value)),
        }
    }

    /// A stream slot, or the frame's own connection.
    pub(super) fn stream(&mut self) -> Result<Stream, ParseError> {
        let streams = self.resources().streams;
        let expected = format!("an index below {streams} into the streams, or \"me\"");
        let value = self.next(&expected)?;
        if value.as_str() == Some("me") {
            return Ok(Stream::Own);
        }
        let slot = value.as_u64().and_then(|slot| usize::try_from(slot).ok());
        slot.filter(|slot| *slot < streams)
            .map(Stream::Slot)
            .ok_or_else(|| self.wrong(expected, value))
    }

    /// Where to connect to.
    pub(super) fn destination(&mut self) -> Result<Destination, ParseError> {
        const EXPECTED: &str = "one of \"lN\", \"vN\", N in range";
        let value = self.next(EXPECTED)?;
        let text = value.as_str().unwrap_or_default();
        let resources = self.resources();
        let destination = match (text.strip_prefix('l'), text.strip_prefix('v')) {
            (Some(listener), _) => below(listener, resources.listeners).map(Destination::Listener),
            (_, Some(server)) => below(server, resources.servers).map(Destination::Server),
            _ => None,
        };
        destination.ok_or_else(|| self.wrong(EXPECTED, value))
    }

    /// How long a line may be, above 0, or null for the usual limit.
    pub(super) fn limit(&mut self) -> Result<Option<usize>, ParseError> {
        const EXPECTED: &str = "an integer above 0, or null";
        let value = self.next(EXPECTED)?;
        if value.is_null() {
            return Ok(None);
        }
        let limit = value.as_u64().and_then(|limit| usize::try_from(limit).ok());
        limit
            .filter(|limit| *limit > 0)
            .map(Some)
            .ok_or_else(|| self.wrong(EXPECTED, value))
    }

    /// Several pieces of data, none of them empty.
    pub(super) fn lines(&mut self) -> Result<Vec<Vec<u8>>, ParseError> {
        let expected = format!("data that is not empty: {DATA}");
        self.each(&expected, |_, value| as_data(value).filter(|data| !data.is_empty()))
    }

    /// One separator, or a list of them.
    pub(super) fn separators(&mut self) -> Result<Vec<Vec<u8>>, ParseError> {
        const EXPECTED: &str = "a text or a list of texts";
        let value = self.next(EXPECTED)?;
        let separators = match value.as_array() {
            Some(several) => several.iter().map(Value::as_str).collect(),
            None => value.as_str().map(|one| vec![one]),
        };
        let bytes = |texts: Vec<&str>| texts.into_iter().map(|text| text.into()).collect();
        separators.map(bytes).ok_or_else(|| self.wrong(EXPECTED, value))
    }
}

fn below(index: &str, count: usize) -> Option<usize> {
    index.parse().ok().filter(|index| *index < count)
}

fn as_data(value: &Value) -> Option<Vec<u8>> {
    if let Some(text) = value.as_str() {
        return Some(text.into());
    }
    let size = match value.as_array().map(Vec::as_slice) {
        Some([kind, size]) if kind == "big" => size.as_u64().filter(|size| (1..=1 << 20).contains(size)),
        _ => None,
    };
    let letter = |at: u64| b'a' + ((at + at / 256) % 26) as u8;
    size.map(|size| (0..size).map(letter).collect())
}
