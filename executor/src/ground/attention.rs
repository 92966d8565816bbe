//! What the loop looks after between two entries, in one byte: one test for all that is seldom so.

use std::cell::Cell;

#[derive(Default)]
pub(crate) struct Attention(Cell<u8>);

/// An error ends the run at once.
pub(crate) const FATAL: u8 = 1;
/// Slow steps are told of.
pub(crate) const DEBUG: u8 = 2;
/// There are observers.
pub(crate) const OBSERVED: u8 = 4;

impl Attention {
    #[inline(always)]
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.get() != 0
    }

    #[inline(always)]
    pub(crate) fn is_on(&self, what: u8) -> bool {
        self.0.get() & what != 0
    }

    pub(crate) fn turn(&self, what: u8, on: bool) {
        let others = self.0.get() & !what;
        self.0.set(if on { others | what } else { others });
    }
}
