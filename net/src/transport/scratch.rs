//! Where received bytes are before their protocol has them.

use std::cell::Cell;

/// As many bytes as one read takes at the most.
const MOST: usize = 256 * 1024;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Gives `f` 256 KiB to read into, as much as asyncio reads at a time: those of the thread, or new ones if these are in use. What is left in them
/// from before is of no interest.
pub fn with_scratch(f: impl FnOnce(&mut [u8])) {
    let mut bytes = SCRATCH.try_with(Cell::take).unwrap_or_default();
    if bytes.is_empty() {
        // Not touched before it is written to: it takes no more memory than the longest read.
        bytes = vec![0; MOST];
    }
    f(&mut bytes);
    // A thread that is ending keeps nothing.
    let _ = SCRATCH.try_with(|scratch| scratch.set(bytes));
}
