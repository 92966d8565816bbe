//! kolo's leaves in the hands of others: foreign combinators, foreign channels, foreign executors.

mod cancel;
mod dropped;
mod moved;
mod set_aside;
mod wakes;

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use futures_util::future::FutureExt;
use futures_util::poll;
use kolo_executor::{
    Promise, Result, as_completed, cancellable, create_task, gather, running_loop, shield, sleep, timeout, wait, wait_for,
};

type Leaf = Pin<Box<dyn Future<Output = Result<()>>>>;

fn leaf(future: impl Future<Output = Result<()>> + 'static) -> Leaf {
    Box::pin(future)
}

/// Makes a leaf that is done ten seconds after it was made, or after it was polled first.
type Make = (&'static str, fn() -> Leaf);

const KINDS: [Make; 12] = [
    ("sleep", || leaf(sleep(10))),
    ("promise", || leaf(promised().into_future())),
    ("promise by reference", || leaf((&promised()).into_future())),
    ("task", || leaf(create_task(sleep(10)).into_future())),
    ("any promise", || leaf((&create_task(sleep(10)).as_any()).into_future())),
    ("gather", || {
        leaf(gather([sleep(10)]).into_future().map(|outcome| outcome.map(drop)))
    }),
    ("shield", || leaf(shield(sleep(10)).into_future())),
    ("wait", || {
        leaf(wait([create_task(sleep(10))]).map(|outcome| outcome.map(drop)))
    }),
    ("wait_for", || leaf(wait_for(create_task(sleep(10)), 20))),
    ("timeout", || leaf(timeout(20, sleep(10)))),
    ("cancellable", || leaf(cancellable(sleep(10)).map(Result::flatten))),
    ("as_completed", || {
        leaf(async {
            let mut completed = as_completed([sleep(10)]);
            completed.next().await.unwrap_or(Ok(()))
        })
    }),
];

fn promised() -> Promise<()> {
    let promise = Promise::new();
    let setter = promise.clone();
    running_loop().call_later(10, move || setter.set_result(()).unwrap_or_default());
    promise
}

/// Counts how often `future` is polled.
fn counted<F: Future>(future: F) -> (impl Future<Output = F::Output>, Rc<Cell<u32>>) {
    let polls = Rc::new(Cell::new(0));
    let count = polls.clone();
    let mut future = Box::pin(future);
    let counted = poll_fn(move |context| {
        count.set(count.get() + 1);
        future.as_mut().poll(context)
    });
    (counted, polls)
}

/// Polls `future` once, as part of the running task.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll!(future)
}
