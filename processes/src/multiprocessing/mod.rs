//! Processes that do one thing, and values and arrays that several of them see. Mirrors `multiprocessing`.
//!
//! ```
//! use kolo::multiprocessing::{Process, Value};
//! use kolo::{Result, partial, processes};
//!
//! fn increment(shared: Value<i32>) -> Result<()> {
//!     let _held = shared.get_lock().hold()?;
//!     shared.set(shared.get()? + 1)
//! }
//!
//! fn main() -> Result<()> {
//!     processes!(increment);
//!     let shared = Value::new(0)?;
//!     let two = [0, 1].map(|_| Process::new(partial!(increment, shared.clone())));
//!     for process in &two {
//!         process.start()?;
//!     }
//!     for process in &two {
//!         process.join()?;
//!     }
//!     assert_eq!(shared.get()?, 2);
//!     Ok(())
//! }
//! ```

mod array;
mod element;
mod lock;
pub(crate) mod memory;
mod process;
mod value;

pub use array::Array;
pub use element::Element;
pub use lock::{HeldLock, Lock};
pub use process::Process;
pub use value::Value;

pub use crate::call::Call;
pub use crate::function::Function;
