//! What was received and not yet read.

use crate::transport::scratch::{give_back, is_scratch};

/// How much room an empty buffer keeps, in bytes: that of a short message, for the next one.
const KEPT: usize = 1024;
/// So much, in bytes, is not copied from the buffer of a transport: that is exchanged for an empty one.
const MUCH: usize = 16 * 1024;

/// Bytes in order: put in at the end, taken out at the beginning.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// Where in `bytes` the first one is that was not read.
    start: usize,
}

impl Buffer {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(crate) fn push(&mut self, data: &[u8]) {
        // The room before the first byte is used before more is asked for.
        if self.start > 0 && self.bytes.capacity() - self.bytes.len() < data.len() {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(data);
    }

    /// The same of what is in the buffer of a transport, which may be another one then.
    #[inline]
    pub(crate) fn push_or_exchange(&mut self, data: &mut Vec<u8>) {
        match data.len() >= MUCH && self.is_empty() {
            true => std::mem::swap(&mut self.bytes, data),
            false => self.push(data),
        }
    }

    /// Takes out the first bytes: so many, or all.
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        let count = count.min(self.len());
        let is_kept = self.bytes.capacity() <= KEPT || is_scratch(&self.bytes);
        if !is_kept && count == self.len() {
            return self.take_all();
        }
        let taken = self.bytes()[..count].to_vec();
        self.skip(count);
        taken
    }

    pub(crate) fn take_all(&mut self) -> Vec<u8> {
        let start = std::mem::take(&mut self.start);
        let mut bytes = std::mem::take(&mut self.bytes);
        if start > 0 {
            bytes.drain(..start);
        }
        if is_scratch(&bytes) {
            bytes.shrink_to_fit();
        }
        bytes
    }

    /// Puts all of `first`, which had been taken out, before what is here.
    pub(crate) fn put_back(&mut self, first: Buffer) {
        let since = std::mem::replace(self, first);
        if !since.is_empty() {
            self.push(since.bytes());
        }
    }

    /// The same as `take`, when nobody wants the bytes.
    pub(crate) fn skip(&mut self, count: usize) {
        self.start += count.min(self.len());
        if self.is_empty() {
            self.start = 0;
            match self.bytes.capacity() <= KEPT {
                true => self.bytes.clear(),
                false => give_back(std::mem::take(&mut self.bytes)),
            }
        }
    }
}
