//! Signals as numbers.

use kolo_executor::{Error, Result};
use rustix::process::Signal;

/// The signal of this number.
///
/// # Errors
/// Value, when there is none, or it is one without a name.
pub(crate) fn signal_of(number: i32) -> Result<Signal> {
    Signal::from_named_raw(number).ok_or_else(|| Error::value(format!("invalid signal number {number}")).without_place())
}
