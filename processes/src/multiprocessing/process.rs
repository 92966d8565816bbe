//! `Process`: a process that does one thing.

use std::fmt;
use std::mem;
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kolo_executor::{Error, Result};
use rustix::process::Signal;

use crate::call::{Call, Request};
use crate::cargo::Cargo;
use crate::worker::{Worker, exit_code};

/// A process of this program that makes one call, `partial!(function, arguments...)`, and ends. Mirrors `multiprocessing.Process`.
///
/// The function is named in [`processes!`](crate::processes). What it returns is nobody's; when it fails, that is told of on standard error, and the
/// exit code is 1.
///
/// Its methods block the thread; a task has them called by [`to_thread`](kolo_threads::to_thread). Dropped, it is waited for, or, if it is a
/// [`daemon`](Process::daemon), terminated. When this program ends, in whatever way, so does it.
///
/// ```
/// use kolo::multiprocessing::Process;
/// use kolo::{Result, partial, processes};
///
/// fn greet(name: String) -> Result<()> {
///     println!("hello {name}");
///     Ok(())
/// }
///
/// fn main() -> Result<()> {
///     processes!(greet);
///     let process = Process::new(partial!(greet, "ada".to_owned()));
///     process.start()?;
///     process.join()?;
///     assert_eq!(process.exitcode()?, Some(0));
///     Ok(())
/// }
/// ```
pub struct Process {
    name: String,
    is_daemon: bool,
    state: Mutex<State>,
}

enum State {
    Initial(Result<Request>),
    Started {
        worker: Arc<Worker>,
        /// Kept until its end.
        _cargo: Cargo,
    },
    /// It could not be started.
    Failed,
    Closed,
}

impl Process {
    /// One that is still to be [started](Process::start). Its name is `Process-1`, `Process-2` and so on.
    pub fn new(call: impl Call) -> Process {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        Process {
            name: format!("Process-{number}"),
            is_daemon: false,
            state: Mutex::new(State::Initial(call.request(()))),
        }
    }

    /// The same with that name. Mirrors `Process(name=...)`.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Process {
        self.name = name.into();
        self
    }

    /// One that is terminated when it is dropped, instead of being waited for. Mirrors `Process(daemon=True)`.
    #[must_use]
    pub fn daemon(mut self) -> Process {
        self.is_daemon = true;
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process, if it was started; an error, if it was closed.
    fn worker(&self) -> Result<Option<Arc<Worker>>> {
        match &*self.state() {
            State::Started { worker, .. } => Ok(Some(worker.clone())),
            State::Closed => Err(Error::value("process object is closed").without_place()),
            State::Initial(_) | State::Failed => Ok(None),
        }
    }

    /// The process; an error, unless it was started.
    fn started(&self, site: &'static Location<'static>, what: &str) -> Result<Arc<Worker>> {
        let worker = self.worker().map_err(|error| error.at(site))?;
        worker.ok_or_else(|| Error::runtime(format!("can only {what} a started process")).at(site))
    }

    /// Starts it, and gives it its arguments. Mirrors `Process.start`.
    ///
    /// # Errors
    /// Runtime, a second time, and when its function is not named in [`processes!`](crate::processes); Value, when an argument cannot be serialised,
    /// and after [`close`](Process::close); Io, when no process can be started.
    #[track_caller]
    pub fn start(&self) -> Result<()> {
        let site = Location::caller();
        self.worker().map_err(|error| error.at(site))?;
        let mut state = self.state();
        let request = match mem::replace(&mut *state, State::Failed) {
            State::Initial(request) => request,
            other => {
                *state = other;
                return Err(Error::runtime("cannot start a process twice"));
            }
        };
        let request = request.map_err(|error| error.at(site))?;
        let letter = request.letter.map_err(|error| error.at(site))?;
        let worker = Arc::new(Worker::start(Some(&self.name))?);
        *state = State::Started {
            worker: worker.clone(),
            _cargo: request.cargo,
        };
        drop(state);
        // One that has died already has an exit code that says so.
        let _ = letter.send(&worker.socket);
        Ok(())
    }

    /// Blocks until it has ended. Mirrors `Process.join`.
    ///
    /// # Errors
    /// Runtime, before it is started; Value, after [`close`](Process::close).
    #[track_caller]
    pub fn join(&self) -> Result<()> {
        self.started(Location::caller(), "join")?.wait(None)?;
        Ok(())
    }

    /// Blocks until it has ended, for so long at the most: whether it has. Mirrors `Process.join(timeout)`.
    ///
    /// ```
    /// use std::thread;
    /// use std::time::Duration;
    ///
    /// use kolo::multiprocessing::Process;
    /// use kolo::{Result, partial, processes};
    ///
    /// fn dawdle(seconds: u64) -> Result<()> {
    ///     Ok(thread::sleep(Duration::from_secs(seconds)))
    /// }
    ///
    /// fn main() -> Result<()> {
    ///     processes!(dawdle);
    ///     let process = Process::new(partial!(dawdle, 100)).named("slow").daemon();
    ///     process.start()?;
    ///     println!("{} is process {:?}", process.name(), process.pid()?);
    ///     assert!(!process.join_timeout(Duration::from_millis(1))?);
    ///     assert!(process.is_alive()?);
    ///     process.terminate()?; // or `kill`, which nothing can ignore
    ///     process.join()?;
    ///     assert_eq!(process.exitcode()?, Some(-15));
    ///     process.kill()?; // it has ended: nothing happens
    ///     process.close()?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`join`](Process::join).
    #[track_caller]
    pub fn join_timeout(&self, timeout: Duration) -> Result<bool> {
        let worker = self.started(Location::caller(), "join")?;
        let ended = worker.wait(Instant::now().checked_add(timeout))?;
        Ok(ended.is_some())
    }

    /// How it has ended: its exit code, or, of one that a signal has ended, that signal's number as a negative one. `None` before its end.
    /// Mirrors `Process.exitcode`.
    ///
    /// # Errors
    /// Value, after [`close`](Process::close).
    #[track_caller]
    pub fn exitcode(&self) -> Result<Option<i32>> {
        let site = Location::caller();
        match self.worker().map_err(|error| error.at(site))? {
            Some(worker) => Ok(worker.poll()?.map(exit_code)),
            None => Ok(None),
        }
    }

    /// Whether it was started, and has not ended. Mirrors `Process.is_alive`.
    ///
    /// # Errors
    /// Value, after [`close`](Process::close).
    #[track_caller]
    pub fn is_alive(&self) -> Result<bool> {
        let site = Location::caller();
        match self.worker().map_err(|error| error.at(site))? {
            Some(worker) => Ok(worker.poll()?.is_none()),
            None => Ok(false),
        }
    }

    /// The number of the process; `None` before it is started. Mirrors `Process.pid`.
    ///
    /// # Errors
    /// Value, after [`close`](Process::close).
    #[doc(alias = "ident")]
    #[track_caller]
    pub fn pid(&self) -> Result<Option<u32>> {
        let site = Location::caller();
        let worker = self.worker().map_err(|error| error.at(site))?;
        Ok(worker.map(|worker| worker.pid()))
    }

    /// Its name, which its report of an error begins with. Mirrors `Process.name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Has it end, by SIGTERM. Nothing happens when it has ended. Mirrors `Process.terminate`.
    ///
    /// # Errors
    /// Runtime, before it is started; Value, after [`close`](Process::close).
    #[track_caller]
    pub fn terminate(&self) -> Result<()> {
        self.started(Location::caller(), "terminate")?.signal(Signal::TERM)?;
        Ok(())
    }

    /// Has it end at once, by SIGKILL. Nothing happens when it has ended. Mirrors `Process.kill`.
    ///
    /// # Errors
    /// As [`terminate`](Process::terminate).
    #[track_caller]
    pub fn kill(&self) -> Result<()> {
        self.started(Location::caller(), "kill")?.signal(Signal::KILL)?;
        Ok(())
    }

    /// Gives back what it has of the system. Mirrors `Process.close`.
    ///
    /// # Errors
    /// Value, while it runs.
    #[track_caller]
    pub fn close(&self) -> Result<()> {
        let mut state = self.state();
        if let State::Started { worker, .. } = &*state
            && worker.poll()?.is_none()
        {
            let text = "Cannot close a process while it is still running. You should first call join() or terminate().";
            return Err(Error::value(text));
        }
        let before = mem::replace(&mut *state, State::Closed);
        drop(state);
        drop(before);
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(Some(worker)) = self.worker() {
            if self.is_daemon {
                let _ = worker.signal(Signal::TERM);
            }
            let _ = worker.wait(None);
        }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Process name='{}'", self.name)?;
        match &*self.state() {
            State::Initial(_) | State::Failed => f.write_str(" initial")?,
            State::Closed => f.write_str(" closed")?,
            State::Started { worker, .. } => {
                write!(f, " pid={}", worker.pid())?;
                match worker.poll().ok().flatten().map(exit_code) {
                    Some(code) => write!(f, " stopped exitcode={code}")?,
                    None => f.write_str(" started")?,
                }
            }
        }
        f.write_str(if self.is_daemon { " daemon>" } else { ">" })
    }
}
