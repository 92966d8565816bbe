//! The standard input, for tasks.

use std::cell::RefCell;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::panic::Location;
use std::thread;

use kolo_executor::{Error, Result, try_running_loop};
use kolo_net::StreamReader;
use kolo_net::transports::StreamProtocol;
use kolo_sync::Lock;
use rustix::fs::{FileType, Mode, OFlags, fstat};

use crate::pipe::descriptor::refused;
use crate::pipe::reading::ReadPipe;

/// What a loop knows of it.
#[derive(Default)]
struct OfLoop {
    reader: RefCell<Option<StreamReader>>,
    /// Held by whoever has shown a prompt, until the answer has come.
    asking: Lock,
}

/// The standard input as a reader: of a pipe, a socket, a terminal or a file. In asyncio it is `connect_read_pipe` with `sys.stdin`.
///
/// The descriptor stays open and as it is: a shell that shares the terminal finds it blocking as before, however the program ends. A file, which
/// the system cannot watch, is read on a thread. Called again it gives the same reader, as there is one for each loop. What was read and not asked
/// for when the loop is closed is lost.
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
    async move { reader().await.map_err(|error| error.at(site)) }
}

/// Shows `prompt` and suspends the task until a line has come from the standard input; gives it without its newline. Mirrors Python's
/// `input(prompt)`, but for stopping the loop.
///
/// It is a line of [`stdin`]'s reader. Tasks that ask at the same time come one after the other, each with its prompt.
///
/// ```no_run
/// use kolo::{input, run};
///
/// run(async {
///     let name = input("Your name? ").await?;
///     println!("Hello, {name}!");
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Io, `EOF when reading a line`, at the end of the standard input, and when the system refuses; Value, for a line that is longer than 64 KiB or no
/// UTF-8; Cancelled; Runtime, without a running loop.
///
/// # Cancel safety
/// No line is lost: it is for whoever asks next.
#[track_caller]
pub fn input(prompt: impl Display) -> impl Future<Output = Result<String>> {
    let site = Location::caller();
    async move { ask(prompt).await.map_err(|error| error.at(site)) }
}

async fn ask(prompt: impl Display) -> Result<String> {
    let of_loop = try_running_loop()?.attached::<OfLoop>();
    let _held = of_loop.asking.hold().await?;
    let reader = reader().await?;
    let mut output = io::stdout();
    write!(output, "{prompt}")?;
    output.flush()?;
    let line = reader.read_line().await?;
    if line.is_empty() {
        return Err(io::Error::new(ErrorKind::UnexpectedEof, "EOF when reading a line").into());
    }
    let mut line = String::from_utf8(line).map_err(|error| Error::value(error.to_string()))?;
    let end = line.trim_end_matches('\n').trim_end_matches('\r').len();
    line.truncate(end);
    Ok(line)
}

/// The loop's reader. Whoever asks first has it connected, and waits for that.
async fn reader() -> Result<StreamReader> {
    let event_loop = try_running_loop()?;
    let of_loop = event_loop.attached::<OfLoop>();
    if let Some(reader) = of_loop.reader.borrow().clone() {
        return Ok(reader);
    }
    let input = input_of(io::stdin().as_fd())?;
    let reader = StreamReader::new();
    let protocol = StreamProtocol::new(&event_loop, &reader);
    let made = event_loop.create_promise();
    ReadPipe::start(&event_loop, input, protocol, made.clone())?;
    of_loop.reader.replace(Some(reader.clone()));
    made.await?;
    Ok(reader)
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
