//! Ladder, step 8 of 8: a wait queue, and a lock that stands on it.
//!
//! What is missing: tasks wait for the clock in step 6 and for sockets in step 7. Where they wait for each other, it has to be
//! settled who comes first, and what becomes of a wake-up that its task has no more use for.
//!
//! What this step adds: a line of those who wait, and three rules. Who came first is woken first. Who was woken stands in line
//! until it runs, so that nobody overtakes it. Who was woken but is cancelled before it runs passes the baton on. The lock is
//! then half a page, and its trace is what the same program prints with asyncio.
//!
//! To keep to a page, a task's name is its ticket, and two things are left out: timers, and the short cut that asyncio has for
//! newcomers when everybody in line has been cancelled. (Here they wait until the line has left.)

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

#[derive(Debug)]
struct Cancelled;
type Result = std::result::Result<(), Cancelled>;
type Coroutine = Pin<Box<dyn Future<Output = Result>>>;
type Ticket = &'static str;

thread_local! {
    static TASKS: RefCell<BTreeMap<Ticket, Coroutine>> = const { RefCell::new(BTreeMap::new()) };
    static READY: RefCell<VecDeque<Ticket>> = const { RefCell::new(VecDeque::new()) };
    static CANCELLED: RefCell<BTreeSet<Ticket>> = const { RefCell::new(BTreeSet::new()) };
    static CURRENT: Cell<Ticket> = const { Cell::new("") };
}

fn make_ready(ticket: Ticket) {
    READY.with_borrow_mut(|ready| ready.push_back(ticket));
}

fn spawn(ticket: Ticket, coroutine: impl Future<Output = Result> + 'static) {
    TASKS.with_borrow_mut(|tasks| tasks.insert(ticket, Box::pin(coroutine)));
    make_ready(ticket);
}

fn cancel(ticket: Ticket) {
    CANCELLED.with_borrow_mut(|cancelled| cancelled.insert(ticket));
    make_ready(ticket);
}

fn run() {
    while let Some(ticket) = READY.with_borrow_mut(VecDeque::pop_front) {
        let taken = TASKS.with_borrow_mut(|tasks| tasks.remove(ticket));
        let Some(mut coroutine) = taken else { continue };
        CURRENT.set(ticket);
        if coroutine.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            TASKS.with_borrow_mut(|tasks| tasks.insert(ticket, coroutine));
        }
    }
}

async fn suspend() -> Result {
    let mut answers = [Poll::Pending, Poll::Ready(())].into_iter();
    poll_fn(|_| answers.next().expect("nobody polls a leaf that is ready")).await;
    let me = CURRENT.get();
    // Woken and then cancelled, a task was made ready twice. It takes one step all the same: this one.
    READY.with_borrow_mut(|ready| ready.retain(|other| *other != me));
    let cancelled = CANCELLED.with_borrow_mut(|cancelled| cancelled.remove(me));
    if cancelled { Err(Cancelled) } else { Ok(()) }
}

/// The line. Here and in kolo the tasks themselves stand in it; in asyncio, a future for each.
#[derive(Default)]
struct WaitQueue(RefCell<VecDeque<Ticket>>);

impl WaitQueue {
    async fn park(&self) -> Result {
        let me = CURRENT.get();
        self.0.borrow_mut().push_back(me);
        let outcome = suspend().await;
        // Only now: until the woken task runs, those who come must see that somebody is on the way.
        self.0.borrow_mut().retain(|other| *other != me);
        outcome
    }

    fn wake_first(&self) {
        if let Some(first) = self.0.borrow().front() {
            make_ready(first);
        }
    }
}

#[derive(Default)]
struct Lock {
    locked: Cell<bool>,
    waiters: WaitQueue,
}

impl Lock {
    /// How to take it, and how to pass it on: the two halves that kolo knows as `Claim::take` and `Claim::pass_on`.
    async fn acquire(&self) -> Result {
        // Even when it is free: then it is on its way to the first in line.
        if self.locked.get() || !self.waiters.0.borrow().is_empty() {
            let outcome = self.waiters.park().await;
            if outcome.is_err() && !self.locked.get() {
                // It may have been on its way to us: those behind us would wait for ever.
                self.waiters.wake_first();
            }
            outcome?;
        }
        self.locked.set(true);
        Ok(())
    }

    fn release(&self) {
        self.locked.set(false);
        self.waiters.wake_first();
    }
}

/// What happens, and who stands in line then.
fn say(lock: &Lock, what: &str) {
    print!("{}: {what:<14} |", CURRENT.get());
    for waiter in &*lock.waiters.0.borrow() {
        let woken = READY.with_borrow(|ready| ready.contains(waiter));
        print!(" {waiter}{}", if woken { " (woken)" } else { "" });
    }
    println!();
}

async fn visit(lock: &'static Lock) -> Result {
    say(lock, "wants the lock");
    lock.acquire().await.inspect_err(|error| say(lock, &format!("{error:?}")))?;
    say(lock, "has it");
    // Lets the others run meanwhile.
    make_ready(CURRENT.get());
    let outcome = suspend().await;
    lock.release();
    say(lock, "gives it back");
    outcome
}

fn main() {
    let lock: &'static Lock = Box::leak(Box::default());
    spawn("Ada", async move {
        visit(lock).await?;
        cancel("Bob");
        say(lock, "cancels Bob");
        visit(lock).await
    });
    for name in ["Bob", "Eve", "Dan"] {
        spawn(name, visit(lock));
    }
    run();
}
