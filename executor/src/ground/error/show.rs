//! How an error is shown: in a line, or with the way that it came.

use std::fmt;
use std::iter::successors;

use super::{Error, Passage};
use crate::ground::line::Line;

/// As in Python's tracebacks: groups within groups are shown down to the tenth.
const DEEPEST: usize = 10;

/// Of a trail that is longer than two of these, this much is shown of its beginning and of its end.
const END: usize = 10;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            "" => write!(f, "{:?}", self.kind()),
            message => f.write_str(message),
        }
    }
}

/// `Kind: message`, then the members and the causes. Once it has left [`run`](crate::run), and with `{:#?}`, all of that is preceded by the way that
/// it came, as [`traceback`](Error::traceback) shows it: this is what `fn main() -> kolo::Result<()>` prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = f.alternate() || self.has_left_a_run();
        self.show(f, way, DEEPEST)
    }
}

/// From [`Error::traceback`].
struct Traceback<'a>(&'a Error);

impl fmt::Display for Traceback<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(f, true, DEEPEST)
    }
}

impl Error {
    /// The error with all that is known of the way that it came, to be written to a log: each task, with the line where the next was awaited, the
    /// outermost first; the line where the error was made; its kind and its message; then its members and causes, in the same way. One that came
    /// through no task is preceded by its line alone. Mirrors `traceback.format_exception`.
    ///
    /// ```
    /// use kolo::Error;
    ///
    /// let error = Error::value("bad");
    /// let place = error.place().unwrap();
    /// let shown = error.traceback().to_string();
    /// assert_eq!(shown, format!("{}:{}: Value: bad", place.file(), place.line()));
    /// ```
    #[doc(alias("format_exception", "print_exception"))]
    pub fn traceback(&self) -> impl fmt::Display {
        Traceback(self)
    }

    fn show(&self, f: &mut fmt::Formatter<'_>, way: bool, depth: usize) -> fmt::Result {
        // Not recursive: the chain may be longer than the stack.
        let causes: Vec<&Error> = successors(Some(self), |error| error.source_error()).collect();
        for (number, cause) in causes.iter().enumerate() {
            f.write_str(if number > 0 { "\ncaused by " } else { "" })?;
            cause.show_without_causes(f, way, depth)?;
        }
        for cause in causes.iter().rev() {
            for foreign in successors(cause.source(), |error| error.source()).skip(1) {
                write!(f, "\ncaused by {foreign}")?;
            }
        }
        Ok(())
    }

    fn show_without_causes(&self, f: &mut fmt::Formatter<'_>, way: bool, depth: usize) -> fmt::Result {
        struct Member<'a>(&'a Error, bool, usize);
        impl fmt::Display for Member<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.show(f, self.1, self.2)
            }
        }
        if way {
            self.show_way(f)?;
        }
        write!(f, "{:?}", self.kind())?;
        if !self.message().is_empty() {
            write!(f, ": {}", self.message())?;
        }
        let Some(deeper) = depth.checked_sub(1) else {
            return f.write_str(if self.errors().is_empty() { "" } else { " ..." });
        };
        for (index, member) in self.errors().iter().enumerate() {
            let text = Member(member, way, deeper).to_string().replace('\n', "\n     ");
            write!(f, "\n  {}. {text}", index + 1)?;
        }
        Ok(())
    }

    /// Where it was made, on the error's own line, or a line for each task that it came through and then that place: the outermost first, as
    /// in a traceback of Python.
    fn show_way(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trail: Vec<&Passage> = self.trail().collect();
        if trail.is_empty() {
            return self.place().map_or(Ok(()), |place| write!(f, "{}: ", Line(place)));
        }
        f.write_str("Traceback (innermost last):\n")?;
        let before = [None].into_iter().chain(trail.iter().map(|passage| passage.task()));
        for (index, (passage, awaiter)) in trail.iter().zip(before).enumerate() {
            if index < END || index >= trail.len().saturating_sub(END) {
                passage.show(awaiter, f)?;
            } else if index == END {
                writeln!(f, "  ... {} more ...", trail.len() - 2 * END)?;
            }
        }
        self.place().map_or(Ok(()), |place| writeln!(f, "  {}", Line(place)))
    }
}

impl Passage {
    /// The line where `awaiter`, if that is known, awaited it.
    fn show(&self, awaiter: Option<&str>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("  ")?;
        if let Some(site) = self.awaited_at() {
            write!(f, "{}, ", Line(site))?;
            if let Some(awaiter) = awaiter {
                write!(f, "in {awaiter}, ")?;
            }
            f.write_str("awaiting ")?;
        }
        f.write_str(self.task().unwrap_or("a promise"))?;
        // Where it is created and awaited on one line, that need not be said twice.
        match self.created_at().map(Line) {
            Some(line) if Some(line) != self.awaited_at().map(Line) => writeln!(f, " (created at {line})"),
            _ => writeln!(f),
        }
    }
}
