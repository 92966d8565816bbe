//! Driving a coroutine by hand: poll is `send`, an error of the leaf is `throw`, drop is `close`. Notes: in prose, on the methods of a task.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use kolo::{Error, Result};

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
        println!("steps: caught {error:?}");
        give("third").await?;
    }
    Ok("unreachable")
}

/// Runs the coroutine to its next await that has to wait: there is nobody to wake.
macro_rules! resume {
    ($coro:expr) => {
        match $coro.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => println!("gave: {}", GIVEN.take()),
            Poll::Ready(outcome) => println!("came out: {outcome:?}"),
        }
    };
}

fn main() {
    {
        let mut coro = pin!(steps());
        resume!(coro);
        SENT.set(Some(Ok("hello")));
        resume!(coro);
        SENT.set(Some(Err(Error::value("oops"))));
        resume!(coro);
        println!("close");
    } // the coroutine is dropped where it stands, and cannot refuse

    let mut coro = pin!(steps());
    resume!(coro);
    SENT.set(Some(Err(Error::other("not caught"))));
    resume!(coro);
}
