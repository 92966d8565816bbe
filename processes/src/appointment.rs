//! How a process knows that it was started to serve another, and by which socket.

use std::env;
use std::io;
use std::os::fd::AsFd;

use rustix::fs::fstat;

/// Names the socket that is the standard input of who is meant.
///
/// The variable is inherited by all whom that process starts in turn, the socket by none of them: so it says something to one process only, and also
/// when its parent is gone already.
pub(crate) const VARIABLE: &str = "KOLO_PROCESS";

/// What a process was started for.
pub(crate) struct Appointment {
    /// The name of a process of `multiprocessing`, which does one thing; `None` for the worker of a pool.
    pub(crate) process: Option<String>,
}

impl Appointment {
    pub(crate) fn of_this_process() -> Option<Appointment> {
        let said = env::var(VARIABLE).ok()?;
        let (socket, process) = said
            .split_once(' ')
            .map_or((&*said, None), |(socket, name)| (socket, Some(name)));
        let is_meant = name_of(io::stdin()).is_ok_and(|name| name == socket);
        is_meant.then(|| Appointment {
            process: process.map(str::to_owned),
        })
    }

    /// What the variable says to who has this socket.
    pub(crate) fn say(&self, socket: impl AsFd) -> io::Result<String> {
        let name = name_of(socket)?;
        Ok(match &self.process {
            Some(process) => format!("{name} {process}"),
            None => name,
        })
    }
}

/// No two sockets have the same.
fn name_of(socket: impl AsFd) -> io::Result<String> {
    let status = fstat(socket)?;
    Ok(format!("{}:{}", status.st_dev, status.st_ino))
}
