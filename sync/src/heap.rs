//! A binary heap that gives equal items out in the order in which Python's `heapq` does. (`std`'s heap has another order, and wants `Ord`,
//! which a tuple with a float in it has not.)
//!
//! The difference to the textbook is in `pop`: the hole at the top moves down to a leaf, always towards the smaller child, before the
//! last item is put there and moves up to its place. That takes fewer comparisons, because last items belong near the bottom.

/// Adds an item.
pub(crate) fn push<T: PartialOrd>(heap: &mut Vec<T>, item: T) {
    heap.push(item);
    let leaf = heap.len() - 1;
    move_up(heap, leaf);
}

/// Takes the smallest item out.
pub(crate) fn pop<T: PartialOrd>(heap: &mut Vec<T>) -> Option<T> {
    if heap.is_empty() {
        return None;
    }
    let smallest = heap.swap_remove(0);
    let leaf = sink(heap);
    move_up(heap, leaf);
    Some(smallest)
}

/// Moves the item at `index` up past all that are greater.
fn move_up<T: PartialOrd>(heap: &mut [T], mut index: usize) {
    while index > 0 {
        let parent = (index - 1) / 2;
        if !is_less(heap, index, parent) {
            return;
        }
        heap.swap(index, parent);
        index = parent;
    }
}

/// Moves the item at the top down to a leaf, and tells which.
fn sink<T: PartialOrd>(heap: &mut [T]) -> usize {
    let mut index = 0;
    loop {
        let left = 2 * index + 1;
        let right = left + 1;
        if left >= heap.len() {
            return index;
        }
        // Of equal children the right one, as Python does.
        let child = if right < heap.len() && !is_less(heap, left, right) {
            right
        } else {
            left
        };
        heap.swap(index, child);
        index = child;
    }
}

fn is_less<T: PartialOrd>(heap: &[T], a: usize, b: usize) -> bool {
    heap[a] < heap[b]
}
