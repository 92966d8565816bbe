//! Threads for calls that block. Mirrors asyncio's default executor.
//!
//! They belong to the process, not to a loop: they are started when they are needed and wait for more, so that neither the end of a loop nor
//! that of the program waits for a resolver that does not answer.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;

use kolo_executor::{Error, Promise, Result, try_running_loop};

type Job = Box<dyn FnOnce() + Send>;

/// The threads, and what is to be done.
struct Pool {
    state: Mutex<State>,
    arrived: Condvar,
}

struct State {
    jobs: VecDeque<Job>,
    /// How many threads there are, and how many of them wait for a job.
    threads: usize,
    idle: usize,
}

static POOL: Pool = Pool {
    state: Mutex::new(State {
        jobs: VecDeque::new(),
        threads: 0,
        idle: 0,
    }),
    arrived: Condvar::new(),
};

/// asyncio's number. To know it is dear.
static MOST_THREADS: LazyLock<usize> = LazyLock::new(|| {
    let processors = thread::available_parallelism().map_or(1, |count| count.get());
    (processors + 4).min(32)
});

/// Runs the call on a thread. It is submitted at once; jobs are begun in the order in which they were submitted. Dropped, or cancelled, before
/// its turn, the call is never made.
///
/// # Errors
/// What the call comes to; Cancelled; Runtime, without a running loop, and when no thread can be started.
pub(crate) fn run<T: Send + 'static>(
    call: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<impl Future<Output = Result<T>>> {
    let (completer, promise) = try_running_loop()?.remote_promise();
    let wanted = Arc::new(());
    let is_wanted = Arc::downgrade(&wanted);
    POOL.submit(Box::new(move || {
        if is_wanted.strong_count() > 0 {
            // A loop that is closed wants to know nothing any more.
            let _ = completer.complete(call());
        }
    }))?;
    let awaited = Awaited {
        promise,
        _wanted: wanted,
    };
    Ok(async move { awaited.promise.clone().await })
}

/// Says that what a call comes to is still wanted.
struct Awaited<T: 'static> {
    promise: Promise<T>,
    _wanted: Arc<()>,
}

impl<T> Drop for Awaited<T> {
    fn drop(&mut self) {
        // What it comes to is nobody's any more, an error too.
        self.promise.cancel();
    }
}

impl Pool {
    fn state(&self) -> MutexGuard<'_, State> {
        // No job runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn submit(&'static self, job: Job) -> Result<()> {
        let mut state = self.state();
        state.jobs.push_back(job);
        if state.jobs.len() <= state.idle || state.threads == *MOST_THREADS {
            self.arrived.notify_one();
            return Ok(());
        }
        let name = format!("asyncio_{}", state.threads);
        match thread::Builder::new().name(name).spawn(|| self.work()) {
            Ok(_) => state.threads += 1,
            Err(_) if state.threads > 0 => {}
            Err(error) => {
                let job = state.jobs.pop_back();
                drop(state);
                drop(job);
                return Err(Error::runtime(format!("can't start new thread: {error}")));
            }
        }
        Ok(())
    }

    fn work(&self) {
        let mut state = self.state();
        loop {
            while let Some(job) = state.jobs.pop_front() {
                drop(state);
                job();
                state = self.state();
            }
            state.idle += 1;
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}
