//! A task's berth: its own parking place.

/// Which use of a task's berth it is, and how far that has come. A berth is a promise of nothing without an allocation of its own:
///
/// ```text
///            take                wake
///   FREE ──────────► TAKEN ──────────────► WOKEN ───┐
///    ▲                 │       cancel               │ free, when the task runs again
///    │                 └────────────► CANCELLED ────┤
///    └──────────────────────────────────────────────┘
/// ```
///
/// The state is the last two bits; the rest counts the uses, so that whoever remembers one use cannot mistake another for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Berth(u32);

const FREE: u32 = 0;
const TAKEN: u32 = 1;
const WOKEN: u32 = 2;
const CANCELLED: u32 = 3;
/// One use.
const USE: u32 = 4;

impl Berth {
    /// The berth of a new task.
    pub(crate) const NEW: Berth = Berth(FREE);

    pub(crate) fn word(self) -> usize {
        self.0 as usize
    }
    pub(crate) fn from_word(word: usize) -> Berth {
        Berth(word as u32)
    }
    fn state(self) -> u32 {
        self.0 % USE
    }
    fn with(self, state: u32) -> Berth {
        Berth(self.0 - self.state() + state)
    }
    pub(crate) fn is_taken(self) -> bool {
        self.state() == TAKEN
    }
    pub(crate) fn is_woken(self) -> bool {
        self.state() == WOKEN
    }
    pub(crate) fn is_cancelled(self) -> bool {
        self.state() == CANCELLED
    }
    /// The next use of the berth. `None`: it is in use, or was used a billion times. After that its task waits apart from it, which takes longer,
    /// but a use that somebody remembers is never taken for another.
    #[inline(always)]
    pub(crate) fn take(self) -> Option<Berth> {
        let next = self.0.checked_add(USE + TAKEN)?;
        (self.state() == FREE).then_some(Berth(next))
    }
    /// This use of the berth, as it was when it began.
    pub(crate) fn as_taken(self) -> Berth {
        self.with(TAKEN)
    }
    pub(crate) fn woken(self) -> Berth {
        self.with(WOKEN)
    }
    pub(crate) fn cancelled(self) -> Berth {
        self.with(CANCELLED)
    }
    pub(crate) fn free(self) -> Berth {
        self.with(FREE)
    }
}

#[cfg(test)]
mod tests {
    use super::{Berth, USE};

    #[test]
    fn a_use_is_never_taken_for_another() {
        let first = Berth::NEW.take().unwrap();
        assert!(first.is_taken() && first.take().is_none());
        let second = first.woken().free().take().unwrap();
        assert_eq!((first.as_taken(), second.cancelled().as_taken()), (first, second));
        assert_ne!(first, second);
        // The last one is not followed by the first.
        let mut last = Berth(u32::MAX - (USE - 1) - USE);
        while let Some(next) = last.take() {
            last = next.free();
        }
        assert_eq!(last.take(), None);
        assert!(last.0 > u32::MAX - 2 * USE);
    }
}
