//! `sleep`.

use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::ground::error::{Error, Result};
use crate::ground::time::{Delay, Nanos, not_a_number};
use crate::leaf::parking::Parking;
use crate::leaf::polled::polled_by;
use crate::wheel::current;
use crate::wheel::timer::Timer;

/// Suspends the task for `delay` (seconds, or a [`Duration`](std::time::Duration)), counted from the await. Mirrors `asyncio.sleep`.
///
/// A delay of zero or less lets every other ready task run once, and then goes on.
///
/// ```
/// use kolo::{run, sleep};
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
/// Cancelled; Value, when `delay` is NaN; Runtime, when it has to wait and no loop runs.
///
/// # Cancel safety
/// A cancelled sleep has only lost its time.
#[doc(alias("yield_now", "Timer", "delay_for"))]
#[track_caller]
pub fn sleep(delay: impl Delay) -> Sleep {
    let site = Location::caller();
    Sleep(match delay.nanos() {
        None => State::Refused(site),
        Some(delay) if delay <= 0 => State::Yield { site, park: None },
        Some(delay) => State::Wait {
            alarm: Alarm::New(delay),
            parking: Parking::new(site),
        },
    })
}

/// [`sleep`], then `value`. Mirrors `asyncio.sleep(delay, result)`.
///
/// ```
/// use kolo::{run, sleep_with};
///
/// assert_eq!(run(sleep_with(0.01, "done")).unwrap(), "done");
/// ```
///
/// # Errors
/// As [`sleep`].
///
/// # Cancel safety
/// As [`sleep`]; the value is dropped.
#[track_caller]
pub fn sleep_with<T>(delay: impl Delay, value: T) -> impl Future<Output = Result<T>> {
    let sleep = sleep(delay);
    async move { sleep.await.map(|()| value) }
}

/// The future of [`sleep`].
#[must_use = "a sleep begins when it is awaited"]
pub struct Sleep(State);

enum State {
    /// The delay is not a number.
    Refused(&'static Location<'static>),
    /// One trip through the ready queue, without a timer. `park` is the number of the suspension, once it has happened.
    Yield {
        site: &'static Location<'static>,
        park: Option<u64>,
    },
    Wait {
        alarm: Alarm,
        parking: Parking,
    },
}

enum Alarm {
    /// To be armed for so long.
    New(Nanos),
    Armed(Timer),
}

impl Future for Sleep {
    type Output = Result<()>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut self.0 {
            State::Yield { site, park } => match *park {
                None => {
                    *park = Some(park_for_a_hop(site, context));
                    Poll::Pending
                }
                Some(park) => Poll::Ready(delivery(park).map_or(Ok(()), Err)),
            },
            State::Wait { alarm, parking } => wait(alarm, parking, context),
            State::Refused(site) => Poll::Ready(Err(not_a_number("delay").at(site))),
        }
    }
}

#[inline(never)]
fn park_for_a_hop(site: &'static Location<'static>, context: &Context<'_>) -> u64 {
    polled_by(context, |by| by.park_and_wake(site, context))
}

/// The cancellation that the step delivers, if the yield that was suspended as number `park` was the last to suspend the task.
#[inline(always)]
fn delivery(park: u64) -> Option<Error> {
    current::with_task(|task| task?.take_delivery(park))
}

/// Apart from `poll`, so that a yield does not pay for the registers that a wait needs.
#[inline(never)]
fn wait(alarm: &mut Alarm, parking: &mut Parking, context: &mut Context<'_>) -> Poll<Result<()>> {
    parking.poll(context, |waiter| {
        let Alarm::New(delay) = *alarm else { return };
        current::with_running(|running| {
            let Some(event_loop) = running else { return };
            *alarm = Alarm::Armed(Timer::after(&event_loop.0, delay, waiter.into_entry()));
        });
    })
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            State::Refused(_) => f.write_str("<Sleep NaN>"),
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
            alarm: Alarm::Armed(timer),
            parking,
        } = &self.0
            && !parking.granted()
        {
            timer.disarm();
        }
    }
}
