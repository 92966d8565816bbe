//! What is written and not yet sent.

use std::collections::VecDeque;

/// How many pieces the system takes at once.
const MOST_PIECES: usize = 1024;

/// Bytes in the order in which they were written. How they were cut into pieces is remembered, because no more than so many of them are sent at a time.
#[derive(Default)]
pub(crate) struct Outgoing {
    bytes: Vec<u8>,
    /// Where in `bytes` the first one is that is not sent.
    start: usize,
    pieces: VecDeque<usize>,
}

impl Outgoing {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn push(&mut self, piece: &[u8]) {
        if self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(piece);
        self.pieces.push_back(piece.len());
    }

    /// What is sent next.
    pub(crate) fn next(&self) -> &[u8] {
        let unsent = &self.bytes[self.start..];
        match self.pieces.len() {
            0..=MOST_PIECES => unsent,
            _ => &unsent[..self.pieces.iter().take(MOST_PIECES).sum()],
        }
    }

    /// So many of those are sent.
    pub(crate) fn sent(&mut self, mut count: usize) {
        self.start += count;
        if self.is_empty() {
            return self.clear();
        }
        while let Some(piece) = self.pieces.front_mut() {
            if *piece > count {
                *piece -= count;
                break;
            }
            count -= *piece;
            self.pieces.pop_front();
        }
    }

    /// Throws all of it away, and the memory that it took.
    pub(crate) fn clear(&mut self) {
        *self = Outgoing::default();
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_PIECES, Outgoing};

    #[test]
    fn what_is_left_stays_in_order() {
        let mut outgoing = Outgoing::default();
        outgoing.push(b"hello ");
        outgoing.push(b"world");
        outgoing.sent(8);
        outgoing.push(b"!");
        assert_eq!(outgoing.next(), b"rld!");
        outgoing.sent(4);
        assert!(outgoing.is_empty() && outgoing.next().is_empty());
    }

    #[test]
    fn only_so_many_pieces_are_sent_at_a_time() {
        let mut outgoing = Outgoing::default();
        (0..MOST_PIECES + 10).for_each(|_| outgoing.push(b"ab"));
        assert_eq!(outgoing.next().len(), 2 * MOST_PIECES);
        outgoing.sent(3);
        assert_eq!(outgoing.next().len(), 2 * MOST_PIECES - 1);
        outgoing.sent(2 * MOST_PIECES - 1);
        assert_eq!(outgoing.next().len(), 18);
    }
}
