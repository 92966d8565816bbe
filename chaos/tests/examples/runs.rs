//! `run` and `create_task` of the examples, which break what they run.

use std::cell::{Cell, RefCell};
use std::panic::catch_unwind;
use std::rc::Rc;

use kolo_chaos::breaker::{Break, Breaker, Seen};
use kolo_chaos::kolo::{self, Clock, Kind, Observer, Result, Runner, Task};

/// No example takes as many iterations.
const MOST_ITERATIONS: u64 = 50_000;

/// No example has anything left to do by then, in seconds of the virtual clock. A server that nobody has, because its start was cancelled, would go
/// on waiting for connections, as asyncio's does: nobody comes, and who is stuck is told so.
const OVER: f64 = 1e6;

thread_local! {
    static BREAKER: RefCell<Option<Breaker>> = const { RefCell::new(None) };
}

/// Runs an example, broken.
pub(crate) fn broken(how: Break, enter: fn()) -> Seen {
    let breaker = Breaker::new(how);
    BREAKER.set(Some(breaker.clone()));
    // A panic that comes out of `main` is the example's own affair: one shows what happens without a loop.
    let _ = catch_unwind(enter);
    BREAKER.set(None);
    breaker.end()
}

fn breaker() -> Breaker {
    BREAKER.with_borrow(Option::clone).expect("an example runs")
}

/// What the examples take for `kolo::run`.
#[track_caller]
pub fn run<T: 'static>(main: impl Future<Output = Result<T>> + 'static) -> Result<T> {
    if kolo::try_running_loop().is_ok() {
        return kolo::run(main);
    }
    let breaker = breaker();
    let runner = Runner::builder().clock(Clock::Virtual).build()?;
    let event_loop = runner.event_loop().clone();
    // What nobody handles would be printed.
    event_loop.set_exception_handler(Some(Rc::new(|_| {})));
    event_loop.call_later(OVER, || kolo::running_loop().set_waits_for_descriptors(false));
    breaker.watch(&event_loop);
    event_loop.add_observer(Rc::new(Bound {
        event_loop: event_loop.clone(),
        told: Cell::new(false),
    }));
    let outcome = runner.run(breaker.call(main));
    if matches!(&outcome, Err(error) if error.kind() == Kind::Deadlock) {
        breaker.look(&event_loop);
    }
    let closed = runner.close();
    breaker.look(&event_loop);
    outcome.and_then(|value| closed.map(|()| value))
}

/// What the examples take for `kolo::create_task`.
#[track_caller]
pub fn create_task<T: 'static>(coroutine: impl Future<Output = Result<T>> + 'static) -> Task<T> {
    match kolo::try_running_loop() {
        Ok(_) => kolo::create_task(breaker().call(coroutine)),
        // It panics.
        Err(_) => kolo::create_task(coroutine),
    }
}

/// Ends a run that goes round in circles.
struct Bound {
    event_loop: kolo::EventLoop,
    told: Cell<bool>,
}

impl Observer for Bound {
    fn iteration_begins(&self, number: u64) {
        if number > MOST_ITERATIONS {
            self.event_loop.stop();
            if !self.told.replace(true) {
                breaker().fault("it does not end");
            }
        }
    }
}
