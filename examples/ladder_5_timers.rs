//! Ladder, step 5 of 8: timers and a virtual clock.
//!
//! What is missing: the tasks of step 4 can wait for each other, but not for a moment. Their loop knows no time.
//!
//! What this step adds: a heap of timers, each a deadline and a ticket, and a clock that stands still while anything is
//! ready and jumps to the earliest deadline when nothing is. An hour's sleep ends at once, in its place among the others;
//! with a real clock the jump would be a wait, and nothing else would change.
//!
//! To keep to a page, step 4's waiting for other threads is left out: nothing ready and no timer armed ends the loop.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::{future, mem};

type Coroutine = Pin<Box<dyn Future<Output = ()>>>;

/// Deadline, sequence number, ticket, and compared in that order: the earliest comes out first and, among equals, the one
/// armed first. A heap by itself forgets who came first; the sequence number makes the order something to rely on.
type Timer = Reverse<(u64, usize, Ticket)>;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ticket(usize);

static READY: Mutex<VecDeque<Ticket>> = Mutex::new(VecDeque::new());
const NO_PANIC: &str = "nothing panics while it holds the ready queue";

thread_local! {
    static TASKS: RefCell<BTreeMap<Ticket, Coroutine>> = const { RefCell::new(BTreeMap::new()) };
    static TIMERS: RefCell<BinaryHeap<Timer>> = const { RefCell::new(BinaryHeap::new()) };
    /// Milliseconds since the start.
    static NOW: Cell<u64> = const { Cell::new(0) };
    /// Whose step it is. A leaf that asks the loop for something asks it for this task.
    static CURRENT: Cell<Ticket> = const { Cell::new(Ticket(0)) };
    /// One series for tickets and sequence numbers: all that matters is that later ones are greater.
    static ISSUED: Cell<usize> = const { Cell::new(0) };
}

impl Wake for Ticket {
    fn wake(self: Arc<Self>) {
        make_ready(*self);
    }
}

fn make_ready(ticket: Ticket) {
    let mut ready = READY.lock().expect(NO_PANIC);
    if !ready.contains(&ticket) {
        ready.push_back(ticket);
    }
}

fn spawn(coroutine: impl Future<Output = ()> + 'static) {
    let ticket = Ticket(ISSUED.replace(ISSUED.get() + 1));
    TASKS.with_borrow_mut(|tasks| tasks.insert(ticket, Box::pin(coroutine)));
    make_ready(ticket);
}

fn step(ticket: Ticket) {
    let taken = TASKS.with_borrow_mut(|tasks| tasks.remove(&ticket));
    let Some(mut coroutine) = taken else { return };
    CURRENT.set(ticket);
    let waker = Waker::from(Arc::new(ticket));
    let poll = coroutine.as_mut().poll(&mut Context::from_waker(&waker));
    if poll.is_pending() {
        TASKS.with_borrow_mut(|tasks| tasks.insert(ticket, coroutine));
    }
}

fn next_batch() -> VecDeque<Ticket> {
    let idle = READY.lock().expect(NO_PANIC).is_empty();
    TIMERS.with_borrow_mut(|timers| {
        if idle && let Some(&Reverse((earliest, ..))) = timers.peek() {
            NOW.set(earliest);
        }
        while let Some(&Reverse((deadline, _, ticket))) = timers.peek()
            && deadline <= NOW.get()
        {
            timers.pop();
            make_ready(ticket);
        }
    });
    mem::take(&mut *READY.lock().expect(NO_PANIC))
}

fn run() {
    loop {
        let batch = next_batch();
        if batch.is_empty() {
            break;
        }
        batch.into_iter().for_each(step);
    }
}

async fn suspend() {
    let mut answers = [Poll::Pending, Poll::Ready(())].into_iter();
    future::poll_fn(|_| answers.next().expect("nobody polls a leaf that is ready")).await;
}

async fn sleep(milliseconds: u64) {
    let deadline = NOW.get() + milliseconds;
    let sequence = ISSUED.replace(ISSUED.get() + 1);
    TIMERS.with_borrow_mut(|timers| timers.push(Reverse((deadline, sequence, CURRENT.get()))));
    // A task may be woken for other reasons too, so the clock has the last word.
    while NOW.get() < deadline {
        suspend().await;
    }
}

async fn sleeper(name: &str, naps: &[u64]) {
    for nap in naps {
        sleep(*nap).await;
        println!("{:>7} ms  {name} has slept {nap}", NOW.get());
    }
}

fn main() {
    spawn(sleeper("Ada", &[20]));
    spawn(sleeper("Bob", &[10]));
    // Due at the same moment as Bob and Dan, but armed after both.
    spawn(sleeper("Eve", &[5, 5]));
    spawn(sleeper("Dan", &[10]));
    spawn(sleeper("Rip", &[3_600_000]));
    run();
}
