//! `Job`: a call that a pool has accepted.

use kolo_executor::{Error, Result};
use kolo_threads::concurrent;
use serde::de::DeserializeOwned;

use crate::call::Request;
use crate::cargo::Cargo;
use crate::failure::Failure;
use crate::letter::{Letter, Received};
use crate::serve::RETURNED;

pub(crate) struct Job {
    pub(crate) letter: Letter,
    /// Kept until the answer has come.
    _cargo: Cargo,
    caller: Box<dyn Caller>,
    has_begun: bool,
}

/// Who waits for a job.
trait Caller: Send {
    fn begin(&self) -> bool;
    fn cancel(&self);
    fn finish(&self, answer: Result<Received>);
}

impl<T: DeserializeOwned + Send + 'static> Caller for concurrent::Job<T> {
    fn begin(&self) -> bool {
        self.set_running_or_notify_cancel()
    }

    fn cancel(&self) {
        self.cancel();
    }

    fn finish(&self, answer: Result<Received>) {
        // What reads the result may be the user's.
        let outcome = Error::catch(|| match answer? {
            answer if answer.number == RETURNED => answer.read("the result"),
            answer => Err(answer.read::<Failure>("the error")?.into_error()),
        });
        // Whoever waits has begun to, and nobody else completes it.
        let _ = self.complete(outcome);
    }
}

impl Job {
    /// What is asked for, and by whom. The error of a call whose arguments cannot be sent.
    pub(crate) fn new<T: DeserializeOwned + Send + 'static>(request: Request, caller: &concurrent::Job<T>) -> Result<Job> {
        Ok(Job {
            letter: request.letter?,
            _cargo: request.cargo,
            caller: Box::new(caller.clone()),
            has_begun: false,
        })
    }

    /// Whether it is still wanted. Then it cannot be cancelled any more.
    pub(crate) fn begin(&mut self) -> bool {
        self.has_begun = self.caller.begin();
        self.has_begun
    }

    pub(crate) fn cancel(self) {
        self.caller.cancel();
    }

    pub(crate) fn finish(self, answer: Received) {
        self.caller.finish(Ok(answer));
    }

    /// One that has begun, or has not, unless it was cancelled.
    pub(crate) fn fail(self, error: Error) {
        if self.has_begun || self.caller.begin() {
            self.caller.finish(Err(error));
        }
    }
}
