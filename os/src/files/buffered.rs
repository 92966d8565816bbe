//! A file and its buffer, for the thread that uses it.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::Path;

use kolo_executor::{Error, OsError, Result};

use crate::files::mode::Mode;

/// How much is read at once, and from how much on is written.
const BUFFER: usize = 64 * 1024;

/// One position for reading and writing, as Python's files have: what was read ahead is given up before anything is written, and what is
/// still to be written is written before anything is read.
pub struct Buffered {
    file: File,
    pub(crate) mode: Mode,
    /// What was read ahead, of which `taken` bytes were asked for already.
    ahead: Vec<u8>,
    taken: usize,
    /// What is still to be written.
    unwritten: Vec<u8>,
}

impl Buffered {
    /// # Errors
    /// Io, with the file's name as Python's errors have it.
    pub(crate) fn open(path: &Path, mode: Mode) -> Result<Buffered> {
        let open = || {
            let mut file = mode.options().open(path)?;
            if file.metadata()?.is_dir() {
                return Err(io::Error::from_raw_os_error(rustix::io::Errno::ISDIR.raw_os_error()));
            }
            if mode.appends() {
                // What cannot be sought in has no end to be at.
                let _ = file.seek(SeekFrom::End(0));
            }
            Ok(file)
        };
        let file = open().map_err(|error| named(error, path))?;
        let (ahead, unwritten) = (Vec::new(), Vec::new());
        Ok(Buffered {
            file,
            mode,
            ahead,
            taken: 0,
            unwritten,
        })
    }

    /// What was read ahead and is still to be asked for.
    pub(crate) fn ahead(&self) -> &[u8] {
        &self.ahead[self.taken..]
    }

    pub(crate) fn take(&mut self, count: usize) {
        self.taken += count;
    }

    /// Reads more ahead; how many bytes, none at the end of the file.
    pub(crate) fn fill(&mut self) -> Result<usize> {
        self.flush()?;
        self.ahead.drain(..self.taken);
        self.taken = 0;
        let before = self.ahead.len();
        self.ahead.resize(before + BUFFER, 0);
        let outcome = loop {
            match self.file.read(&mut self.ahead[before..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                outcome => break outcome,
            }
        };
        self.ahead.truncate(before + outcome.as_ref().map_or(0, |count| *count));
        Ok(outcome?)
    }

    /// So many bytes, or fewer at the end of the file.
    pub(crate) fn read(&mut self, limit: usize) -> Result<Vec<u8>> {
        while self.ahead().len() < limit && self.fill()? > 0 {}
        Ok(self.taken_out(limit))
    }

    /// What is there, but at least something, up to so many bytes.
    pub(crate) fn read_once(&mut self, limit: usize) -> Result<Vec<u8>> {
        if self.ahead().is_empty() && limit > 0 {
            self.fill()?;
        }
        Ok(self.taken_out(limit))
    }

    /// How long the line is that is next, with its newline; up to so many bytes.
    pub(crate) fn line_length(&mut self, limit: usize) -> Result<usize> {
        let mut looked_at = 0;
        loop {
            if let Some(at) = self.ahead()[looked_at..].iter().position(|byte| *byte == b'\n') {
                return Ok((looked_at + at + 1).min(limit));
            }
            looked_at = self.ahead().len();
            if looked_at >= limit || self.fill()? == 0 {
                return Ok(looked_at.min(limit));
            }
        }
    }

    /// How long the next line is, if all of it was read ahead.
    pub(crate) fn length_at_hand(&self) -> Option<usize> {
        Some(self.ahead().iter().position(|byte| *byte == b'\n')? + 1)
    }

    pub(crate) fn taken_out(&mut self, limit: usize) -> Vec<u8> {
        let count = limit.min(self.ahead().len());
        let bytes = self.ahead()[..count].to_vec();
        self.take(count);
        bytes
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.give_back()?;
        self.unwritten.extend_from_slice(bytes);
        match self.unwritten.len() >= BUFFER {
            true => self.flush(),
            false => Ok(()),
        }
    }

    pub(crate) fn flush(&mut self) -> Result<()> {
        while !self.unwritten.is_empty() {
            match self.file.write(&self.unwritten) {
                Ok(0) => return Err(io::Error::from(ErrorKind::WriteZero).into()),
                Ok(count) => drop(self.unwritten.drain(..count)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The file stands where the user does.
    fn give_back(&mut self) -> Result<()> {
        let left = self.ahead().len() as i64;
        if left > 0 {
            self.file.seek_relative(-left)?;
        }
        self.ahead.clear();
        self.taken = 0;
        Ok(())
    }

    pub(crate) fn tell(&mut self) -> Result<u64> {
        let position = self.file.stream_position()?;
        Ok(position + self.unwritten.len() as u64 - self.ahead().len() as u64)
    }

    pub(crate) fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.flush()?;
        self.give_back()?;
        Ok(self.file.seek(to)?)
    }

    pub(crate) fn truncate(&mut self, size: Option<u64>) -> Result<u64> {
        self.flush()?;
        self.give_back()?;
        let size = match size {
            Some(size) => size,
            None => self.tell()?,
        };
        self.file.set_len(size)?;
        Ok(size)
    }

    pub(crate) fn is_terminal(&self) -> bool {
        self.file.is_terminal()
    }

    pub(crate) fn is_seekable(&mut self) -> bool {
        self.file.stream_position().is_ok()
    }
}

impl Drop for Buffered {
    fn drop(&mut self) {
        // Who wants to know of an error closes it.
        let _ = self.flush();
    }
}

/// The system's refusal, with the name of the file that it is about.
fn named(error: io::Error, path: &Path) -> Error {
    let Some(errno) = error.raw_os_error() else {
        return error.into();
    };
    let words = error.to_string();
    let words = words.split(" (os error ").next().unwrap_or_default();
    let text = format!("{words}: '{}'", path.display()).into();
    Error::from(OsError { errno, text })
}
