//! A crowd: a long queue that is being left from its middle.

use std::collections::{BTreeSet, VecDeque};

/// What is found by its key. Entries with one key cannot be told apart: the one that came first leaves first.
pub(crate) trait Keyed {
    type Key: Ord + Copy;

    fn key(&self) -> Self::Key;
}

/// Whoever leaves leaves an empty place behind, so that nobody has to move. Who leaves is looked for from the front, and, where that was done
/// for long, by an index.
///
/// A place has the number of its entry, see [`Roster`](crate::ground::roster::Roster). It stays the same for as long as there is the crowd.
pub(super) struct Crowd<E: Keyed> {
    /// The first is never empty.
    places: VecDeque<Option<E>>,
    empty: usize,
    /// The number of each entry, behind its key.
    index: Option<BTreeSet<(E::Key, usize)>>,
    /// How many places were looked at while there was no index.
    looked_at: usize,
}

/// An index costs as much as looking so often at each place.
const PATIENCE: usize = 8;

impl<E: Keyed> Crowd<E> {
    pub(super) fn new(queue: VecDeque<E>) -> Crowd<E> {
        Crowd {
            places: queue.into_iter().map(Some).collect(),
            empty: 0,
            index: None,
            looked_at: 0,
        }
    }

    /// The number of the first place, when so many have come in all.
    fn first(&self, came: usize) -> usize {
        came - self.places.len()
    }

    pub(super) fn push(&mut self, entry: E, number: usize) {
        if let Some(index) = &mut self.index {
            index.insert((entry.key(), number));
        }
        self.places.push_back(Some(entry));
    }

    pub(super) fn front(&self) -> Option<&E> {
        self.places.front()?.as_ref()
    }

    pub(super) fn pop_front(&mut self, came: usize) -> Option<E> {
        let number = self.first(came);
        let entry = self.places.pop_front()??;
        if let Some(index) = &mut self.index {
            index.remove(&(entry.key(), number));
        }
        while let Some(None) = self.places.front() {
            self.places.pop_front();
            self.empty -= 1;
        }
        Some(entry)
    }

    /// Takes out the first entry with this key.
    pub(super) fn remove(&mut self, key: E::Key, came: usize) -> Option<E> {
        let number = self.find(key, came)?;
        let at = number - self.first(came);
        if at == 0 {
            return self.pop_front(came);
        }
        if let Some(index) = &mut self.index {
            index.remove(&(key, number));
        }
        self.empty += 1;
        self.places[at].take()
    }

    pub(super) fn has(&mut self, key: E::Key, came: usize) -> bool {
        self.find(key, came).is_some()
    }

    fn find(&mut self, key: E::Key, came: usize) -> Option<usize> {
        let first = self.first(came);
        if self.index.is_none() && self.looked_at < PATIENCE * self.places.len() {
            let has_key = |entry: &Option<E>| entry.as_ref().is_some_and(|entry| entry.key() == key);
            let at = self.places.iter().position(has_key);
            self.looked_at += at.unwrap_or(self.places.len());
            return at.map(|at| first + at);
        }
        let index = self.index.get_or_insert_with(|| {
            let numbered = (first..).zip(&self.places);
            numbered
                .filter_map(|(number, entry)| Some((entry.as_ref()?.key(), number)))
                .collect()
        });
        let (found, number) = index.range((key, 0)..).next()?;
        (*found == key).then_some(*number)
    }

    pub(super) fn at_or_after(&self, number: usize, came: usize) -> Option<(usize, &E)> {
        let first = self.first(came);
        let at = number.saturating_sub(first).min(self.places.len());
        let mut numbered = (first + at..).zip(self.places.range(at..));
        numbered.find_map(|(number, entry)| Some((number, entry.as_ref()?)))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &E> {
        self.places.iter().flatten()
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = E> {
        self.places.into_iter().flatten()
    }

    pub(super) fn len(&self) -> usize {
        self.places.len() - self.empty
    }

    /// Whether so few are left that they may as well move together.
    pub(super) fn is_sparse(&self) -> bool {
        2 * self.empty >= self.places.len()
    }
}
