//! A loop inside another program, turn by turn: what the program waits for, and how few turns it takes.

mod descriptor;
mod turns;
mod wakes;

use std::task::{Poll, Waker};

use kolo_executor::{EventLoop, Task, Turn};

/// Takes turns until there is nothing to do at once.
fn settle(event_loop: &EventLoop) -> Turn {
    loop {
        let turn = event_loop.turn().expect("an iteration");
        if turn != Turn::Now {
            return turn;
        }
    }
}

/// A task that only waits to be woken, and its waker.
fn parked(event_loop: &EventLoop) -> (Task<()>, Waker) {
    let (sends, receives) = std::sync::mpsc::channel();
    let task = event_loop.create_task(std::future::poll_fn(move |context| {
        let _ = sends.send(context.waker().clone());
        Poll::Pending
    }));
    settle(event_loop);
    (task, receives.recv().expect("it was polled"))
}

/// Lets other threads do something, and waits until it is done.
fn elsewhere(act: impl FnOnce() + Send + 'static) {
    std::thread::spawn(act).join().expect("no panic");
}
