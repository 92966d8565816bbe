//! `Worker`: another process of this program, as who has started it knows it.

use std::env;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::appointment::{Appointment, VARIABLE};
use crate::hang_up::until_hung_up;

pub(crate) struct Worker {
    /// Its standard input is the other end. Nobody else has that, so it closes when the process ends; and this one closes when we do.
    pub(crate) socket: UnixStream,
    pid: u32,
    child: Mutex<Child>,
}

impl Worker {
    pub(crate) fn start(process: Option<&str>) -> io::Result<Worker> {
        let (socket, theirs) = UnixStream::pair()?;
        let process = process.map(str::to_owned);
        let said = Appointment { process }.say(&theirs)?;
        let mut arguments = env::args_os();
        let mut command = Command::new(program()?);
        command.arg0(arguments.next().unwrap_or_default()).args(arguments);
        command.env(VARIABLE, said).stdin(OwnedFd::from(theirs));
        let child = command.spawn()?;
        Ok(Worker {
            socket,
            pid: child.id(),
            child: Mutex::new(child),
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it has ended, if it has.
    pub(crate) fn poll(&self) -> io::Result<Option<ExitStatus>> {
        self.child().try_wait()
    }

    /// Sends it a signal, unless it has ended.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        let mut child = self.child();
        // While it is not waited for, no other process has its number.
        if child.try_wait()?.is_none() {
            kill_process(Pid::from_child(&child), signal)?;
        }
        Ok(())
    }

    /// Blocks until it has ended, up to the deadline.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> io::Result<Option<ExitStatus>> {
        // Not while the child is locked, so that it can be sent signals meanwhile.
        match until_hung_up(&self.socket, deadline)? {
            true => self.child().wait().map(Some),
            false => self.poll(),
        }
    }
}

/// Its exit code, or the number of the signal that has ended it as a negative one.
pub(crate) fn exit_code(status: ExitStatus) -> i32 {
    status.code().or(status.signal().map(|signal| -signal)).unwrap_or(255)
}

/// This program, also when another has taken its place in the file system since.
fn program() -> io::Result<PathBuf> {
    match cfg!(target_os = "linux") {
        true => Ok("/proc/self/exe".into()),
        false => env::current_exe(),
    }
}
