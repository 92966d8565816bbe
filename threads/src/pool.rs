//! `ThreadPoolExecutor`: threads for calls that block.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;

use kolo_executor::{Error, Result};

use crate::concurrent::job::Job;
use crate::map::Map;
use crate::queue::{Entry, Fate, Initializer, Shared, Site, broken};

/// Threads for calls that block, or that compute for long. Mirrors `concurrent.futures.ThreadPoolExecutor`.
///
/// Jobs are begun in the order in which they are submitted. A thread is started when a job comes and none is idle, up to the number of processors
/// and four more, or 32, whichever is less. What a job panics with is its error.
///
/// A pool is also a guard, as in a `with`: when it is dropped, no job is accepted any more, and the thread that drops it waits until all that
/// were accepted have ended. The loop stands still meanwhile, if that thread is its own: await the jobs before.
///
/// ```
/// use kolo::{ThreadPoolExecutor, run, run_in_executor};
///
/// let sum = run(async {
///     let pool = ThreadPoolExecutor::new().max_workers(2)?;
///     let product = run_in_executor(&pool, || Ok((1..=20u64).product::<u64>()));
///     assert_eq!(product.await?, 2_432_902_008_176_640_000);
///     pool.map(|n: u64| Ok(n * n), 1..=3)?.sum::<kolo::Result<u64>>()
/// });
/// assert_eq!(sum.unwrap(), 14);
/// ```
pub struct ThreadPoolExecutor {
    shared: Arc<Shared>,
    most: usize,
    prefix: String,
    initializer: Option<Initializer>,
}

/// To know it is dear.
static PROCESSORS: LazyLock<usize> = LazyLock::new(|| thread::available_parallelism().map_or(1, |count| count.get()));

impl ThreadPoolExecutor {
    /// A pool whose threads are named `ThreadPoolExecutor-0_0`, `ThreadPoolExecutor-0_1` and so on; the first number is that of the pool.
    pub fn new() -> ThreadPoolExecutor {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        ThreadPoolExecutor::named(format!("ThreadPoolExecutor-{number}"))
    }

    /// A pool whose threads are named `prefix_0`, `prefix_1` and so on. Mirrors `ThreadPoolExecutor(thread_name_prefix=prefix)`.
    ///
    /// ```
    /// use std::thread;
    ///
    /// use kolo::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::named("painter");
    /// let name = pool.submit(|| Ok(thread::current().name().map(str::to_owned)))?;
    /// assert_eq!(name.result()?.unwrap(), "painter_0");
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn named(prefix: impl Into<String>) -> ThreadPoolExecutor {
        ThreadPoolExecutor {
            shared: Arc::default(),
            most: (*PROCESSORS + 4).min(32),
            prefix: prefix.into(),
            initializer: None,
        }
    }

    /// So many threads at the most. Mirrors `ThreadPoolExecutor(max_workers)`.
    ///
    /// # Errors
    /// Value, for none.
    #[track_caller]
    pub fn max_workers(mut self, most: usize) -> Result<ThreadPoolExecutor> {
        if most == 0 {
            return Err(Error::value("max_workers must be greater than 0"));
        }
        self.most = most;
        Ok(self)
    }

    /// Has each thread call this before its first job. Mirrors `ThreadPoolExecutor(initializer=...)`.
    ///
    /// If it fails, that is told of on standard error, and the pool is broken: the jobs that wait, and those that come, fail with an error of kind
    /// Runtime, `A thread initializer failed, the thread pool is not usable anymore`.
    ///
    /// ```
    /// use std::cell::Cell;
    ///
    /// use kolo::ThreadPoolExecutor;
    ///
    /// thread_local! {
    ///     static CONNECTION: Cell<u32> = const { Cell::new(0) };
    /// }
    ///
    /// let pool = ThreadPoolExecutor::new().initializer(|| Ok(CONNECTION.set(42)));
    /// assert_eq!(pool.submit(|| Ok(CONNECTION.get()))?.result()?, 42);
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn initializer(mut self, initializer: impl Fn() -> Result<()> + Send + Sync + 'static) -> ThreadPoolExecutor {
        self.initializer = Some(Arc::new(initializer));
        self
    }

    /// Has a thread make the call, and returns what threads can wait for. Mirrors `Executor.submit`. For a task there is
    /// [`run_in_executor`](crate::run_in_executor).
    ///
    /// # Errors
    /// Runtime, after [`shutdown`](ThreadPoolExecutor::shutdown), when an [`initializer`](ThreadPoolExecutor::initializer) has failed, and when not one
    /// thread can be started.
    #[track_caller]
    pub fn submit<T: Send + 'static>(&self, call: impl FnOnce() -> Result<T> + Send + 'static) -> Result<Job<T>> {
        self.submit_at(Location::caller(), call)
    }

    /// Calls `call` with each of the items, on the pool's threads; the iterator gives the results in the items' order, and blocks until the next
    /// one is there. Mirrors `Executor.map`, and with [`timeout`](Map::timeout) `Executor.map(timeout=...)`. All are submitted at once. What is left
    /// when the iterator is dropped is cancelled.
    ///
    /// # Errors
    /// As [`submit`](ThreadPoolExecutor::submit).
    #[track_caller]
    pub fn map<I, T>(&self, call: impl Fn(I::Item) -> Result<T> + Send + Sync + 'static, items: I) -> Result<Map<T>>
    where
        I: IntoIterator<Item: Send + 'static>,
        T: Send + 'static,
    {
        let (site, call) = (Location::caller(), Arc::new(call));
        let submit = |item| {
            let call = call.clone();
            self.submit_at(site, move || call(item))
        };
        items.into_iter().map(submit).collect()
    }

    /// Accepts no job any more; those that were accepted are still done. Waits for them, if it is to `wait`, and for the threads to end.
    /// With `cancel_futures`, jobs that have not begun are cancelled instead. Mirrors `Executor.shutdown`.
    ///
    /// In a job of the pool itself it does not wait for that job.
    ///
    /// ```
    /// use kolo::{Kind, ThreadPoolExecutor};
    ///
    /// let pool = ThreadPoolExecutor::new();
    /// let job = pool.submit(|| Ok(42))?;
    /// pool.shutdown(true, false);
    /// assert!(job.done());
    /// assert_eq!(pool.submit(|| Ok(43)).unwrap_err().kind(), Kind::Runtime);
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn shutdown(&self, wait: bool, cancel_futures: bool) {
        let mut state = self.shared.lock();
        state.is_shut_down = true;
        let cancelled = cancel_futures.then(|| std::mem::take(&mut state.jobs));
        drop(state);
        self.shared.news.notify_all();
        cancelled.into_iter().flatten().for_each(|job| job.end(Fate::Cancel));
        if wait {
            self.join();
        }
    }

    /// Waits for the threads that are there, of which this may be one.
    fn join(&self) {
        let here = thread::current().id();
        let mut state = self.shared.lock();
        while let Some(at) = state.threads.iter().position(|thread| thread.thread().id() != here) {
            let thread = state.threads.remove(at);
            drop(state);
            // Its jobs were caught one by one.
            let _ = thread.join();
            state = self.shared.lock();
        }
    }

    /// [`submit`](ThreadPoolExecutor::submit), on behalf of this line of the program.
    ///
    /// ```
    /// use std::panic::Location;
    ///
    /// use kolo::{Result, ThreadPoolExecutor, concurrent::Job};
    ///
    /// /// A pool that counts.
    /// struct Counter(ThreadPoolExecutor);
    ///
    /// impl Counter {
    ///     #[track_caller]
    ///     fn square(&self, n: u32) -> Result<Job<u32>> {
    ///         self.0.submit_at(Location::caller(), move || Ok(n * n))
    ///     }
    /// }
    ///
    /// assert_eq!(Counter(ThreadPoolExecutor::new()).square(3)?.result()?, 9);
    /// # Ok::<(), kolo::Error>(())
    /// ```
    ///
    /// # Errors
    /// As `submit`.
    pub fn submit_at<T: Send + 'static>(&self, site: Site, call: impl FnOnce() -> Result<T> + Send + 'static) -> Result<Job<T>> {
        let job = Job::new();
        let handle = job.clone();
        let call = Box::new(move |fate| match fate {
            // Nobody else completes it.
            Fate::Run if job.set_running_or_notify_cancel() => drop(job.complete(Error::catch(call))),
            Fate::Run => {}
            Fate::Cancel => drop(job.cancel()),
            Fate::Fail => drop(job.complete(Err(broken()))),
        });
        self.accept(Entry { call, site }).map_err(|error| error.at(site))?;
        Ok(handle)
    }

    fn accept(&self, job: Entry) -> Result<()> {
        let mut state = self.shared.lock();
        if state.is_broken {
            drop(state);
            return Err(broken());
        }
        if state.is_shut_down {
            drop(state);
            return Err(Error::runtime("cannot schedule new futures after shutdown"));
        }
        state.jobs.push_back(job);
        if state.idle > 0 {
            state.idle -= 1;
            drop(state);
            self.shared.news.notify_one();
            return Ok(());
        }
        let number = state.threads.len();
        if number == self.most {
            return Ok(());
        }
        let (shared, initializer) = (self.shared.clone(), self.initializer.clone());
        let started = thread::Builder::new()
            .name(format!("{}_{number}", self.prefix))
            .spawn(move || shared.work(number, initializer));
        match started {
            Ok(thread) => {
                state.threads.push(thread);
                Ok(())
            }
            // Those that are there come to it.
            Err(_) if number > 0 => Ok(()),
            Err(error) => {
                let job = state.jobs.pop_back();
                drop(state);
                drop(job);
                Err(Error::runtime(format!("can't start new thread: {error}")))
            }
        }
    }

    /// The jobs that run now: the thread, and the line that submitted it.
    pub(crate) fn under_way(&self) -> Vec<String> {
        let state = self.shared.lock();
        let running = state.running.iter().enumerate();
        let named =
            |(number, site): (usize, &Option<Site>)| Some(format!("{}_{number} runs the job of {}", self.prefix, (*site)?));
        running.filter_map(named).collect()
    }
}

impl Default for ThreadPoolExecutor {
    fn default() -> Self {
        ThreadPoolExecutor::new()
    }
}

impl Drop for ThreadPoolExecutor {
    fn drop(&mut self) {
        // Who has shut it down has said whether to wait.
        let was_shut_down = self.shared.lock().is_shut_down;
        if !was_shut_down {
            self.shutdown(true, false);
        }
    }
}

impl fmt::Debug for ThreadPoolExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        let (threads, jobs) = (state.threads.len(), state.jobs.len());
        write!(f, "<ThreadPoolExecutor {} threads={threads} jobs={jobs}>", self.prefix)
    }
}
