//! Signals as numbers.

use kolo_executor::{Error, Result};
use rustix::process::Signal;

/// The signal of this number.
///
/// # Errors
/// Value, when there is none, or it is one without a name: a real-time signal.
pub(crate) fn signal_of(number: i32) -> Result<Signal> {
    let refusal = || match number {
        34..=64 => format!("real-time signal {number} cannot be sent to a child: `kill -{number}` of a shell can"),
        _ => format!("invalid signal number {number}"),
    };
    Signal::from_named_raw(number).ok_or_else(|| Error::value(refusal()).without_place())
}
