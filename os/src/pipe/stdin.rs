//! The standard input, for tasks.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};
use std::panic::Location;
use std::thread;

use kolo_executor::{Error, Result};
use kolo_net::StreamReader;
use rustix::fs::{FileType, Mode, OFlags, fstat};

use crate::pipe::connect::connect_read_pipe;
use crate::pipe::descriptor::refused;

/// The standard input as a reader: of a pipe, a socket, a terminal or a file. In asyncio it is `connect_read_pipe` with `sys.stdin`.
///
/// The descriptor stays open and as it is: a shell that shares the terminal finds it blocking as before, however the program ends. A file, which
/// the system cannot watch, is read on a thread. What was read and not asked for is lost for whoever reads the standard input later, so call it once.
///
/// ```no_run
/// use kolo::{run, stdin};
///
/// run(async {
///     let input = stdin().await?;
///     loop {
///         let line = input.read_line().await?;
///         if line.is_empty() {
///             return Ok(());
///         }
///         print!("{}", String::from_utf8_lossy(&line));
///     }
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Io, when the standard input is closed, or the system refuses; Cancelled; Runtime, without a running loop.
///
/// # Cancel safety
/// Nothing was read.
#[track_caller]
pub fn stdin() -> impl Future<Output = Result<StreamReader>> {
    let site = Location::caller();
    async move {
        let input = input_of(io::stdin().as_fd()).map_err(|error| error.at(site))?;
        connect_read_pipe(input).await.map_err(|error| error.at(site))
    }
}

/// What can be watched in place of this descriptor.
fn input_of(fd: impl AsFd + IsTerminal) -> Result<OwnedFd> {
    let kind = FileType::from_raw_mode(fstat(&fd).map_err(refused)?.st_mode);
    let own = fd.as_fd().try_clone_to_owned()?;
    match kind {
        FileType::Socket => Ok(own),
        FileType::Fifo => Ok(reopened(&own).unwrap_or(own)),
        FileType::CharacterDevice if fd.is_terminal() => Ok(reopened(&own).unwrap_or(own)),
        _ => by_thread(own.into()),
    }
}

/// The same once more, with flags of its own: that it does not block concerns nobody else. Where that is not possible the flags are shared, and
/// set back at the end.
fn reopened(fd: &OwnedFd) -> Option<OwnedFd> {
    use std::os::fd::AsRawFd;
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    rustix::fs::open(path, flags, Mode::empty()).ok()
}

/// A pipe that a thread fills from the file. It ends with the file, or when nobody reads the pipe any more.
fn by_thread(mut file: File) -> Result<OwnedFd> {
    let (reader, mut writer) = io::pipe()?;
    let copy = move || {
        // An error ends it, too.
        let _ = io::copy(&mut file, &mut writer);
    };
    match thread::Builder::new().name("stdin".into()).spawn(copy) {
        Ok(_) => Ok(reader.into()),
        Err(error) => Err(Error::runtime(format!("can't start new thread: {error}"))),
    }
}
