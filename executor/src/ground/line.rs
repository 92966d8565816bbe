//! A line of the program, as reports name it.

use std::fmt;
use std::panic::Location;

/// A site in the source without the column, which helps nobody to find an await.
pub(crate) struct Line(pub(crate) &'static Location<'static>);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.file(), self.0.line())
    }
}
