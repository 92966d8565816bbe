//! Ladder, step 6 of 8: cancellation is an error at the await.
//!
//! What is missing: a task of step 5 can be stopped only by dropping its coroutine. That runs nothing but destructors, and
//! a destructor cannot await: there is no saying goodbye over the network.
//!
//! What this step adds: `cancel`. The await at which the task stands returns `Err(Cancelled)`, from there on an error like
//! any other: `?` passes it on, `match` catches it, and what comes after may await again. Every wait ends in one leaf,
//! `suspend`, so teaching that one makes all of them cancellable. (To keep to a page, wakers are left out from here on: the
//! leaves are all our own, and name their task's ticket themselves.)

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

#[derive(Debug)]
struct Cancelled;
type Result = std::result::Result<(), Cancelled>;
type Coroutine = Pin<Box<dyn Future<Output = Result>>>;
type Ticket = usize;
type Timer = Reverse<(u64, usize, Ticket)>;

thread_local! {
    static TASKS: RefCell<BTreeMap<Ticket, Coroutine>> = const { RefCell::new(BTreeMap::new()) };
    static READY: RefCell<VecDeque<Ticket>> = const { RefCell::new(VecDeque::new()) };
    static TIMERS: RefCell<BinaryHeap<Timer>> = const { RefCell::new(BinaryHeap::new()) };
    /// Who has been cancelled and has not been told yet.
    static CANCELLED: RefCell<BTreeSet<Ticket>> = const { RefCell::new(BTreeSet::new()) };
    static CURRENT: Cell<Ticket> = const { Cell::new(0) };
    static NOW: Cell<u64> = const { Cell::new(0) };
    static ISSUED: Cell<usize> = const { Cell::new(0) };
}

fn spawn(coroutine: impl Future<Output = Result> + 'static) -> Ticket {
    let ticket = ISSUED.replace(ISSUED.get() + 1);
    TASKS.with_borrow_mut(|tasks| tasks.insert(ticket, Box::pin(coroutine)));
    READY.with_borrow_mut(|ready| ready.push_back(ticket));
    ticket
}

/// Only asks. Whether the task ends, and when, is for the task to say.
fn cancel(ticket: Ticket) {
    CANCELLED.with_borrow_mut(|cancelled| cancelled.insert(ticket));
    READY.with_borrow_mut(|ready| ready.push_back(ticket));
}

fn step(ticket: Ticket) {
    let taken = TASKS.with_borrow_mut(|tasks| tasks.remove(&ticket));
    let Some(mut coroutine) = taken else { return };
    CURRENT.set(ticket);
    let mut context = Context::from_waker(Waker::noop());
    if coroutine.as_mut().poll(&mut context).is_pending() {
        TASKS.with_borrow_mut(|tasks| tasks.insert(ticket, coroutine));
    }
}

fn run() {
    while !READY.with_borrow(VecDeque::is_empty) || jump() {
        READY.take().into_iter().for_each(step);
    }
}

/// Moves the clock to the earliest deadline and makes ready who is due then. False if there is none.
fn jump() -> bool {
    TIMERS.with_borrow_mut(|timers| {
        NOW.set(timers.peek().map_or(NOW.get(), |timer| timer.0.0));
        while let Some(&Reverse((deadline, _, ticket))) = timers.peek()
            && deadline == NOW.get()
        {
            timers.pop();
            READY.with_borrow_mut(|ready| ready.push_back(ticket));
        }
    });
    !READY.with_borrow(VecDeque::is_empty)
}

/// Stands still until woken. An error, if `cancel` was the reason.
async fn suspend() -> Result {
    let mut answers = [Poll::Pending, Poll::Ready(())].into_iter();
    poll_fn(|_| answers.next().expect("nobody polls a leaf that is ready")).await;
    // Taken away as it is delivered: whoever catches it is free to wait again.
    let cancelled = CANCELLED.with_borrow_mut(|cancelled| cancelled.remove(&CURRENT.get()));
    if cancelled { Err(Cancelled) } else { Ok(()) }
}

async fn sleep(milliseconds: u64) -> Result {
    let deadline = NOW.get() + milliseconds;
    let sequence = ISSUED.replace(ISSUED.get() + 1);
    TIMERS.with_borrow_mut(|timers| timers.push(Reverse((deadline, sequence, CURRENT.get()))));
    while NOW.get() < deadline {
        suspend().await?;
    }
    Ok(())
}

fn say(name: &str, what: &str) {
    println!("{:>4} ms  {name}: {what}", NOW.get());
}

async fn polite(name: &str) -> Result {
    let outcome = sleep(1000).await;
    say(name, &format!("{outcome:?}, so I say goodbye"));
    sleep(5).await?;
    say(name, "I have said goodbye");
    outcome
}

async fn stubborn(name: &str) -> Result {
    while let Err(error) = sleep(20).await {
        say(name, &format!("{error:?}? I sleep all the same"));
    }
    say(name, "I have slept");
    Ok(())
}

fn main() {
    let [ada, bob] = ["Ada", "Bob"].map(|name| spawn(polite(name)));
    let eve = spawn(stubborn("Eve"));
    spawn(async move {
        sleep(10).await?;
        say("main", "I cancel Ada and Eve, and drop Bob");
        cancel(ada);
        cancel(eve);
        TASKS.with_borrow_mut(|tasks| tasks.remove(&bob));
        Ok(())
    });
    run();
}
