//! kolo: a single-threaded event loop that behaves exactly like CPython's asyncio.
//!
//! ```
//! use kolo::{Result, create_task, run, sleep};
//!
//! async fn say_after(delay: f64, what: &str) -> Result<()> {
//!     sleep(delay).await?;
//!     println!("{what}");
//!     Ok(())
//! }
//!
//! fn main() -> Result<()> {
//!     run(async {
//!         let hello = create_task(say_after(0.01, "hello"));
//!         let world = create_task(say_after(0.02, "world"));
//!         hello.await?;
//!         world.await
//!     })
//! }
//! ```
//!
//! Begin with [`run`], [`create_task`] and [`sleep`]; [`gather()`], [`wait()`](wait()), [`wait_for`], [`timeout`] and [`task_group`] wait for
//! several things, or not for ever; [`Lock`], [`Event`], [`Condition`], [`Semaphore`], [`Barrier`] and [`Queue`] are where tasks meet.
//! Names are asyncio's, and each item says which one it mirrors.
#![forbid(unsafe_code)]

pub use kolo_executor::*;
#[cfg(feature = "macros")]
pub use kolo_macros::{main, test};
pub use kolo_sync::*;

/// The blocks of code in the texts, so that they are compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../examples/README.md")]
struct Catalogue;
