//! `Unclaimed`: what is closed if nobody gets it.

/// A handle of something that was begun for somebody, who may be cancelled before he has it.
pub(crate) struct Unclaimed<T, C: FnOnce(&T)> {
    handle: T,
    /// `None` once somebody has it.
    close: Option<C>,
}

impl<T, C: FnOnce(&T)> Unclaimed<T, C> {
    pub(crate) fn new(handle: T, close: C) -> Unclaimed<T, C> {
        let close = Some(close);
        Unclaimed { handle, close }
    }

    /// Somebody has it.
    pub(crate) fn claim(&mut self) {
        self.close = None;
    }
}

impl<T, C: FnOnce(&T)> Drop for Unclaimed<T, C> {
    fn drop(&mut self) {
        if let Some(close) = self.close.take() {
            close(&self.handle);
        }
    }
}
