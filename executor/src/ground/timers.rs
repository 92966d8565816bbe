//! The deadlines: a heap, and nothing else.

use std::cell::Cell;
use std::num::NonZeroU64;

use slab::Slab;

use crate::ground::time::Nanos;

#[cfg(test)]
mod tests;

/// Names an armed timer. No two timers of a thread, of whichever loop, ever have the same sequence number: a key that somebody keeps after its
/// timer has fired, or after the loop is closed, names nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimerKey {
    pub(crate) sequence: NonZeroU64,
    pub(crate) slot: u32,
}

thread_local!(static SEQUENCE: Cell<u64> = const { Cell::new(0) });

fn next_sequence() -> NonZeroU64 {
    let next = SEQUENCE.get() + 1;
    SEQUENCE.set(next);
    NonZeroU64::new(next).unwrap_or(NonZeroU64::MAX)
}

/// What stands in the heap. The sequence makes timers with one deadline run in the order of their creation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Node {
    deadline: Nanos,
    sequence: NonZeroU64,
    slot: u32,
}

/// What a timer is for. Cancelling empties the slot; a node in the heap stays there until it comes to the top.
struct Slot<E> {
    entry: Option<E>,
    sequence: NonZeroU64,
}

/// A heap of deadlines, four children to a node: half as deep as a binary one, and the children are neighbours in memory.
///
/// Most timers are disarmed long before they come due, such as a limit for something that is quick. So the newest few wait beside the
/// heap, where it costs nothing to take one away, however many there are in all.
pub(crate) struct Timers<E> {
    heap: Vec<Node>,
    newest: Vec<Node>,
    slots: Slab<Slot<E>>,
    cancelled: usize,
}

const ARITY: usize = 4;
/// So many timers wait beside the heap.
const NEWEST: usize = 8;

impl<E> Default for Timers<E> {
    fn default() -> Self {
        Timers {
            heap: Vec::new(),
            newest: Vec::new(),
            slots: Slab::new(),
            cancelled: 0,
        }
    }
}

impl<E> Timers<E> {
    pub(crate) fn arm(&mut self, deadline: Nanos, entry: E) -> TimerKey {
        let sequence = next_sequence();
        let entry = Some(entry);
        // More timers than 32 bits count do not fit into memory.
        let slot = self.slots.insert(Slot { entry, sequence }) as u32;
        if self.newest.len() == NEWEST {
            self.move_newest();
        }
        self.newest.push(Node {
            deadline,
            sequence,
            slot,
        });
        TimerKey { sequence, slot }
    }

    fn move_newest(&mut self) {
        for at in 0..self.newest.len() {
            self.heap.push(self.newest[at]);
            self.sift_up(self.heap.len() - 1);
        }
        self.newest.clear();
    }

    fn is_live(&self, node: &Node) -> bool {
        self.slots[node.slot as usize].entry.is_some()
    }

    /// Disarms a timer. What it was for is handed back, to be dropped outside of the borrow; `None` when it is not armed any more.
    pub(crate) fn cancel(&mut self, key: TimerKey) -> Option<E> {
        let slot = self.slots.get_mut(key.slot as usize)?;
        if slot.sequence != key.sequence {
            return None;
        }
        if let Some(at) = self.newest.iter().rposition(|node| node.slot == key.slot) {
            self.newest.swap_remove(at);
            return self.release(key.slot);
        }
        let entry = slot.entry.take();
        self.cancelled += usize::from(entry.is_some());
        entry
    }

    /// Takes cancelled timers off the top; when more than half of many are cancelled, all of them.
    #[inline]
    pub(crate) fn drop_cancelled(&mut self) {
        if self.cancelled > 0 {
            self.drop_some_cancelled();
        }
    }

    fn drop_some_cancelled(&mut self) {
        if self.heap.len() > 100 && self.cancelled * 2 > self.heap.len() {
            self.rebuild();
        }
        while self.heap.first().is_some_and(|top| !self.is_live(top)) {
            self.pop_heap();
            self.cancelled -= 1;
        }
    }

    fn rebuild(&mut self) {
        let mut heap = std::mem::take(&mut self.heap);
        heap.retain(|node| {
            let live = self.is_live(node);
            if !live {
                self.release(node.slot);
            }
            live
        });
        self.heap = heap;
        self.cancelled = 0;
        for at in (0..self.heap.len() / ARITY + 1).rev() {
            self.sift_down(at);
        }
    }

    /// The next deadline. One at infinity is none: no clock gets there.
    pub(crate) fn earliest(&self) -> Option<Nanos> {
        let first = self.newest.iter().chain(self.heap.first()).min()?;
        (first.deadline < Nanos::MAX).then_some(first.deadline)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.heap.is_empty() && self.newest.is_empty()
    }

    /// What all the timers were for, to be dropped.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = E> {
        self.slots.into_iter().filter_map(|(_, slot)| slot.entry)
    }

    /// Takes the next timer whose deadline is not after `now`; cancelled ones are passed over.
    pub(crate) fn pop_due(&mut self, now: Nanos) -> Option<(Nanos, E)> {
        while self.earliest()? <= now {
            let (deadline, entry) = self.pop()?;
            match entry {
                Some(entry) => return Some((deadline, entry)),
                None => self.cancelled -= 1,
            }
        }
        None
    }

    /// Takes the first timer out, cancelled or not.
    fn pop(&mut self) -> Option<(Nanos, Option<E>)> {
        let newest = (0..self.newest.len()).min_by_key(|&at| self.newest[at]);
        match newest {
            Some(at) if self.heap.first().is_none_or(|top| self.newest[at] < *top) => {
                let node = self.newest.swap_remove(at);
                Some((node.deadline, self.release(node.slot)))
            }
            _ => self.pop_heap(),
        }
    }

    fn pop_heap(&mut self) -> Option<(Nanos, Option<E>)> {
        let last = self.heap.pop()?;
        let top = match self.heap.first_mut() {
            Some(first) => {
                let top = std::mem::replace(first, last);
                self.sift_down(0);
                top
            }
            None => last,
        };
        Some((top.deadline, self.release(top.slot)))
    }

    fn release(&mut self, slot: u32) -> Option<E> {
        self.slots.try_remove(slot as usize)?.entry
    }

    fn sift_up(&mut self, mut at: usize) {
        let node = self.heap[at];
        while at > 0 {
            let parent = (at - 1) / ARITY;
            if self.heap[parent] <= node {
                break;
            }
            self.heap[at] = self.heap[parent];
            at = parent;
        }
        self.heap[at] = node;
    }

    fn sift_down(&mut self, mut at: usize) {
        let Some(&node) = self.heap.get(at) else { return };
        loop {
            let first = at * ARITY + 1;
            let end = (first + ARITY).min(self.heap.len());
            let Some(least) = (first..end).min_by_key(|&child| self.heap[child]) else {
                break;
            };
            if node <= self.heap[least] {
                break;
            }
            self.heap[at] = self.heap[least];
            at = least;
        }
        self.heap[at] = node;
    }
}
