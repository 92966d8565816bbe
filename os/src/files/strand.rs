//! A strand: operations on one file, on threads, one after the other.

use std::collections::VecDeque;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kolo_executor::{Error, Result, running_loop};
use kolo_threads::concurrent::Job;
use kolo_threads::executors::{default_executor, job_outcome};

use crate::files::buffered::Buffered;

/// The operations are done in the order in which they are asked for, whoever asks: a job of the loop's pool does all that there are, then ends.
/// Were each a job of its own, two threads could take two of them in the wrong order.
#[derive(Clone)]
pub(crate) struct Strand(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    /// `None` once it is closed.
    file: Mutex<Option<Buffered>>,
}

#[derive(Default)]
struct Queue {
    operations: VecDeque<Operation>,
    /// A job is under way that will come to them.
    is_served: bool,
}

/// Is given the file, or nothing when it will never be its turn.
type Operation = Box<dyn FnOnce(Option<&mut Option<Buffered>>) + Send>;

impl Strand {
    pub(crate) fn new(file: Buffered) -> Strand {
        Strand(Arc::new(Shared {
            queue: Mutex::default(),
            file: Mutex::new(Some(file)),
        }))
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
        let told = job.clone();
        let is_served = self.0.push(Box::new(move |file| match file {
            // Nobody else completes it.
            Some(file) if told.set_running_or_notify_cancel() => drop(told.complete(Error::catch(|| operation(file)))),
            Some(_) => {}
            None => drop(told.cancel()),
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
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // No operation runs under this lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody is on the way to it.
    fn push(&self, operation: Operation) -> bool {
        let mut queue = self.queue();
        queue.operations.push_back(operation);
        std::mem::replace(&mut queue.is_served, true)
    }

    fn next(&self) -> Option<Operation> {
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
        let mut file = self.shared.file.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(operation) = self.shared.next() {
            operation(Some(&mut file));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if self.has_run {
            return;
        }
        while let Some(operation) = self.shared.next() {
            operation(None);
        }
    }
}
