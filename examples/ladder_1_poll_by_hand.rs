//! Ladder, step 1 of 8: poll by hand.
//!
//! What is missing: everything. Calling an `async fn` runs none of its body; it only makes a value, the coroutine, and the
//! standard library contains nobody who would run it.
//!
//! What this step adds: nothing but calls of `poll`, made by hand. They show that a coroutine is a state machine, that it
//! moves only while it is polled, and that a poll takes it exactly to the next await that has to wait.

use std::cell::Cell;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

/// The smallest leaf, the thing at the end of a chain of awaits: it makes its coroutine stand still once.
#[derive(Default)]
struct Suspend {
    suspended: bool,
}

impl Future for Suspend {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<()> {
        if self.suspended {
            return Poll::Ready(());
        }
        self.suspended = true;
        Poll::Pending
    }
}

/// A coroutine as one writes it.
async fn greet(name: &str) -> usize {
    println!("  hello {name}");
    Suspend::default().await;
    println!("  goodbye {name}");
    name.len()
}

/// What the compiler makes of `greet`: a state for each place where it can stand, holding what it needs from there on.
enum Greet<'a> {
    NotStarted { name: &'a str },
    Suspended { name: &'a str, leaf: Suspend },
    Finished,
}

impl Future for Greet<'_> {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<usize> {
        loop {
            match &mut *self {
                Greet::NotStarted { name } => {
                    println!("  hello {name}");
                    let leaf = Suspend::default();
                    *self = Greet::Suspended { name, leaf };
                }
                Greet::Suspended { name, leaf } => {
                    // An await is this and no more: poll the inner future, and if it is pending, so are we.
                    ready!(Pin::new(leaf).poll(context));
                    println!("  goodbye {name}");
                    let length = name.len();
                    *self = Greet::Finished;
                    return Poll::Ready(length);
                }
                Greet::Finished => panic!("polled after it had finished"),
            }
        }
    }
}

async fn wait_for_the_door(open: &Cell<bool>) {
    while !open.get() {
        Suspend::default().await;
    }
}

fn main() {
    // Every poll takes a waker, for use when there is news. Nobody here waits for news yet.
    let mut context = Context::from_waker(Waker::noop());

    println!("an async fn:");
    let mut written = pin!(greet("Ada"));
    println!("  (called, and nothing has run)");
    println!("  -> {:?}", written.as_mut().poll(&mut context));
    println!("  -> {:?}", written.as_mut().poll(&mut context));

    println!("the same as a state machine:");
    let mut spelled_out = pin!(Greet::NotStarted { name: "Bob" });
    println!("  -> {:?}", spelled_out.as_mut().poll(&mut context));
    println!("  -> {:?}", spelled_out.as_mut().poll(&mut context));

    // Concurrency needs no thread: between two polls a coroutine is just a value, and another one can have a turn.
    println!("two by turns:");
    let (mut first, mut second) = (pin!(greet("Eve")), pin!(greet("Dan")));
    for _ in 1..=2 {
        let _ = first.as_mut().poll(&mut context);
        let _ = second.as_mut().poll(&mut context);
    }

    // What step 2 is about: we can ask as often as we like, but nobody tells us when it is worth it.
    println!("waiting for a door:");
    let open = Cell::new(false);
    let mut waiting = pin!(wait_for_the_door(&open));
    let mut asked_in_vain = 0;
    while waiting.as_mut().poll(&mut context).is_pending() {
        asked_in_vain += 1;
        open.set(asked_in_vain == 1000);
    }
    println!("  asked {asked_in_vain} times in vain");
}
