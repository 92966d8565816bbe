//! `KOLO_STATS=1`: how many iterations a program took, for comparison with asyncio.

use std::cell::Cell;

use crate::ground::stderr;

/// A loop of this thread has closed after so many iterations.
pub(crate) fn count(iterations: u64) {
    thread_local!(static TOTAL: Cell<u64> = const { Cell::new(0) });
    if std::env::var("KOLO_STATS").is_ok_and(|value| value == "1") {
        let total = TOTAL.with(|total| {
            total.set(total.get() + iterations);
            total.get()
        });
        stderr::say(format_args!("kolo: {total} iterations"));
    }
}
