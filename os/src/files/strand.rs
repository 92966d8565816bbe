//! A strand: operations on one file, on threads, one after the other.

use std::collections::VecDeque;
use std::mem;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kolo_executor::{Error, Result, running_loop};
use kolo_threads::concurrent::Job;
use kolo_threads::executors::{default_executor, job_outcome};

use crate::files::buffered::Buffered;

/// The operations are done in the order in which they are asked for, whoever asks: a job of the loop's pool does all that there are, then ends.
/// Were each a job of its own, two threads could take two of them in the wrong order.
///
/// It belongs to those who have the file; when the last of them has gone, the file is closed in its turn.
pub(crate) struct Strand(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    /// `None` once it is closed. Locked by whoever is at work on it: the job, while one is under way, and else the loop's thread.
    file: Mutex<Option<Buffered>>,
}

#[derive(Default)]
struct Queue {
    operations: VecDeque<Box<dyn Operation>>,
    /// A job is under way that will come to them.
    is_served: bool,
}

/// What is done in its turn, and told then.
trait Operation: Send {
    fn work(&mut self, file: &mut Option<Buffered>);
    fn tell(self: Box<Self>);
    /// It will never be its turn.
    fn cancel(&self);
}

/// What a task has asked for.
struct Asked<T, F> {
    job: Job<T>,
    operation: Option<F>,
    outcome: Option<Result<T>>,
}

impl<T: Send, F: FnOnce(&mut Option<Buffered>) -> Result<T> + Send> Operation for Asked<T, F> {
    fn work(&mut self, file: &mut Option<Buffered>) {
        if let Some(operation) = self.operation.take().filter(|_| self.job.set_running_or_notify_cancel()) {
            self.outcome = Some(Error::catch(|| operation(file)));
        }
    }

    fn tell(self: Box<Self>) {
        if let Some(outcome) = self.outcome {
            // Nobody else completes it.
            let _ = self.job.complete(outcome);
        }
    }

    fn cancel(&self) {
        self.job.cancel();
    }
}

/// Nobody has the file any more.
struct Close;

impl Operation for Close {
    fn work(&mut self, file: &mut Option<Buffered>) {
        drop(file.take());
    }

    fn tell(self: Box<Self>) {}

    fn cancel(&self) {}
}

impl Strand {
    pub(crate) fn new(file: Buffered) -> Arc<Strand> {
        Arc::new(Strand(Arc::new(Shared {
            queue: Mutex::default(),
            file: Mutex::new(Some(file)),
        })))
    }

    /// Has the operation done in its turn, and waits for that.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        site: &'static Location<'static>,
        operation: impl FnOnce(&mut Option<Buffered>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let event_loop = running_loop();
        let pool = default_executor(&event_loop, site)?;
        let job = Job::new();
        let is_served = self.0.push(Box::new(Asked {
            job: job.clone(),
            operation: Some(operation),
            outcome: None,
        }));
        if !is_served {
            let service = Service {
                shared: self.0.clone(),
                has_run: false,
            };
            pool.submit_at(site, move || {
                service.run();
                Ok(())
            })?;
        }
        let outcome = job_outcome(&event_loop, &job).await;
        outcome.map_err(|error| error.at(site))
    }

    /// What can be done here and now, if nobody is at work on the file and it is open.
    pub(crate) fn at_once<T>(&self, operation: impl FnOnce(&mut Buffered) -> Option<T>) -> Option<T> {
        if self.0.queue().is_served {
            return None;
        }
        self.0.file().as_mut().and_then(operation)
    }
}

impl Drop for Strand {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        if queue.is_served {
            return queue.operations.push_back(Box::new(Close));
        }
        drop(queue);
        drop(self.0.file().take());
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // No operation runs under this lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self) -> MutexGuard<'_, Option<Buffered>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody is on the way to it.
    fn push(&self, operation: Box<dyn Operation>) -> bool {
        let mut queue = self.queue();
        queue.operations.push_back(operation);
        mem::replace(&mut queue.is_served, true)
    }

    fn next(&self) -> Option<Box<dyn Operation>> {
        let mut queue = self.queue();
        let next = queue.operations.pop_front();
        queue.is_served = next.is_some();
        next
    }
}

/// The job that comes to the operations. Dropped without having run, because its pool was shut down, it cancels them.
struct Service {
    shared: Arc<Shared>,
    has_run: bool,
}

impl Service {
    fn run(mut self) {
        self.has_run = true;
        let mut next = self.shared.next();
        while let Some(mut operation) = next {
            operation.work(&mut self.shared.file());
            // Whoever is told of the last one finds nobody at the file any more.
            next = self.shared.next();
            operation.tell();
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if self.has_run {
            return;
        }
        while let Some(operation) = self.shared.next() {
            operation.cancel();
        }
    }
}
