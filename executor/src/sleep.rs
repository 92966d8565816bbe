//! `sleep`.

use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::current;
use crate::error::{Error, Result};
use crate::park::Parking;
use crate::timers::{Delay, Nanos, TimerKey};

/// Suspends the task for `delay` seconds, counted from the await. Mirrors `asyncio.sleep`.
///
/// A delay of zero or less lets every other ready task run once, and then goes on.
///
/// ```
/// use kolo_executor::{run, sleep};
/// use std::time::Duration;
///
/// run(async {
///     sleep(0.01).await?;
///     sleep(Duration::from_millis(1)).await
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Cancelled; Value, when `delay` is NaN.
///
/// # Cancel safety
/// A cancelled sleep has only lost its time.
#[track_caller]
pub fn sleep(delay: impl Delay) -> Sleep {
    let place = Location::caller();
    Sleep(match delay.nanos() {
        None => State::Refused,
        Some(delay) if delay <= 0 => State::Yield { place, park: None },
        Some(delay) => State::Wait {
            timer: Timer::New(delay),
            parking: Parking::new(place),
        },
    })
}

/// [`sleep`], then `value`. Mirrors `asyncio.sleep(delay, result)`.
///
/// # Errors
/// As [`sleep`].
#[track_caller]
pub fn sleep_with<T>(delay: impl Delay, value: T) -> impl Future<Output = Result<T>> {
    let sleep = sleep(delay);
    async move { sleep.await.map(|()| value) }
}

/// The future of [`sleep`].
#[must_use = "a sleep begins when it is awaited"]
pub struct Sleep(State);

enum State {
    Refused,
    /// One trip through the ready queue, without a timer. `park` is the number of the suspension, once it has happened.
    Yield {
        place: &'static Location<'static>,
        park: Option<u32>,
    },
    Wait {
        timer: Timer,
        parking: Parking,
    },
}

enum Timer {
    /// To be armed for so long.
    New(Nanos),
    /// Armed, in this loop.
    Armed(u16, TimerKey),
}

impl Future for Sleep {
    type Output = Result<()>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut self.0 {
            State::Yield { place, park } => match *park {
                None => {
                    *park = Some(current::park_for_a_hop(place, context));
                    Poll::Pending
                }
                Some(park) => Poll::Ready(current::take_delivery(park).map_or(Ok(()), Err)),
            },
            State::Wait { timer, parking } => wait(timer, parking, context),
            State::Refused => Poll::Ready(Err(refused())),
        }
    }
}

#[cold]
fn refused() -> Error {
    Error::value("Invalid delay: NaN (not a number)")
}

/// Apart from `poll`, so that a yield does not pay for the registers that a wait needs.
#[inline(never)]
fn wait(timer: &mut Timer, parking: &mut Parking, context: &mut Context<'_>) -> Poll<Result<()>> {
    parking.poll(context, |waiter| {
        let Timer::New(delay) = *timer else { return };
        current::with_core(|core| {
            let Some(core) = core else { return };
            let deadline = core.time.now().saturating_add(delay);
            *timer = Timer::Armed(core.id, core.arm_timer(deadline, waiter.into_entry()));
        });
    })
}

#[inline(never)]
fn disarm(loop_id: u16, key: TimerKey) {
    current::with_core_of(loop_id, |core| core.cancel_timer(key));
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            State::Refused => f.write_str("<Sleep NaN>"),
            State::Yield { .. } => f.write_str("<Sleep 0>"),
            State::Wait { .. } => f.write_str("<Sleep>"),
        }
    }
}

impl Drop for Sleep {
    #[inline]
    fn drop(&mut self) {
        // A sleep that was not cancelled has been woken by its timer, and by nothing else.
        if let State::Wait {
            timer: Timer::Armed(loop_id, key),
            parking,
        } = &self.0
            && !parking.granted()
        {
            disarm(*loop_id, *key);
        }
    }
}
