//! What asyncio logs or warns of, on standard error.

use std::fmt;
use std::io::Write;

/// Tells of it in a line. Whether anybody reads standard error is not ours to know.
pub(crate) fn tell(text: fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
