//! Pools of threads, the futures of their jobs, and what a task awaits of them, as asyncio has them, to the iteration.
//!
//! Whatever blocks is done here: the calls of a program, and on the same threads what `kolo-net` asks the system's resolver, and what `kolo-os` does
//! with files.
#![forbid(unsafe_code)]
// Elsewhere `kolo` says so, and there is nothing else to say.
#![cfg(unix)]

mod chain;
pub mod concurrent;
mod default;
mod map;
mod offload;
mod pool;
mod queue;

pub use chain::wrap_future;
pub use default::{set_default_executor, shutdown_default_executor};
pub use offload::{run_in_executor, to_thread};
pub use pool::ThreadPoolExecutor;

pub mod executors {
    //! For authors of executors, and of what has its work done by a loop's own threads, as files do. Programs that only use them need nothing of
    //! it.
    //!
    //! An executor makes a [`Job`](crate::concurrent::Job) of each call, and completes it. [`chain`] and [`job_outcome`] are how a task learns of
    //! that. Where a function here takes a `site`, it is the line of the program on whose behalf it is called: reports name it.

    pub use crate::chain::{chain, job_outcome};
    pub use crate::default::default_executor;
    pub use crate::offload::offload;
}
