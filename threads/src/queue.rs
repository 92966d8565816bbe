//! What the threads of a pool share: the queue of its jobs, and how each thread lives.

use std::collections::VecDeque;
use std::panic::Location;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use kolo_executor::primitive::say;
use kolo_executor::{Error, Result};

pub(crate) type Site = &'static Location<'static>;

/// What a thread does before its first job.
pub(crate) type Initializer = Arc<dyn Fn() -> Result<()> + Send + Sync>;

#[derive(Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
    pub(crate) news: Condvar,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) jobs: VecDeque<Entry>,
    /// How many threads have nothing to do that no job has been submitted for.
    pub(crate) idle: usize,
    pub(crate) threads: Vec<JoinHandle<()>>,
    /// What each of the threads runs, by the line that submitted it.
    pub(crate) running: Vec<Option<Site>>,
    pub(crate) is_shut_down: bool,
    /// An initializer has failed.
    pub(crate) is_broken: bool,
}

/// A job in the queue, and the line that submitted it.
pub(crate) struct Entry {
    pub(crate) call: Box<dyn FnOnce(Fate) + Send>,
    pub(crate) site: Site,
}

/// What becomes of a job.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Run,
    Cancel,
    /// It fails, as its pool is broken.
    Fail,
}

/// What Python calls `BrokenThreadPool`.
pub(crate) fn broken() -> Error {
    Error::runtime("A thread initializer failed, the thread pool is not usable anymore")
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // No job runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A thread's life.
    pub(crate) fn work(&self, number: usize, initializer: Option<Initializer>) {
        if let Some(initializer) = initializer
            && let Err(error) = Error::catch(|| initializer())
        {
            say(format_args!("Exception in initializer: {error}"));
            return self.break_down();
        }
        let mut state = self.lock();
        loop {
            while let Some(job) = state.jobs.pop_front() {
                state.note(number, Some(job.site));
                drop(state);
                job.end(Fate::Run);
                state = self.lock();
                state.note(number, None);
            }
            state.idle += 1;
            while state.jobs.is_empty() {
                if state.is_shut_down {
                    return;
                }
                // Whoever submits a job counts one less that is idle: it may be another thread that comes to it.
                state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Accepts no job any more, and has those fail that wait.
    fn break_down(&self) {
        let mut state = self.lock();
        state.is_broken = true;
        let failed = std::mem::take(&mut state.jobs);
        drop(state);
        failed.into_iter().for_each(|job| job.end(Fate::Fail));
    }
}

impl State {
    fn note(&mut self, number: usize, site: Option<Site>) {
        if self.running.len() <= number {
            self.running.resize(number + 1, None);
        }
        self.running[number] = site;
    }
}

impl Entry {
    pub(crate) fn end(self, fate: Fate) {
        // The call itself is caught within; what it owns, and its result, may panic when they are dropped.
        let _ = Error::catch(|| {
            (self.call)(fate);
            Ok(())
        });
    }
}
