//! Ladder, step 4 of 8: a waker is a ticket.
//!
//! What is missing: the wakers of step 3 carried the whole task. So every coroutine had to be `Send`, on a loop of one
//! thread; a forgotten waker kept its task in memory; and a task woken twice stood in the queue twice.
//!
//! What this step adds: tasks live in a table that the loop owns, and a waker holds only a number in it, a ticket. A ticket
//! keeps nothing alive, may go to any thread, and is worth nothing once its task has gone.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::{mem, thread};

/// No `Send`: no other thread gets hold of a coroutine any more.
type Coroutine = Pin<Box<dyn Future<Output = ()>>>;

/// Never issued twice, so that an old ticket cannot wake a newcomer. (kolo reuses the places in its table; its tickets are
/// a place and a generation, to the same effect.)
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ticket(usize);

/// The tickets whose turn has come: the one thing that other threads can touch.
static READY: Mutex<VecDeque<Ticket>> = Mutex::new(VecDeque::new());
static NOT_EMPTY: Condvar = Condvar::new();
const NO_PANIC: &str = "nothing panics while it holds the ready queue";

thread_local! {
    /// The unfinished tasks, without the one that is running.
    static TASKS: RefCell<BTreeMap<Ticket, Coroutine>> = const { RefCell::new(BTreeMap::new()) };
    static ISSUED: Cell<usize> = const { Cell::new(0) };
}

/// The `Arc` is what safe Rust asks for. kolo puts the number where the pointer would be, in one small file with `unsafe`;
/// there, cloning and dropping a waker does nothing.
impl Wake for Ticket {
    fn wake(self: Arc<Self>) {
        make_ready(*self);
    }
}

fn make_ready(ticket: Ticket) {
    let mut ready = READY.lock().expect(NO_PANIC);
    // However often it is woken before its turn, a task takes one step.
    if !ready.contains(&ticket) {
        ready.push_back(ticket);
    }
    NOT_EMPTY.notify_one();
}

fn spawn(coroutine: impl Future<Output = ()> + 'static) {
    let ticket = Ticket(ISSUED.get() + 1);
    ISSUED.set(ticket.0);
    TASKS.with_borrow_mut(|tasks| tasks.insert(ticket, Box::pin(coroutine)));
    make_ready(ticket);
}

fn step(ticket: Ticket) {
    // Taken out, because the table must be free for what the coroutine does, such as spawning.
    let Some(mut coroutine) = TASKS.with_borrow_mut(|tasks| tasks.remove(&ticket)) else {
        return println!("ticket {} is void", ticket.0);
    };
    println!("ticket {} takes a step", ticket.0);
    let waker = Waker::from(Arc::new(ticket));
    let poll = coroutine.as_mut().poll(&mut Context::from_waker(&waker));
    if poll.is_pending() {
        TASKS.with_borrow_mut(|tasks| tasks.insert(ticket, coroutine));
    }
}

fn run() {
    while TASKS.with_borrow(|tasks| !tasks.is_empty()) {
        let ready = READY.lock().expect(NO_PANIC);
        let ready = NOT_EMPTY.wait_while(ready, |ready| ready.is_empty());
        let batch = mem::take(&mut *ready.expect(NO_PANIC));
        batch.into_iter().for_each(step);
    }
}

/// Waits to be woken. The caller has seen to it beforehand that somebody will.
async fn suspend() {
    let mut answers = [Poll::Pending, Poll::Ready(())].into_iter();
    poll_fn(|_| answers.next().expect("nobody polls a leaf that is ready")).await;
}

async fn my_waker() -> Waker {
    poll_fn(|context| Poll::Ready(context.waker().clone())).await
}

/// The `Rc` could not have been in a coroutine of step 3.
async fn guest(door: Rc<Cell<Option<Waker>>>) {
    println!("  guest: leaves a waker at the door, and waits");
    door.set(Some(my_waker().await));
    suspend().await;
    println!("  guest: woken, goes home");
}

async fn host(door: Rc<Cell<Option<Waker>>>) {
    let me = my_waker().await;
    let Some(guest) = door.take() else { return };

    println!("  host: wakes the guest twice");
    guest.wake_by_ref();
    guest.wake_by_ref();
    me.wake_by_ref();
    suspend().await;

    println!("  host: wakes the guest, who has gone");
    guest.wake();
    me.wake_by_ref();
    suspend().await;

    println!("  host: hands its waker to another thread, and waits");
    thread::spawn(|| me.wake());
    suspend().await;
    println!("  host: woken from outside");
}

fn main() {
    let door = Rc::new(Cell::new(None));
    spawn(guest(Rc::clone(&door)));
    spawn(host(door));
    run();
}
