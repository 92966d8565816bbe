//! Driving a coroutine by hand: poll is `send`, an error of the leaf is `throw`, drop is `close`. Notes: in prose, on the methods of a task.

mod utils;

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use kolo::{Error, Result};
use utils::Repr;

thread_local! {
    static GIVEN: RefCell<&'static str> = const { RefCell::new("") };
    static SENT: RefCell<Option<Result<&'static str>>> = const { RefCell::new(None) };
}

/// Hands `value` to whoever drives the coroutine, and gives back what is sent in return.
async fn give(value: &'static str) -> Result<&'static str> {
    GIVEN.set(value);
    poll_fn(|_| SENT.take().map_or(Poll::Pending, Poll::Ready)).await
}

/// What Python writes as `finally` is a destructor: it runs however the coroutine ends.
struct Finally;

impl Drop for Finally {
    fn drop(&mut self) {
        println!("steps: finally");
    }
}

async fn steps() -> Result<&'static str> {
    let _finally = Finally;
    println!("steps: got {}", give("first").await?);
    if let Err(error) = give("second").await {
        println!("steps: caught {}", error.repr());
        give("third").await?;
    }
    Ok("unreachable")
}

/// Runs the coroutine to its next await that has to wait; there is nobody to wake.
fn resume(coro: Pin<&mut impl Future<Output = Result<&'static str>>>) -> String {
    match coro.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Pending => GIVEN.take().to_owned(),
        Poll::Ready(outcome) => format!("came out: {}", outcome.repr()),
    }
}

fn send(coro: Pin<&mut impl Future<Output = Result<&'static str>>>, value: &'static str) -> String {
    SENT.set(Some(Ok(value)));
    resume(coro)
}

fn throw(coro: Pin<&mut impl Future<Output = Result<&'static str>>>, error: Error) -> String {
    SENT.set(Some(Err(error)));
    resume(coro)
}

fn main() {
    {
        let mut coro = pin!(steps());
        println!("send: {}", resume(coro.as_mut()));
        println!("send: {}", send(coro.as_mut(), "hello"));
        println!("throw: {}", throw(coro.as_mut(), Error::value("oops")));
        println!("close");
    } // dropped where it stands: no GeneratorExit that it could catch, or ignore

    let mut coro = pin!(steps());
    println!("send: {}", resume(coro.as_mut()));
    println!("throw: {}", throw(coro, Error::other("not caught")));
}
