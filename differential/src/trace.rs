//! The trace: what happened, a line an event.

use std::cell::RefCell;

use crate::program::Ticks;

/// The lines of one run, in order.
#[derive(Default)]
pub(crate) struct Trace {
    lines: RefCell<Vec<String>>,
}

impl Trace {
    /// That somebody, a task or (`-`) a callback, has done something at a place of the program.
    pub(crate) fn event(&self, now: Ticks, who: &str, path: &str, what: &str) {
        self.lines.borrow_mut().push(format!("{} {who} {path} {what}", now.0));
    }

    /// Something about the run as a whole.
    pub(crate) fn note(&self, now: Ticks, text: &str) {
        self.lines.borrow_mut().push(format!("{} ! {text}", now.0));
    }

    /// The last line. It carries the tick of the line before it: what made the clock move since then cannot be observed.
    pub(crate) fn close(&self, text: &str) {
        let mut lines = self.lines.borrow_mut();
        let tick = lines.last().and_then(|line| line.split(' ').next()).unwrap_or("0").to_owned();
        lines.push(format!("{tick} ! {text}"));
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.borrow().len()
    }

    pub(crate) fn take(&self) -> Vec<String> {
        self.lines.take()
    }
}
