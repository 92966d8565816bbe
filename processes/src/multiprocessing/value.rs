//! `Value`: one value that several processes see.

use std::fmt;

use kolo_executor::Result;
use serde::{Deserialize, Serialize};

use crate::multiprocessing::array::Array;
use crate::multiprocessing::element::Element;
use crate::multiprocessing::lock::Lock;

/// A number that several processes see. A handle: clones are the same value, and so is what another process gets, whose function is given one.
/// Mirrors `multiprocessing.Value`.
///
/// [`get`](Value::get) and [`set`](Value::set) take the [lock](Value::get_lock) by themselves, each for its own time: another process may come
/// between the two, unless the lock is held over both. Each is a few system calls, some microseconds in all.
///
/// ```
/// use kolo::multiprocessing::Value;
///
/// let shared = Value::new(0.5)?;
/// shared.set(shared.get()? * 2.0)?;
/// assert_eq!(shared.get()?, 1.0);
/// # Ok::<(), kolo::Error>(())
/// ```
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound(deserialize = "T: Element"))]
pub struct Value<T>(Array<T>);

impl<T: Element> Value<T> {
    /// One that begins as this.
    ///
    /// # Errors
    /// Io, when the system has no memory or no descriptor for it.
    #[track_caller]
    pub fn new(value: T) -> Result<Value<T>> {
        Array::new([value]).map(Value)
    }

    /// What it is. Mirrors `value.value`.
    ///
    /// # Errors
    /// Io, when the system refuses it.
    #[track_caller]
    pub fn get(&self) -> Result<T> {
        self.0.get(0)
    }

    /// Makes it another. Mirrors `value.value = ...`.
    ///
    /// # Errors
    /// Io, when the system refuses it.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<()> {
        self.0.set(0, value)
    }
}

impl<T> Value<T> {
    /// What excludes all others while it is held. Mirrors `value.get_lock()`.
    ///
    /// ```
    /// use kolo::multiprocessing::Value;
    ///
    /// let shared = Value::new(1)?;
    /// let _held = shared.get_lock().hold()?;
    /// shared.set(shared.get()? + 1)?; // nobody comes between the two
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn get_lock(&self) -> &Lock {
        self.0.get_lock()
    }
}

impl<T> Clone for Value<T> {
    fn clone(&self) -> Self {
        Value(self.0.clone())
    }
}

impl<T: Element + fmt::Debug> fmt::Debug for Value<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.get() {
            Ok(value) => write!(f, "<Value {value:?}>"),
            Err(error) => write!(f, "<Value {error}>"),
        }
    }
}
