//! Time, as the loop counts it and as users write it.

use std::time::Duration;

use crate::ground::error::{Error, Result};

/// Time in nanoseconds since the loop's clock began; differences too.
pub(crate) type Nanos = i64;

const SECOND: f64 = 1e9;

pub(crate) fn seconds(nanos: Nanos) -> f64 {
    nanos as f64 / SECOND
}

/// Rounded up, as asyncio does: a timer never fires early, and many scattered deadlines are a thousand wake-ups a second at the most.
pub(crate) fn whole_milliseconds(timeout: Nanos) -> Duration {
    Duration::from_millis((timeout.max(0) as u64).div_ceil(1_000_000))
}

/// A delay or a point in time, in seconds: numbers as the notes write them, or a [`Duration`].
///
/// Where a point in time is meant, it is one of [`EventLoop::time`](crate::EventLoop::time). The clock counts whole nanoseconds.
///
/// ```
/// use std::time::Duration;
///
/// use kolo::{Delay, Result, run, sleep};
///
/// async fn twice(delay: impl Delay + Copy) -> Result<()> {
///     sleep(delay).await?;
///     sleep(delay).await
/// }
///
/// run(async {
///     twice(0.001).await?;
///     twice(0).await?;
///     twice(Duration::from_millis(1)).await
/// })
/// .unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a time",
    label = "not a number of seconds, nor a `Duration`",
    note = "times are numbers of seconds, such as `0.5` and `2`, or a `std::time::Duration`"
)]
pub trait Delay: sealed::Delay {}

#[diagnostic::do_not_recommend]
impl<T: sealed::Delay> Delay for T {}

/// A delay, a point in time, or `None` for no limit.
///
/// ```
/// use kolo::{Limit, Result, run, sleep_with, timeout};
///
/// async fn answer(limit: impl Limit) -> Result<u32> {
///     timeout(limit, sleep_with(0.01, 42)).await
/// }
///
/// assert_eq!(run(answer(None)).unwrap(), 42);
/// assert_eq!(run(answer(Some(10.0))).unwrap(), 42);
/// assert!(run(answer(0.001)).unwrap_err().is_timeout());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a limit of time",
    label = "not a number of seconds, nor a `Duration`, nor `None`",
    note = "limits are numbers of seconds, such as `0.5` and `2`, a `std::time::Duration`, or `None` for no limit; an `Option` holds an `f64`"
)]
pub trait Limit: sealed::Limit {}

#[diagnostic::do_not_recommend]
impl<T: sealed::Limit> Limit for T {}

/// A time that is not a number.
#[cold]
#[track_caller]
pub(crate) fn not_a_number(what: &str) -> Error {
    Error::value(format!("Invalid {what}: NaN (not a number)"))
}

pub(crate) mod sealed {
    use super::{Duration, Nanos, Result, SECOND, not_a_number};

    pub trait Delay {
        /// `None`: not a number.
        fn nanos(self) -> Option<Nanos>;
    }

    pub trait Limit {
        /// `None`: no limit.
        ///
        /// # Errors
        /// Value, when it is not a number; `what` it is a limit of.
        #[track_caller]
        fn limit(self, what: &str) -> Result<Option<Nanos>>;
    }

    impl<D: Delay> Limit for D {
        #[track_caller]
        fn limit(self, what: &str) -> Result<Option<Nanos>> {
            match self.nanos() {
                None => Err(not_a_number(what)),
                limit => Ok(limit),
            }
        }
    }

    /// The type is only there for a bare `None` to be understood.
    impl Limit for Option<f64> {
        #[track_caller]
        fn limit(self, what: &str) -> Result<Option<Nanos>> {
            match self {
                Some(seconds) => seconds.limit(what),
                None => Ok(None),
            }
        }
    }

    impl Delay for f64 {
        fn nanos(self) -> Option<Nanos> {
            // The cast saturates: 292 years are for ever. The shortest delay is still one.
            let nanos = (self * SECOND).round_ties_even() as Nanos;
            (!self.is_nan()).then_some(if self > 0.0 { nanos.max(1) } else { nanos })
        }
    }

    impl Delay for f32 {
        fn nanos(self) -> Option<Nanos> {
            f64::from(self).nanos()
        }
    }

    impl Delay for Duration {
        fn nanos(self) -> Option<Nanos> {
            Some(self.as_nanos().try_into().unwrap_or(Nanos::MAX))
        }
    }

    macro_rules! whole_seconds {
        ($($int:ty)*) => { $(
            impl Delay for $int {
                fn nanos(self) -> Option<Nanos> {
                    Some(Nanos::try_from(self).unwrap_or(Nanos::MAX).saturating_mul(1_000_000_000))
                }
            }
        )* };
    }
    whole_seconds!(i32 i64 u32 u64 usize);
}
