//! What is told on standard error.

use std::fmt::Display;
use std::io::Write;

/// Writes a line to standard error: what asyncio logs. When nobody reads it any more that is no reason to fail, let alone to panic, which would be
/// told of here again.
///
/// ```
/// use kolo::primitive::say;
///
/// say(format_args!("{} jobs are still running", 3));
/// ```
pub fn say(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
