//! Process pools, processes and shared memory for kolo, without fork: the same program is started again.
//!
//! A program with other processes names the functions that they may call, at the beginning of its `main`: [`processes!`]. A call for another
//! process is made by [`partial!`], and submitted to a [`ProcessPoolExecutor`], or is what a [`multiprocessing::Process`] does. Arguments and
//! results cross by serde, as CBOR; errors cross with their kinds and texts.
//!
//! ```
//! use kolo::{ProcessPoolExecutor, Result, partial, processes};
//!
//! fn square(n: u64) -> Result<u64> {
//!     Ok(n * n)
//! }
//!
//! fn main() -> Result<()> {
//!     processes!(square);
//!     let pool = ProcessPoolExecutor::new();
//!     let squares = pool.map(partial!(square), 1..=3)?.collect::<Result<Vec<u64>>>()?;
//!     assert_eq!(squares, [1, 4, 9]);
//!     Ok(())
//! }
//! ```
#![forbid(unsafe_code)]
// Elsewhere `kolo` says so, and there is nothing else to say.
#![cfg(unix)]

mod appointment;
mod call;
mod cargo;
mod failure;
mod function;
mod hang_up;
mod letter;
pub mod multiprocessing;
mod pool;
mod registry;
mod serve;
mod worker;

pub use call::Partial;
pub use pool::executor::ProcessPoolExecutor;

#[doc(hidden)]
pub mod of_macros {
    //! What the macros call.

    pub use crate::registry::{Entry, register};
}
