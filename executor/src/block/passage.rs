//! An error comes out of a task: what its awaiter is told of the way.

use crate::block::head::State;
use crate::block::raw::Ref;
use crate::block::task::TaskRef;
use crate::ground::error::{Awaited, Error, Origin, Result};

impl Ref {
    /// The outcome of this promise, as it is handed to whoever awaited it.
    #[inline]
    pub(crate) fn hand_out<T>(&self, outcome: Result<T>, awaited: Awaited) -> Result<T> {
        match outcome {
            Err(error) if error.keeps_a_trail() => Err(self.hand_out_error(error, awaited)),
            outcome => outcome,
        }
    }

    #[cold]
    pub(crate) fn hand_out_error(&self, error: Error, awaited: Awaited) -> Error {
        // What is said of a value that is there no more is not the promise's own error.
        if !error.keeps_a_trail() || self.head().state.get() == State::Value {
            return error;
        }
        let task = TaskRef::new(self).map(|task| Origin {
            name: task.name(),
            created_at: task.created_at,
        });
        error.came_out_of(task, awaited)
    }
}
