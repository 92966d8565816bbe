//! Where received bytes are before their protocol has them.

use std::cell::RefCell;

/// As many bytes as one read takes at the most.
const MOST: usize = 256 * 1024;
/// A thread keeps so many buffers that are not in use.
const KEPT: usize = 8;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Gives `f` an empty buffer with room for 256 KiB to read into, as much as asyncio reads at a time. It takes no more memory than the longest read,
/// because nothing is written into it before the system does.
///
/// Who wants to keep what was read, and it is much, may have the buffer itself for another, and give it back when it is read.
pub fn with_scratch(f: impl FnOnce(&mut Vec<u8>)) {
    let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
    let mut bytes = spare.ok().flatten().unwrap_or_else(|| Vec::with_capacity(MOST));
    f(&mut bytes);
    give_back(bytes);
}

/// Keeps a buffer of `with_scratch` for the next read: malloc would give its memory back to the system each time, and get it anew page by page.
#[inline]
pub(crate) fn give_back(mut bytes: Vec<u8>) {
    if !is_scratch(&bytes) {
        return;
    }
    bytes.clear();
    // A thread that is ending keeps nothing.
    let _ = SPARE.try_with(|spare| {
        let spare = &mut *spare.borrow_mut();
        if spare.len() < KEPT {
            spare.push(bytes);
        }
    });
}

/// Whether this is one of those buffers.
pub(crate) fn is_scratch(bytes: &Vec<u8>) -> bool {
    bytes.capacity() == MOST
}
