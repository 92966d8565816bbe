//! Threads, processes, signals and files, as asyncio has them, to the iteration.
#![forbid(unsafe_code)]
// Elsewhere `kolo` says so, and there is nothing else to say.
#![cfg(unix)]

pub mod concurrent;
mod files;
mod threads;
mod warning;

pub use files::file::{File, open, open_binary};
pub use files::form::{Binary, Form, Text};
pub use threads::chain::wrap_future;
pub use threads::default::{set_default_executor, shutdown_default_executor};
pub use threads::offload::{run_in_executor, to_thread};
pub use threads::pool::ThreadPoolExecutor;
