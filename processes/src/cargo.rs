//! What crosses beside a letter: memory that it names, which has to be there until the letter is read.

use std::cell::RefCell;
use std::sync::Arc;

use crate::multiprocessing::memory::Memory;

/// Memory that is named in a letter.
pub(crate) type Cargo = Vec<Arc<Memory>>;

thread_local! {
    /// There is some while arguments are written.
    static GATHERED: RefCell<Option<Cargo>> = const { RefCell::new(None) };
}

/// Writes arguments, and gives with them what they name.
pub(crate) fn gather<T>(write: impl FnOnce() -> T) -> (T, Cargo) {
    /// Puts back what was there before, also when writing panics.
    struct Before(Option<Cargo>);
    impl Drop for Before {
        fn drop(&mut self) {
            GATHERED.set(self.0.take());
        }
    }
    let _before = Before(GATHERED.replace(Some(Vec::new())));
    let written = write();
    (written, GATHERED.take().unwrap_or_default())
}

/// Whether arguments are being written, of which this is now one.
pub(crate) fn add(memory: &Arc<Memory>) -> bool {
    GATHERED.with_borrow_mut(|gathered| {
        if let Some(gathered) = gathered {
            gathered.push(memory.clone());
        }
        gathered.is_some()
    })
}
