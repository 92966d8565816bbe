//! The mode of a file, in Python's letters.

use std::fs::OpenOptions;

use kolo_executor::{Error, Result};

/// What a mode such as `"r+b"` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mode {
    purpose: char,
    updates: bool,
    pub(crate) is_binary: bool,
}

impl Mode {
    /// # Errors
    /// Value, in Python's words.
    pub(crate) fn parse(text: &str) -> Result<Mode> {
        let count = |letter| text.matches(letter).count();
        let invalid = |letter: char| !"rwaxbt+".contains(letter) || count(letter) > 1;
        if text.contains(invalid) {
            return Err(Error::value(format!("invalid mode: '{text}'")));
        }
        if count('b') + count('t') > 1 {
            return Err(Error::value("can't have text and binary mode at once"));
        }
        let mut purposes = text.chars().filter(|letter| "rwax".contains(*letter));
        match (purposes.next(), purposes.next()) {
            (Some(purpose), None) => Ok(Mode {
                purpose,
                updates: count('+') > 0,
                is_binary: count('b') > 0,
            }),
            (Some(_), Some(_)) => Err(Error::value("must have exactly one of create/read/write/append mode")),
            (None, _) => Err(Error::value(
                "Must have exactly one of create/read/write/append mode and at most one plus",
            )),
        }
    }

    pub(crate) fn reads(self) -> bool {
        self.purpose == 'r' || self.updates
    }

    pub(crate) fn writes(self) -> bool {
        self.purpose != 'r' || self.updates
    }

    pub(crate) fn appends(self) -> bool {
        self.purpose == 'a'
    }

    pub(crate) fn options(self) -> OpenOptions {
        let mut options = OpenOptions::new();
        let appends = self.appends();
        options.read(self.reads()).write(self.writes() && !appends).append(appends);
        options
            .create(matches!(self.purpose, 'w' | 'a'))
            .truncate(self.purpose == 'w');
        options.create_new(self.purpose == 'x');
        options
    }
}
