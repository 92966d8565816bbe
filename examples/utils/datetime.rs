//! The time of day as Python's `datetime` prints it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kolo::{Clock, running_loop};

/// `datetime.now()` in UTC; by a virtual clock the loop began with the year 1970.
pub(crate) fn now() -> String {
    let since_epoch = match Clock::from_env() {
        Ok(Clock::Virtual) => Duration::from_secs_f64(running_loop().time()),
        _ => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
    };
    let micros = since_epoch.as_micros() as u64;
    let (days, seconds, fraction) = (micros / 86_400_000_000, micros / 1_000_000 % 86_400, micros % 1_000_000);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let whole = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
    if fraction == 0 {
        whole
    } else {
        format!("{whole}.{fraction:06}")
    }
}

/// The Gregorian date so many days after 1970-01-01.
fn date(mut days: u64) -> (u64, usize, u64) {
    let mut year = 1970;
    loop {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let february = if leap { 29 } else { 28 };
        for (month, length) in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter().enumerate() {
            if days < length {
                return (year, month + 1, days + 1);
            }
            days -= length;
        }
        year += 1;
    }
}
