//! A line of the program, as reports name it.

use std::fmt;
use std::panic::Location;

/// A site in the source without the column, which helps nobody to find an await.
#[derive(Clone, Copy)]
pub(crate) struct Line(pub(crate) &'static Location<'static>);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.file(), self.0.line())
    }
}

impl PartialEq for Line {
    fn eq(&self, other: &Line) -> bool {
        (self.0.file(), self.0.line()) == (other.0.file(), other.0.line())
    }
}

/// `place`, if it is a line of a program. A function that is given to another as a value, as in `.map(create_task)`, is called from within the
/// standard library: that line is nobody's.
pub(crate) fn of_program(place: &'static Location<'static>) -> Option<&'static Location<'static>> {
    let called_as_a_value = place.file().ends_with("library/core/src/ops/function.rs");
    (!called_as_a_value).then_some(place)
}
