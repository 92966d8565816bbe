//! What threads wait for: the results of a pool's jobs. Mirrors `concurrent.futures`.
//!
//! These functions block the thread that calls them, and are for threads, not for tasks: a task awaits what
//! [`run_in_executor`](crate::run_in_executor) and [`wrap_future`](crate::wrap_future) give.
//!
//! ```
//! use kolo::{ThreadPoolExecutor, concurrent};
//!
//! let pool = ThreadPoolExecutor::new();
//! let squares: Vec<_> = (0..3).map(|n| pool.submit(move || Ok(n * n))).collect::<kolo::Result<_>>()?;
//! let mut found = Vec::new();
//! for square in concurrent::as_completed(&squares) {
//!     found.push(square.result()?);
//! }
//! found.sort();
//! assert_eq!(found, [0, 1, 4]);
//! # Ok::<(), kolo::Error>(())
//! ```

pub(crate) mod job;
mod several;

pub use crate::map::Map;
pub use crate::offload::Executor;
pub use job::Job;
pub use several::{AsCompleted, Waited, as_completed, wait};
