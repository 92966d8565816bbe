//! `KOLO_STATS=1`: how many iterations a program took, for comparison with asyncio.

use std::cell::Cell;

use crate::ground::environment;
use crate::ground::error::Result;
use crate::ground::stderr;

/// Whether the environment asks for the count.
///
/// # Errors
/// Value, when `KOLO_STATS` says neither yes nor no.
pub(crate) fn asked_for() -> Result<bool> {
    environment::switch("KOLO_STATS")
}

/// A loop of this thread has closed after so many iterations.
pub(crate) fn count(iterations: u64) {
    thread_local!(static TOTAL: Cell<u64> = const { Cell::new(0) });
    if asked_for().is_ok_and(|asked| asked) {
        let total = TOTAL.with(|total| {
            total.set(total.get() + iterations);
            total.get()
        });
        stderr::say(format_args!("kolo: {total} iterations"));
    }
}
