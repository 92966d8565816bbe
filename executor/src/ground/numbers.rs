//! The numbers of loops, as promises know them: none is given to a second loop while anything is left that knows the first by it.
//!
//! A promise has room for 16 bits. The first loops of a process have numbers that are given to no other. After those, the loops of a thread
//! share the rest, [`COUNTED`] and above, among them: what knows such a loop by its number is counted, and when nothing is left the number
//! is free. All promises of a loop are in its thread.

use std::cell::RefCell;
use std::mem::ManuallyDrop;

use crate::ground::error::{Error, Result};

/// Numbers from this on are counted. 0 is no loop's.
pub(crate) const COUNTED: u16 = 1 << 14;
/// Of no loop, and never will be: what belonged to one that is closed.
pub(crate) const CLOSED: u16 = u16::MAX;

thread_local! {
    static NUMBERS: ManuallyDrop<RefCell<Numbers>> = const { ManuallyDrop::new(RefCell::new(Numbers::new())) };
}

/// A counted number for a new loop of this thread, which is the first to know it.
///
/// # Errors
/// Runtime, when there is none left.
#[cold]
pub(crate) fn take() -> Result<u16> {
    NUMBERS.with(|numbers| numbers.borrow_mut().take())
}

/// One more knows a loop by this counted number.
#[cold]
pub(crate) fn keep(number: u16) {
    NUMBERS.with(|numbers| numbers.borrow_mut().keep(number));
}

/// One less does.
#[cold]
pub(crate) fn give_back(number: u16) {
    NUMBERS.with(|numbers| numbers.borrow_mut().give_back(number));
}

struct Numbers {
    /// How many know each.
    known_to: Vec<usize>,
    /// Those that nobody knows.
    free: Vec<u16>,
}

impl Numbers {
    const fn new() -> Numbers {
        Numbers {
            known_to: Vec::new(),
            free: Vec::new(),
        }
    }

    fn take(&mut self) -> Result<u16> {
        let number = match self.free.pop() {
            Some(number) => number,
            None => self.new_number().ok_or_else(none_left)?,
        };
        self.keep(number);
        Ok(number)
    }

    fn new_number(&mut self) -> Option<u16> {
        let number = u16::try_from(usize::from(COUNTED) + self.known_to.len()).ok();
        let number = number.filter(|number| *number < CLOSED)?;
        self.known_to.push(0);
        Some(number)
    }

    fn known_to(&mut self, number: u16) -> &mut usize {
        &mut self.known_to[usize::from(number - COUNTED)]
    }

    fn keep(&mut self, number: u16) {
        *self.known_to(number) += 1;
    }

    fn give_back(&mut self, number: u16) {
        let known_to = self.known_to(number);
        *known_to -= 1;
        if *known_to == 0 {
            self.free.push(number);
        }
        // Nobody else gives their memory back at the end of the thread.
        if self.free.len() == self.known_to.len() {
            *self = Numbers::new();
        }
    }
}

fn none_left() -> Error {
    Error::runtime(format!(
        "{} event loops of this thread exist, or promises of theirs do; drop some",
        CLOSED - COUNTED
    ))
}

#[cfg(test)]
mod tests {
    use super::{CLOSED, COUNTED, Numbers};

    #[test]
    fn a_number_comes_back_when_nobody_knows_it() {
        let mut numbers = Numbers::new();
        let [first, second] = [(); 2].map(|()| numbers.take().unwrap());
        numbers.keep(first);
        numbers.give_back(first);
        let third = numbers.take().unwrap();
        assert!(third != first && third != second);
        numbers.give_back(first);
        assert_eq!(numbers.take().unwrap(), first);
        for number in [first, second, third] {
            numbers.give_back(number);
        }
        assert_eq!((numbers.known_to.capacity(), numbers.free.capacity()), (0, 0));
    }

    #[test]
    fn there_are_so_many_and_no_more() {
        let mut numbers = Numbers::new();
        let all: Vec<u16> = (COUNTED..CLOSED).map(|_| numbers.take().unwrap()).collect();
        assert!(all.iter().copied().eq(COUNTED..CLOSED));
        assert!(numbers.take().unwrap_err().message().contains("drop some"));
        numbers.give_back(COUNTED + 7);
        assert_eq!(numbers.take().unwrap(), COUNTED + 7);
    }
}
