//! Which task it is, and what few tasks have.

use std::cell::Cell;
use std::task::Waker;

use crate::ground::context::Context;
use crate::ground::error::Error;
use crate::ground::leaves::Leaves;
use crate::ground::ticket::Ticket;

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
/// Its lower part is the generation in the task's ticket, so that the next task in the same row has another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Serial(u64);

impl Serial {
    const GENERATIONS: u64 = Ticket::GENERATIONS as u64;

    fn unnamed(counters: &Counters) -> Serial {
        Serial(2 * next(&counters.unnamed))
    }

    fn named(counters: &Counters) -> Serial {
        Serial(2 * next(&counters.named) + 1)
    }

    pub(crate) fn generation(self) -> u32 {
        (self.0 % Serial::GENERATIONS) as u32
    }

    /// The upper part, which the ticket has no room for.
    pub(crate) fn upper(self) -> u32 {
        (self.0 / Serial::GENERATIONS) as u32
    }

    pub(crate) fn of(upper: u32, generation: u32) -> Serial {
        Serial(u64::from(upper) * Serial::GENERATIONS + u64::from(generation))
    }

    pub(crate) fn is_named(self) -> bool {
        self.0 % 2 == 1
    }

    /// The N of `Task-N`.
    pub(crate) fn number(self) -> u64 {
        self.0 / 2
    }
}

/// Which task it is, and what it has that few have. `P` is what a leaf waits for.
pub(crate) struct Identity<P> {
    pub(crate) serial: Serial,
    pub(crate) rare: Option<Box<Rare<P>>>,
}

impl<P> Identity<P> {
    #[inline]
    pub(crate) fn new(name: Option<String>, context: Context) -> Identity<P> {
        if name.is_some() || !context.is_none() {
            return Identity::of_few(name, context);
        }
        Identity {
            serial: COUNTERS.with(Serial::unnamed),
            rare: None,
        }
    }

    #[cold]
    fn of_few(name: Option<String>, context: Context) -> Identity<P> {
        COUNTERS.with(|counters| {
            let serial = match name {
                Some(_) => Serial::named(counters),
                None => Serial::unnamed(counters),
            };
            let rare = Rare {
                name,
                after: counters.unnamed.get(),
                context,
                ..Rare::default()
            };
            Identity {
                serial,
                rare: Some(Box::new(rare)),
            }
        })
    }
}

/// What few tasks have.
pub(crate) struct Rare<P> {
    pub(crate) name: Option<String>,
    /// Of a task with a name of its own: the number of the unnamed one before it.
    pub(crate) after: u64,
    pub(crate) context: Context,
    /// The cancellation with a message that is to be delivered.
    pub(crate) message: Option<Error>,
    /// Who else is to be woken together with the task: where the future that waits in its berth was moved to another one.
    pub(crate) also_wake: Option<Waker>,
    /// The number of the suspension whose leaf is to be told of the cancellation that the step delivers.
    pub(crate) told: u64,
    /// How many requests to cancel it there are beyond one.
    pub(crate) more_requests: u32,
    /// The leaves at which it stands beyond the last.
    pub(crate) leaves: Option<Box<Leaves<P>>>,
}

impl<P> Default for Rare<P> {
    fn default() -> Rare<P> {
        Rare {
            name: None,
            after: 0,
            context: Context::NONE,
            message: None,
            also_wake: None,
            told: 0,
            more_requests: 0,
            leaves: None,
        }
    }
}
