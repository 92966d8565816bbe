//! A list that is filled, then emptied from the front: half of a queue.

/// Entries, each written once, straight into its place.
///
/// `VecDeque` would do, but it copies what is pushed through memory in pieces of another size than those it was written in. A processor
/// cannot put such pieces together again quickly, and pays for it as much as for all the rest of a wake-up.
pub(super) struct List<E> {
    cells: Vec<Option<E>>,
    taken: usize,
    filled: usize,
}

/// So many entries are in one list at the most.
const FULL: usize = 1 << 14;
/// An idle loop keeps so many cells.
const KEPT: usize = 1 << 12;

impl<E> Default for List<E> {
    fn default() -> Self {
        List {
            cells: Vec::new(),
            taken: 0,
            filled: 0,
        }
    }
}

impl<E> List<E> {
    /// Whether there is no cell left; [`grow`](List::grow) makes some.
    #[inline(always)]
    pub(super) fn has_no_cell(&self) -> bool {
        self.filled == self.cells.len()
    }

    /// Whether it must not grow any more.
    pub(super) fn is_full(&self) -> bool {
        self.filled == FULL
    }

    #[inline(always)]
    pub(super) fn push(&mut self, entry: impl FnOnce() -> E) {
        if let Some(cell) = self.cells.get_mut(self.filled) {
            self.filled += 1;
            *cell = Some(entry());
        }
    }

    pub(super) fn grow(&mut self) {
        let cells = (2 * self.cells.len()).clamp(64, FULL);
        self.cells.resize_with(cells, || None);
    }

    #[inline(always)]
    pub(super) fn take(&mut self) -> Option<E> {
        if self.taken == self.filled {
            return None;
        }
        let cell = self.cells.get_mut(self.taken)?;
        self.taken += 1;
        cell.take()
    }

    pub(super) fn len(&self) -> usize {
        self.filled - self.taken
    }

    /// Begins anew, with all its cells; it must be empty.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        (self.taken, self.filled) = (0, 0);
    }

    /// Gives the memory of many cells back, if none is in use.
    pub(super) fn shrink(&mut self) {
        if self.len() == 0 && self.cells.len() > KEPT {
            *self = List::default();
        }
    }
}
