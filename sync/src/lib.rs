//! Locks, events, conditions, semaphores, barriers and queues, as asyncio has them.
//!
//! Every primitive is a few cells of state, a [`WaitQueue`](kolo_executor::primitive::WaitQueue): who waits, in order, and the [`Claim`](kolo_executor::primitive::Claim)s of those: what each wants and how it
//! takes that. Everything runs in one thread, so nothing can happen between two awaits, and each operation reads like the sentence that
//! describes it.
#![forbid(unsafe_code)]
// Elsewhere `kolo` says so, and there is nothing else to say.
#![cfg(unix)]

mod barrier;
mod condition;
mod event;
mod heap;
mod items;
mod lock;
mod queue;
mod repr;
mod semaphore;
pub mod storage;

pub use barrier::Barrier;
pub use condition::Condition;
pub use event::Event;
pub use items::Items;
pub use lock::{Held, Lock};
pub use queue::{AnyQueue, LifoQueue, PriorityQueue, Queue};
pub use semaphore::{BoundedSemaphore, Permit, Semaphore};
