//! `Timer`: hyper's timers are the loop's, and its clock too.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use kolo_executor::{EventLoop, TimerHandle, running_loop, try_running_loop};

/// Gives hyper the running loop's time: the real one, or the virtual. [The module](crate::rt) has an example.
///
/// # Panics
/// When hyper begins to wait while no loop runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timer;

impl hyper::rt::Timer for Timer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Sleep { deadline, armed: None })
    }

    fn now(&self) -> Instant {
        try_running_loop().map_or_else(
            |_| Instant::now(),
            |event_loop| event_loop.attached::<Timers>().now(&event_loop),
        )
    }
}

/// A wait until a moment. hyper wants to send it, so that what belongs to the loop is in a table there, by number.
struct Sleep {
    deadline: Instant,
    armed: Option<Armed>,
}

struct Armed {
    number: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    is_over: bool,
    waker: Option<Waker>,
}

/// Nobody's code runs under this lock.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a loop keeps for these timers.
struct Timers {
    /// A moment, by hyper's clock and by the loop's.
    here: Instant,
    there: f64,
    number: Cell<u64>,
    handles: RefCell<BTreeMap<u64, TimerHandle>>,
}

impl Default for Timers {
    fn default() -> Timers {
        Timers {
            here: Instant::now(),
            there: running_loop().time(),
            number: Cell::new(0),
            handles: RefCell::default(),
        }
    }
}

impl Timers {
    fn now(&self, event_loop: &EventLoop) -> Instant {
        self.here + Duration::from_secs_f64((event_loop.time() - self.there).max(0.0))
    }

    fn arm(&self, event_loop: &EventLoop, deadline: Instant, state: &Arc<Mutex<State>>) -> u64 {
        let number = self.number.get();
        self.number.set(number + 1);
        let (event_loops, told) = (event_loop.clone(), state.clone());
        let when = self.there + deadline.saturating_duration_since(self.here).as_secs_f64();
        let handle = event_loop.call_at(when, move || {
            event_loops.attached::<Timers>().handles.borrow_mut().remove(&number);
            let waker = {
                let state = &mut *lock(&told);
                state.is_over = true;
                state.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        self.handles.borrow_mut().insert(number, handle);
        number
    }
}

impl hyper::rt::Sleep for Sleep {}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        let armed = self.armed.get_or_insert_with(|| {
            let (event_loop, state) = (running_loop(), Arc::default());
            let number = event_loop.attached::<Timers>().arm(&event_loop, deadline, &state);
            Armed { number, state }
        });
        let waker = context.waker().clone();
        let before = {
            let state = &mut *lock(&armed.state);
            if state.is_over {
                return Poll::Ready(());
            }
            state.waker.replace(waker)
        };
        drop(before);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let (Some(Armed { number, .. }), Ok(event_loop)) = (&self.armed, try_running_loop()) else {
            return;
        };
        let handle = event_loop.attached::<Timers>().handles.borrow_mut().remove(number);
        if let Some(handle) = handle {
            handle.cancel();
        }
    }
}
