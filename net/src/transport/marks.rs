//! The water marks of flow control: how much may be buffered for writing.

use kolo_executor::{Error, Result};

/// What a user asks for, in bytes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Limits {
    pub(crate) high: Option<usize>,
    pub(crate) low: Option<usize>,
}

/// How much may be buffered for writing, in bytes: above the high mark the protocol is paused, at the low one it goes on. A
/// [`Channel`](crate::transports::Channel) has some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// So much, or less, and it goes on.
    pub low: usize,
    /// More than that, and it is paused.
    pub high: usize,
}

impl Default for Marks {
    fn default() -> Marks {
        Marks {
            low: 16 * 1024,
            high: 64 * 1024,
        }
    }
}

impl Marks {
    #[track_caller]
    pub(crate) fn new(limits: Limits) -> Result<Marks> {
        let high = match (limits.high, limits.low) {
            (Some(high), _) => high,
            (None, Some(low)) => low.saturating_mul(4),
            (None, None) => Marks::default().high,
        };
        let low = limits.low.unwrap_or(high / 4);
        if low > high {
            return Err(Error::value(format!("high ({high}) must be >= low ({low}) must be >= 0")));
        }
        Ok(Marks { low, high })
    }
}
