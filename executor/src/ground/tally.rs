//! A tally: how many there are of each, as far as there are any.

use std::collections::HashMap;

/// By number. Added up from several places, one of them may be below zero for a while.
#[derive(Default)]
pub(crate) struct Tally(HashMap<u64, isize>);

impl Tally {
    pub(crate) fn add(&mut self, number: u64, change: isize) {
        let count = self.0.entry(number).or_default();
        *count += change;
        if *count == 0 {
            self.0.remove(&number);
        }
    }

    pub(crate) fn add_all(&mut self, changes: Tally) {
        for (number, change) in changes.0 {
            self.add(number, change);
        }
    }

    pub(crate) fn has(&self, number: u64) -> bool {
        self.0.contains_key(&number)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of which there are more by this change.
    pub(crate) fn grown(&self) -> impl Iterator<Item = u64> {
        let grown = self.0.iter().filter(|(_, change)| **change > 0);
        grown.map(|(number, _)| *number)
    }
}
