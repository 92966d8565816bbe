//! Locks, events, conditions, semaphores, barriers and queues, as asyncio has them.
//!
//! Every primitive is a few cells of state and a [`WaitQueue`]: who waits, in order. Everything runs in one thread, so nothing can
//! happen between two awaits, and each operation reads like the sentence that describes it.
#![forbid(unsafe_code)]

mod barrier;
mod condition;
mod event;
mod heap;
mod items;
mod line;
mod lock;
mod queue;
mod semaphore;
pub mod storage;
mod wait_queue;

pub use barrier::Barrier;
pub use condition::Condition;
pub use event::Event;
pub use items::Items;
pub use lock::{Held, Lock};
pub use queue::{AnyQueue, LifoQueue, PriorityQueue, Queue};
pub use semaphore::{BoundedSemaphore, Permit, Semaphore};
pub use wait_queue::WaitQueue;
