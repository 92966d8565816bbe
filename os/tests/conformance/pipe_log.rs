//! A protocol that writes down what it is told, and tests that run alone.

use std::cell::RefCell;

use kolo::testing::hops;
use kolo::{Error, Protocol, Result, Transport, run};

use crate::support::child::in_child;

#[derive(Default)]
pub(crate) struct Log(RefCell<Vec<String>>);

impl Log {
    /// What it was told since the last look.
    pub(crate) fn take(&self) -> Vec<String> {
        self.0.take()
    }

    fn push(&self, word: impl Into<String>) -> Result<()> {
        self.0.borrow_mut().push(word.into());
        Ok(())
    }
}

impl Protocol for Log {
    fn connection_made(&self, _: &Transport) -> Result<()> {
        self.push("made")
    }

    fn data_received(&self, data: &[u8]) -> Result<()> {
        self.push(format!("{} bytes", data.len()))
    }

    fn eof_received(&self) -> Result<bool> {
        self.push("eof").map(|()| true)
    }

    fn connection_lost(&self, error: Option<&Error>) -> Result<()> {
        self.push(error.map_or("lost".into(), |error| format!("lost: {:?}", error.errno())))
    }
}

/// The turns that it takes to see what is ready, and to be told.
pub(crate) async fn briefly() -> Result<()> {
    hops(3).await
}

/// Runs the test `name` in a process of its own, and gives what that says on standard error; nothing there. A child that another test starts
/// meanwhile would have the ends of all pipes for a moment, and signals are a whole process's.
#[track_caller]
pub(crate) fn alone(name: &str, main: impl Future<Output = Result<()>> + 'static) -> Option<String> {
    let output = in_child(name, &[], || run(main).unwrap())?;
    Some(String::from_utf8_lossy(&output.stderr).into_owned())
}
