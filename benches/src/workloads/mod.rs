//! What is measured, written once for all runtimes.
//!
//! Each workload is a function of a size (how many tasks, usually) and of how often to do it, starts a runtime of its own, and
//! says what the work cost without the start.

mod cancel;
mod contend;
mod gather;
mod other_thread;
mod queues;
mod spawn;
mod timers;
mod yields;

pub use self::cancel::{cancel, spawn_parked};
pub use self::contend::{lock, semaphore};
pub use self::gather::{gather, group};
pub use self::other_thread::{wake_asleep, wake_awake};
pub use self::queues::{one_to_four, ping_pong};
pub use self::spawn::spawn_and_join;
pub use self::timers::{sleeps, timeouts};
pub use self::yields::yields;
