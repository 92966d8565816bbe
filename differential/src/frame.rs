//! What one activation of a coroutine, or of a callback, keeps to itself.

use std::cell::{Cell, RefCell};

use kolo::{Error, Timeout};

use crate::program::Operand;

/// The register, the timeout scopes around the step that runs, and the errors being handled.
#[derive(Default)]
pub(crate) struct Frame {
    pub(crate) register: Cell<i64>,
    /// Innermost last.
    pub(crate) timeouts: RefCell<Vec<Timeout>>,
    /// Innermost last.
    pub(crate) handling: RefCell<Vec<Error>>,
}

impl Frame {
    pub(crate) fn with_register(register: i64) -> Frame {
        Frame {
            register: Cell::new(register),
            ..Frame::default()
        }
    }

    pub(crate) fn value(&self, operand: Operand) -> i64 {
        match operand {
            Operand::Literal(literal) => literal,
            Operand::Register => self.register.get(),
        }
    }

    /// The timeout scope this many levels out.
    pub(crate) fn timeout(&self, depth: usize) -> Option<Timeout> {
        self.timeouts.borrow().iter().rev().nth(depth).cloned()
    }
}
