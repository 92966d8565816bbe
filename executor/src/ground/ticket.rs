//! A ticket: by what number a task can be found again, if it still exists.

/// Which loop, which row of its table of tasks, and which of the tasks that had that row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ticket(u64);

const LOOP_BITS: u32 = 14;
const ROW_BITS: u32 = 28;
const GENERATION_BITS: u32 = 64 - LOOP_BITS - ROW_BITS;

impl Ticket {
    /// Loop ids are below this.
    pub(crate) const LOOPS: u16 = 1 << LOOP_BITS;
    /// A generation is the task's serial number modulo this: where two million tasks later another one has the same row, a stale ticket
    /// wakes that one, which only looks at what it waits for and goes on waiting.
    pub(crate) const GENERATIONS: u32 = 1 << GENERATION_BITS;
    /// Rows are below this.
    pub(crate) const ROWS: u32 = 1 << ROW_BITS;

    pub(crate) fn new(inbox_id: u16, generation: u32, row: u32) -> Ticket {
        Ticket((u64::from(inbox_id) << (64 - LOOP_BITS)) | (u64::from(generation) << ROW_BITS) | u64::from(row))
    }

    pub(crate) fn loop_id(self) -> u16 {
        (self.0 >> (64 - LOOP_BITS)) as u16
    }

    pub(crate) fn generation(self) -> u32 {
        ((self.0 >> ROW_BITS) as u32) & (Self::GENERATIONS - 1)
    }

    pub(crate) fn row(self) -> u32 {
        (self.0 as u32) & (Self::ROWS - 1)
    }

    pub(crate) fn word(self) -> u64 {
        self.0
    }

    pub(crate) fn from_word(word: u64) -> Ticket {
        Ticket(word)
    }
}
