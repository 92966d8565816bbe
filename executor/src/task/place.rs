//! A task's own parking place.

/// The state of a task's own parking place, which is a promise of nothing without an allocation of its own (see [`park`](crate::park)):
/// which use of the place it is, and how far that has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place(u32);

/// In which states a place can be. The rest of the number counts the uses.
const FREE: u32 = 0;
const TAKEN: u32 = 1;
const WOKEN: u32 = 2;
const CANCELLED: u32 = 3;

impl Place {
    /// The place of a new task.
    pub(crate) const UNUSED: Place = Place(FREE);

    pub(crate) fn word(self) -> usize {
        self.0 as usize
    }
    pub(crate) fn from_word(word: usize) -> Place {
        Place(word as u32)
    }
    fn state(self) -> u32 {
        self.0 & 3
    }
    fn with(self, state: u32) -> Place {
        Place(self.0 & !3 | state)
    }
    pub(crate) fn is_free(self) -> bool {
        self.state() == FREE
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
    /// The next use of the place, which has been free.
    pub(crate) fn taken(self) -> Place {
        Place(self.0.wrapping_add(4)).with(TAKEN)
    }
    /// This use of the place, when it began.
    pub(crate) fn taken_now(self) -> Place {
        self.with(TAKEN)
    }
    pub(crate) fn woken(self) -> Place {
        self.with(WOKEN)
    }
    pub(crate) fn cancelled(self) -> Place {
        self.with(CANCELLED)
    }
    pub(crate) fn freed(self) -> Place {
        self.with(FREE)
    }
}
