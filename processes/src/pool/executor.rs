//! `ProcessPoolExecutor`: processes for calls that compute for long.

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, LazyLock};
use std::thread;

use kolo_executor::{Error, Result};
use kolo_threads::concurrent::{self, Executor, Map};

use crate::call::Call;
use crate::pool::crew::Crew;
use crate::pool::job::Job;

/// Processes for calls that compute for long, or that must not take this one along when they go wrong. Mirrors
/// `concurrent.futures.ProcessPoolExecutor`.
///
/// A call is made by [`partial!`](crate::partial), of a function that is named in [`processes!`](crate::processes). A process is started when a job comes
/// and none is idle, up to the number of processors; each does one job at a time, in the order in which they are submitted. The function's error
/// comes back with its kind and its text, and what it panics with is that job's error. What a function prints goes where this program's output goes.
///
/// When a process dies, of a signal or by `exit`, nobody knows what it leaves behind: all jobs fail with an error of kind
/// [`BrokenPool`](kolo_executor::Kind::BrokenPool), the other processes are terminated, and the pool accepts nothing any more. When this program ends,
/// in whatever way, its processes end at once.
///
/// A pool is also a guard, as in a `with`: when it is dropped, no job is accepted any more, and the thread that drops it waits until all that
/// were accepted have ended. The loop stands still meanwhile, if that thread is its own: await the jobs before.
///
/// ```
/// use kolo::{ProcessPoolExecutor, Result, gather, partial, processes, run, run_in_executor};
///
/// fn count(to: u64) -> Result<u64> {
///     Ok((0..to).map(|_| 1).sum())
/// }
///
/// fn main() -> Result<()> {
///     processes!(count);
///     let counts = run(async {
///         let pool = ProcessPoolExecutor::new();
///         gather([1000, 2000].map(|to| run_in_executor(&pool, partial!(count, to)))).await
///     });
///     assert_eq!(counts?, [1000, 2000]);
///     Ok(())
/// }
/// ```
///
/// A job there and back costs some ten to twenty microseconds beside what its arguments and its result cost: what is cheaper than that is
/// better done here, or many at once.
pub struct ProcessPoolExecutor {
    crew: Arc<Crew>,
    most: usize,
}

/// To know it is dear.
static PROCESSORS: LazyLock<usize> = LazyLock::new(|| thread::available_parallelism().map_or(1, |count| count.get()));

impl ProcessPoolExecutor {
    /// A pool of as many processes as there are processors. They are started when there are jobs for them.
    pub fn new() -> ProcessPoolExecutor {
        ProcessPoolExecutor {
            crew: Arc::default(),
            most: *PROCESSORS,
        }
    }

    /// So many processes at the most. Mirrors `ProcessPoolExecutor(max_workers)`.
    ///
    /// # Errors
    /// Value, for none.
    #[track_caller]
    pub fn max_workers(mut self, most: usize) -> Result<ProcessPoolExecutor> {
        if most == 0 {
            return Err(Error::value("max_workers must be greater than 0"));
        }
        self.most = most;
        Ok(self)
    }

    /// Has a process make the call, `partial!(function, arguments...)`, and returns what threads can wait for. Mirrors `Executor.submit`. For
    /// a task there is [`run_in_executor`](kolo_threads::run_in_executor).
    ///
    /// That the arguments cannot be serialised is an error of the future, of kind Value.
    ///
    /// ```
    /// use kolo::{ProcessPoolExecutor, Result, partial, processes};
    ///
    /// fn square(number: u64) -> Result<u64> {
    ///     Ok(number * number)
    /// }
    ///
    /// fn main() -> Result<()> {
    ///     processes!(square);
    ///     let pool = ProcessPoolExecutor::new().max_workers(1)?;
    ///     let job = pool.submit(partial!(square, 3))?;
    ///     assert_eq!(job.result()?, 9);
    ///     pool.shutdown(true, false);
    ///     assert!(pool.submit(partial!(square, 4)).is_err());
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// Runtime, when the function is not named in [`processes!`](crate::processes), and after [`shutdown`](ProcessPoolExecutor::shutdown);
    /// BrokenPool, after the death of a process; Io, when not one process can be started.
    #[track_caller]
    pub fn submit<C: Call>(&self, call: C) -> Result<concurrent::Job<C::Output>> {
        self.submit_at(Location::caller(), call, ())
    }

    /// Has the processes make the call with each of the items as its last argument; the iterator gives the results in the items' order, and
    /// blocks until the next one is there. Mirrors `Executor.map`. All are submitted at once. What is left when the iterator is dropped is
    /// cancelled.
    ///
    /// # Errors
    /// As [`submit`](ProcessPoolExecutor::submit).
    #[track_caller]
    pub fn map<C, I>(&self, call: C, items: I) -> Result<Map<C::Output>>
    where
        C: Call<(I::Item,)> + Clone,
        I: IntoIterator,
    {
        let site = Location::caller();
        items
            .into_iter()
            .map(|item| self.submit_at(site, call.clone(), (item,)))
            .collect()
    }

    /// Accepts no job any more; those that were accepted are still done. Waits for them, if it is to `wait`, and for the processes to end.
    /// With `cancel_futures`, jobs that have not begun are cancelled instead. Mirrors `Executor.shutdown`.
    pub fn shutdown(&self, wait: bool, cancel_futures: bool) {
        self.crew.shut_down(wait, cancel_futures);
    }

    fn submit_at<C: Call<More>, More>(
        &self,
        site: &'static Location<'static>,
        call: C,
        more: More,
    ) -> Result<concurrent::Job<C::Output>> {
        let placed = |error: Error| error.at(site);
        let request = call.request(more).map_err(placed)?;
        self.crew.check().map_err(placed)?;
        let caller = concurrent::Job::new();
        match Job::new(request, &caller) {
            Ok(job) => self.crew.accept(job, self.most).map_err(placed)?,
            Err(error) => {
                caller.complete(Err(placed(error)))?;
            }
        }
        Ok(caller)
    }
}

impl<C: Call> Executor<C> for &ProcessPoolExecutor {
    type Output = C::Output;

    fn accept(self, site: &'static Location<'static>, call: C) -> Result<concurrent::Job<C::Output>> {
        self.submit_at(site, call, ())
    }
}

impl Default for ProcessPoolExecutor {
    fn default() -> Self {
        ProcessPoolExecutor::new()
    }
}

impl Drop for ProcessPoolExecutor {
    fn drop(&mut self) {
        // Who has shut it down has said whether to wait.
        if !self.crew.is_shut_down() {
            self.shutdown(true, false);
        }
    }
}

impl fmt::Debug for ProcessPoolExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (processes, jobs) = self.crew.sizes();
        write!(f, "<ProcessPoolExecutor processes={processes} jobs={jobs}>")
    }
}
