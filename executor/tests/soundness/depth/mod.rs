//! What waits for each other, or owns each other, more deeply than the stack is: cancelled, finished, dropped, shown.

mod cancel;
mod circles;
mod drop;
mod finish;
mod reports;

use std::thread;

use kolo_executor::{AnyPromise, Promise, create_task, gather, shield};

use crate::support::child::in_child;

/// Deep enough to overflow, had each a frame of its own.
const DEPTH: usize = 30_000;

/// Runs `body` in a process of its own, because an overflow ends the process, on a thread that has a quarter of the usual stack.
#[track_caller]
fn on_a_small_stack(name: &str, body: fn()) {
    in_child(name, &[], || {
        let thread = thread::Builder::new().stack_size(512 << 10).spawn(body);
        thread.expect("a thread").join().expect("no panic");
    });
}

/// A way to wait for one promise, itself a promise.
type Link = fn(AnyPromise) -> AnyPromise;

const LINKS: [(&str, Link); 5] = [
    ("task", |inner| create_task(async move { (&inner).await }).as_any()),
    ("gather", |inner| gather([inner]).as_any()),
    ("gather of errors", |inner| gather([inner]).return_exceptions().as_any()),
    ("task and gather", |inner| {
        create_task(async move { gather([inner]).await.map(drop) }).as_any()
    }),
    ("shield", |inner| shield(inner).as_any()),
];

/// A promise, and what waits for it through so many links.
fn chain(depth: usize, link: Link) -> (Promise<()>, AnyPromise) {
    let end = Promise::new();
    let mut last = end.as_any();
    for _ in 0..depth {
        last = link(last);
    }
    (end, last)
}
