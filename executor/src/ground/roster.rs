//! A roster: entries in the order in which they came, any of which may leave at any time.

use std::collections::VecDeque;

use crate::ground::crowd::{Crowd, Keyed};

#[cfg(test)]
mod tests;

/// A queue with a way out of its middle: for as long as nobody takes that who would be in the way of many others it is a queue, and pays for
/// no more than that; then it is a [`Crowd`], until half of that has left.
///
/// An entry has a number, by which one can go on where one was before: how many came after it, counted from all that ever came. When others
/// leave, it may grow.
pub(crate) struct Roster<E: Keyed> {
    /// Empty while there is a crowd.
    queue: VecDeque<E>,
    /// Never empty.
    crowd: Option<Box<Crowd<E>>>,
    /// How many have come.
    came: usize,
}

/// In so few places it is as quick to look and to move as to do anything else.
const SHORT: usize = 32;

impl<E: Keyed> Default for Roster<E> {
    fn default() -> Self {
        Roster::of([])
    }
}

impl<E: Keyed> Roster<E> {
    pub(crate) fn of<const N: usize>(entries: [E; N]) -> Roster<E> {
        Roster {
            queue: entries.into(),
            crowd: None,
            came: N,
        }
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, entry: E) {
        match &mut self.crowd {
            None => self.queue.push_back(entry),
            Some(crowd) => crowd.push(entry, self.came),
        }
        self.came += 1;
    }

    #[inline(always)]
    pub(crate) fn front(&self) -> Option<&E> {
        let first = self.queue.front();
        if first.is_none() && self.is_crowd() {
            return self.front_of_crowd();
        }
        first
    }

    #[cold]
    fn front_of_crowd(&self) -> Option<&E> {
        self.crowd.as_ref()?.front()
    }

    /// Takes out the first, unless it is a [crowd](Roster::is_crowd).
    #[inline(always)]
    pub(crate) fn pop_from_queue(&mut self) -> Option<E> {
        self.queue.pop_front()
    }

    /// Whether it is not as quick as a queue.
    #[inline(always)]
    pub(crate) fn is_crowd(&self) -> bool {
        self.crowd.is_some()
    }

    #[inline(always)]
    pub(crate) fn pop_front(&mut self) -> Option<E> {
        let first = self.pop_from_queue();
        if first.is_none() && self.is_crowd() {
            return self.pop_from_crowd();
        }
        first
    }

    #[cold]
    fn pop_from_crowd(&mut self) -> Option<E> {
        let entry = self.crowd.as_mut()?.pop_front(self.came);
        self.disperse();
        entry
    }

    /// Takes out the first entry with this key.
    pub(crate) fn remove(&mut self, key: E::Key) -> Option<E> {
        if !self.is_crowd() {
            let at = self.queue.iter().position(|entry| entry.key() == key)?;
            if at == 0 || self.queue.len() <= SHORT {
                return self.queue.remove(at);
            }
            self.gather();
        }
        let entry = self.crowd.as_mut()?.remove(key, self.came);
        self.disperse();
        entry
    }

    /// Whether there is an entry with this key.
    pub(crate) fn has(&mut self, key: E::Key) -> bool {
        if !self.is_crowd() {
            if self.queue.len() <= SHORT {
                return self.queue.iter().any(|entry| entry.key() == key);
            }
            self.gather();
        }
        let came = self.came;
        self.crowd.as_mut().is_some_and(|crowd| crowd.has(key, came))
    }

    /// Makes a crowd of a queue.
    fn gather(&mut self) {
        self.crowd = Some(Box::new(Crowd::new(std::mem::take(&mut self.queue))));
    }

    /// Makes a queue of a crowd of which half has left.
    fn disperse(&mut self) {
        if let Some(crowd) = self.crowd.take_if(|crowd| crowd.is_sparse()) {
            self.queue = crowd.into_iter().collect();
        }
    }

    /// The first entry whose number is this or above, and its number.
    #[inline]
    pub(crate) fn at_or_after(&self, number: usize) -> Option<(usize, &E)> {
        if let Some(crowd) = &self.crowd {
            return crowd.at_or_after(number, self.came);
        }
        let first = self.came - self.queue.len();
        let at = number.saturating_sub(first);
        self.queue.get(at).map(|entry| (first + at, entry))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &E> {
        self.queue.iter().chain(self.crowd.iter().flat_map(|crowd| crowd.iter()))
    }

    pub(crate) fn into_iter(self) -> impl Iterator<Item = E> {
        self.queue
            .into_iter()
            .chain(self.crowd.into_iter().flat_map(|crowd| crowd.into_iter()))
    }

    pub(crate) fn len(&self) -> usize {
        self.crowd.as_ref().map_or(self.queue.len(), |crowd| crowd.len())
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && !self.is_crowd()
    }
}
