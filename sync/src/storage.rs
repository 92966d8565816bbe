//! What makes a queue first-in-first-out, last-in-first-out, or by priority: how it keeps its items.

use std::collections::VecDeque;

use crate::heap;

/// The items of a queue, and which of them is next. Implement it for a queue of another order; asyncio's way is to override `_init`,
/// `_put` and `_get`.
///
/// ```
/// use std::collections::BTreeSet;
///
/// use kolo::AnyQueue;
/// use kolo::storage::Storage;
///
/// /// What was put twice is given out once.
/// #[derive(Default)]
/// struct Different(BTreeSet<u32>);
///
/// impl Storage for Different {
///     type Item = u32;
///     const NAME: &'static str = "Different";
///
///     fn put(&mut self, item: u32) {
///         self.0.insert(item);
///     }
///     fn take(&mut self) -> Option<u32> {
///         self.0.pop_first()
///     }
///     fn len(&self) -> usize {
///         self.0.len()
///     }
///     fn for_each(&self, look: &mut dyn FnMut(&u32)) {
///         self.0.iter().for_each(look);
///     }
/// }
///
/// let queue = AnyQueue::<Different>::new(0);
/// for number in [7, 3, 7] {
///     queue.put_nowait(number)?;
/// }
/// assert_eq!(queue.qsize(), 2);
/// # Ok::<(), kolo::Error>(())
/// ```
pub trait Storage: Default {
    /// What is kept.
    type Item;
    /// The name of such a queue, for its `Debug` text.
    const NAME: &'static str;

    /// Adds an item.
    fn put(&mut self, item: Self::Item);

    /// Takes the next item out.
    fn take(&mut self) -> Option<Self::Item>;

    /// How many items there are.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls `look` with each item, as they are kept.
    fn for_each(&self, look: &mut dyn FnMut(&Self::Item));
}

/// The oldest first; see [`Queue`](crate::Queue).
#[derive(Debug)]
pub struct Fifo<T>(VecDeque<T>);

/// The newest first; see [`LifoQueue`](crate::LifoQueue).
#[derive(Debug)]
pub struct Lifo<T>(Vec<T>);

/// The smallest first; see [`PriorityQueue`](crate::PriorityQueue).
#[derive(Debug)]
pub struct Priority<T>(Vec<T>);

impl<T> Default for Fifo<T> {
    fn default() -> Self {
        Fifo(VecDeque::new())
    }
}

impl<T> Default for Lifo<T> {
    fn default() -> Self {
        Lifo(Vec::new())
    }
}

impl<T> Default for Priority<T> {
    fn default() -> Self {
        Priority(Vec::new())
    }
}

impl<T> Storage for Fifo<T> {
    type Item = T;
    const NAME: &'static str = "Queue";

    fn put(&mut self, item: T) {
        self.0.push_back(item);
    }
    fn take(&mut self) -> Option<T> {
        self.0.pop_front()
    }
    fn len(&self) -> usize {
        self.0.len()
    }
    fn for_each(&self, look: &mut dyn FnMut(&T)) {
        self.0.iter().for_each(look);
    }
}

impl<T> Storage for Lifo<T> {
    type Item = T;
    const NAME: &'static str = "LifoQueue";

    fn put(&mut self, item: T) {
        self.0.push(item);
    }
    fn take(&mut self) -> Option<T> {
        self.0.pop()
    }
    fn len(&self) -> usize {
        self.0.len()
    }
    fn for_each(&self, look: &mut dyn FnMut(&T)) {
        self.0.iter().for_each(look);
    }
}

impl<T: PartialOrd> Storage for Priority<T> {
    type Item = T;
    const NAME: &'static str = "PriorityQueue";

    fn put(&mut self, item: T) {
        heap::push(&mut self.0, item);
    }
    fn take(&mut self) -> Option<T> {
        heap::pop(&mut self.0)
    }
    fn len(&self) -> usize {
        self.0.len()
    }
    fn for_each(&self, look: &mut dyn FnMut(&T)) {
        self.0.iter().for_each(look);
    }
}
