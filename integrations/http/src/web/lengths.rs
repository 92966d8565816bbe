//! Requests that say their length twice: what is read one way here may be read another way by somebody in between.

use memchr::memchr;

/// Watches what comes for a head with both a `Content-Length` and a `Transfer-Encoding`. hyper takes the second and drops the first, as it may; a proxy
/// before us may have done it the other way round, and what it took for a body would be a request here.
///
/// It knows nothing of where heads begin: lines of bodies are looked at as well, so that no way of sending them hides a head. It only counts if the
/// request says that it comes in chunks.
#[derive(Default)]
pub(crate) struct Lengths {
    /// The beginning of a line that has not ended yet.
    line: Vec<u8>,
    has_length: bool,
    has_encoding: bool,
    has_both: bool,
}

const LENGTH: &[u8] = b"content-length:";
const ENCODING: &[u8] = b"transfer-encoding:";

impl Lengths {
    pub(crate) fn look(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end);
            bytes = &rest[1..];
            if self.line.is_empty() {
                self.look_at(line);
            } else {
                self.begin(line);
                let line = std::mem::take(&mut self.line);
                self.look_at(&line);
            }
        }
        self.begin(bytes);
    }

    /// Keeps as much of a line as tells what it is.
    fn begin(&mut self, line: &[u8]) {
        let room = (ENCODING.len() + 1).saturating_sub(self.line.len());
        self.line.extend_from_slice(&line[..line.len().min(room)]);
    }

    fn look_at(&mut self, line: &[u8]) {
        let begins_with = |name: &[u8]| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        match line {
            [] | b"\r" => (self.has_length, self.has_encoding) = (false, false),
            [b'c' | b'C', ..] => self.has_length |= begins_with(LENGTH),
            [b't' | b'T', ..] => self.has_encoding |= begins_with(ENCODING),
            _ => {}
        }
        self.has_both |= self.has_length && self.has_encoding;
    }

    /// Whether there was such a head.
    pub(crate) fn are_two(&self) -> bool {
        self.has_both
    }
}
