//! Which task it is, and what few tasks have.

use std::cell::Cell;
use std::task::Waker;

use crate::context::Context;
use crate::error::Error;
use crate::waker::Ticket;

/// The thread's counters of tasks: `Task-N` counts those without a name of their own, on all of the thread's loops.
struct Counters {
    unnamed: Cell<u64>,
    named: Cell<u64>,
}

thread_local!(static COUNTERS: Counters = const { Counters { unnamed: Cell::new(0), named: Cell::new(0) } });

fn next(counter: &Cell<u64>) -> u64 {
    counter.set(counter.get() + 1);
    counter.get()
}

/// A serial number: twice the N of `Task-N`, or one more than twice the count of a task with a name of its own.
///
/// Its lower part is the generation in the task's ticket, so that the next task with the same index has another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Serial(u64);

impl Serial {
    const GENERATIONS: u64 = Ticket::GENERATIONS as u64;

    fn unnamed(counters: &Counters) -> Serial {
        Serial(2 * next(&counters.unnamed))
    }

    fn named(counters: &Counters) -> Serial {
        Serial(2 * next(&counters.named) + 1)
    }

    pub(super) fn generation(self) -> u32 {
        (self.0 % Serial::GENERATIONS) as u32
    }

    /// The upper part, which the ticket has no room for.
    pub(super) fn upper(self) -> u32 {
        (self.0 / Serial::GENERATIONS) as u32
    }

    pub(super) fn of(upper: u32, generation: u32) -> Serial {
        Serial(u64::from(upper) * Serial::GENERATIONS + u64::from(generation))
    }

    pub(super) fn is_named(self) -> bool {
        self.0 % 2 == 1
    }

    /// The N of `Task-N`.
    pub(super) fn number(self) -> u64 {
        self.0 / 2
    }
}

/// Which task it is, and what it has that few have.
pub(crate) struct Identity {
    pub(super) serial: Serial,
    pub(super) extra: Option<Box<Extra>>,
}

impl Identity {
    #[inline]
    pub(crate) fn new(name: Option<String>, context: Context) -> Identity {
        if name.is_some() || !context.is_none() {
            return Identity::of_few(name, context);
        }
        Identity {
            serial: COUNTERS.with(Serial::unnamed),
            extra: None,
        }
    }

    #[cold]
    fn of_few(name: Option<String>, context: Context) -> Identity {
        COUNTERS.with(|counters| {
            let serial = match name {
                Some(_) => Serial::named(counters),
                None => Serial::unnamed(counters),
            };
            let extra = Extra {
                name,
                after: counters.unnamed.get(),
                context,
                ..Extra::default()
            };
            Identity {
                serial,
                extra: Some(Box::new(extra)),
            }
        })
    }
}

/// What few tasks have.
pub(super) struct Extra {
    pub(super) name: Option<String>,
    /// Of a task with a name of its own: the number of the unnamed one before it.
    pub(super) after: u64,
    pub(super) context: Context,
    /// The cancellation with a message that is to be delivered.
    pub(super) message: Option<Error>,
    /// Who else is to be woken together with the task, see [`park`](crate::park).
    pub(super) forward: Option<Waker>,
}

impl Default for Extra {
    fn default() -> Extra {
        Extra {
            name: None,
            after: 0,
            context: Context::NONE,
            message: None,
            forward: None,
        }
    }
}
