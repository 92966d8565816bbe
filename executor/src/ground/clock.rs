//! The real clock and the virtual clock.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::ground::environment;
use crate::ground::error::{Error, Result};
use crate::ground::time::Nanos;

/// Which clock a loop lives by.
///
/// ```
/// use kolo::{Clock, EventLoop, sleep};
///
/// let event_loop = EventLoop::with_clock(Clock::Virtual)?;
/// event_loop.run_until_complete(sleep(3600))?; // takes no time
/// assert_eq!(event_loop.time(), 3600.0);
/// event_loop.close()?;
/// # Ok::<(), kolo::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Clock {
    /// The system's monotonic clock.
    #[default]
    Real,
    /// Starts at 0, stands still while anything is ready, and jumps to the earliest deadline when nothing is: a program with ten-second
    /// sleeps ends at once, and prints the same. While a handle for other threads is alive, which could still deliver something, it waits for
    /// that in real time, until the deadline has really come. What comes before happens at the old time. Descriptors that are watched are looked at
    /// for two milliseconds before a jump: what this program itself has sent is there by then, and a server with nobody under way does not hold
    /// the time back. A program that waits itself, and drives the loop by turns, lets them hold it as long as they are watched.
    Virtual,
}

impl Clock {
    /// The clock that the environment asks for: `KOLO_CLOCK=virtual`, or else the real one.
    ///
    /// ```
    /// use kolo::{Clock, EventLoop};
    ///
    /// let clock = Clock::from_env()?; // `KOLO_CLOCK=virtual cargo run`: the program's hours take no time
    /// let event_loop = EventLoop::with_clock(clock)?;
    /// event_loop.close()?;
    /// # Ok::<(), kolo::Error>(())
    /// ```
    ///
    /// # Errors
    /// Value, when `KOLO_CLOCK` is neither `real` nor `virtual`.
    pub fn from_env() -> Result<Clock> {
        match environment::text("KOLO_CLOCK").as_deref() {
            None | Some("real") => Ok(Clock::Real),
            Some("virtual") => Ok(Clock::Virtual),
            Some(other) => {
                let error = Error::value(format!("KOLO_CLOCK is '{other}', it must be 'real' or 'virtual'"));
                Err(error.without_place())
            }
        }
    }
}

/// A clock that is running.
pub(crate) enum Time {
    Real(Instant),
    Virtual(Cell<Nanos>),
}

impl Time {
    pub(crate) fn start(clock: Clock) -> Time {
        match clock {
            Clock::Real => Time::Real(Instant::now()),
            Clock::Virtual => Time::Virtual(Cell::new(0)),
        }
    }

    pub(crate) fn is_virtual(&self) -> bool {
        matches!(self, Time::Virtual(_))
    }

    pub(crate) fn now(&self) -> Nanos {
        match self {
            Time::Real(start) => nanos(start.elapsed()),
            Time::Virtual(now) => now.get(),
        }
    }

    /// How long a wait for `deadline` has still to last that began at `since`. While it lasts the virtual clock stands still: there the time
    /// is counted that really passes.
    pub(crate) fn left(&self, deadline: Nanos, since: Instant) -> Nanos {
        let waited = match self {
            Time::Real(_) => 0,
            Time::Virtual(_) => nanos(since.elapsed()),
        };
        deadline.saturating_sub(self.now()).saturating_sub(waited).max(0)
    }

    /// Moves the virtual clock on to `deadline`, never back. `false`: this clock moves by itself.
    pub(crate) fn jump(&self, deadline: Nanos) -> bool {
        match self {
            Time::Real(_) => false,
            Time::Virtual(now) => {
                now.set(now.get().max(deadline));
                true
            }
        }
    }
}

/// Up to 292 years.
fn nanos(passed: Duration) -> Nanos {
    passed.as_nanos().try_into().unwrap_or(Nanos::MAX)
}
