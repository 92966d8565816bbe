//! What one activation of a coroutine, or of a callback, keeps to itself.

use std::cell::{Cell, RefCell};

use kolo::{Error, Timeout};

use crate::program::Operand;
use crate::streams::Connection;

/// What one activation begins with that another one has.
#[derive(Clone, Default)]
pub(crate) struct Start {
    register: i64,
    own: Option<Connection>,
}

impl Start {
    pub(crate) fn frame(&self) -> Frame {
        Frame {
            register: Cell::new(self.register),
            own: self.own.clone(),
            ..Frame::default()
        }
    }
}

/// The register, the timeout scopes around the step that runs, and the errors being handled.
#[derive(Default)]
pub(crate) struct Frame {
    pub(crate) register: Cell<i64>,
    /// The connection that it handles.
    pub(crate) own: Option<Connection>,
    /// Innermost last.
    pub(crate) timeouts: RefCell<Vec<Timeout>>,
    /// Innermost last.
    pub(crate) handling: RefCell<Vec<Error>>,
}

impl Frame {
    /// Of a coroutine that handles this connection, if any.
    pub(crate) fn of(own: Option<Connection>) -> Frame {
        Frame { own, ..Frame::default() }
    }

    /// What a callback that is registered now begins with.
    pub(crate) fn start(&self) -> Start {
        Start {
            register: self.register.get(),
            own: self.own.clone(),
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
