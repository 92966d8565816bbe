//! `Process`: a child as its user has it.

use std::fmt;
use std::io;
use std::panic::Location;
use std::rc::Rc;

use kolo_executor::{Error, Result, gather};
use kolo_net::{StreamReader, StreamWriter, Transport};
use rustix::process::Signal;

use crate::subprocess::child::{Child, Stream};
use crate::subprocess::signal::signal_of;

/// What has come from standard output and from standard error.
type Outputs = (Option<Vec<u8>>, Option<Vec<u8>>);

/// A child process; from [`create_subprocess_exec`](crate::create_subprocess_exec) and
/// [`create_subprocess_shell`](crate::create_subprocess_shell). Mirrors `asyncio.subprocess.Process`.
///
/// Dropped, or when its loop is closed, it is killed if it runs still; and it is reaped in any case.
///
/// ```
/// use kolo::{create_subprocess_exec, run};
///
/// run(async {
///     let process = create_subprocess_exec(["sleep", "100"]).await?;
///     println!("number {} runs", process.pid());
///     process.terminate()?; // or `kill`, or `send_signal` with a number
///     assert_eq!(process.wait().await?, -15);
///     assert!(process.kill().is_err() && process.send_signal(15).is_err()); // it has ended
///     Ok(())
/// })
/// .unwrap();
/// ```
pub struct Process {
    /// What its standard input is written to, if that is a [`PIPE`](crate::PIPE).
    pub stdin: Option<StreamWriter>,
    /// What its standard output is read from, if that is a [`PIPE`](crate::PIPE).
    pub stdout: Option<StreamReader>,
    /// What its standard error is read from, if that is a [`PIPE`](crate::PIPE).
    pub stderr: Option<StreamReader>,
    child: Rc<Child>,
}

impl Process {
    pub(crate) fn new(child: Rc<Child>) -> Process {
        let (stdin, stdout, stderr) = (None, None, None);
        Process {
            stdin,
            stdout,
            stderr,
            child,
        }
    }

    /// Its pipes are connected.
    pub(crate) fn take_streams(&mut self) {
        let child = &self.child;
        let writer =
            |transport: &Transport| StreamWriter::new(transport.clone(), child.stdin_protocol.clone(), StreamReader::new());
        self.stdin = child.transport(Stream::Stdin).map(writer);
        self.stdout = child.reader(Stream::Stdout);
        self.stderr = child.reader(Stream::Stderr);
    }

    /// The number of the process.
    pub fn pid(&self) -> u32 {
        self.child.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// How it has exited: its exit code, or, of one that a signal has ended, that signal's number as a negative one. `None` while it runs, and
    /// until the loop has learnt of the end. 255, if somebody else in this program has waited for it.
    pub fn returncode(&self) -> Option<i32> {
        self.child.returncode()
    }

    /// Suspends the task until the process has exited and its pipes are closed, and gives its [`returncode`](Process::returncode). Mirrors
    /// `process.wait`.
    ///
    /// The pipes may be held open by a grandchild; and a child that writes to a pipe which nobody reads never exits: see
    /// [`communicate`](Process::communicate).
    ///
    /// # Errors
    /// Cancelled.
    ///
    /// # Cancel safety
    /// The process runs on, and can be waited for again.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = Result<i32>> + use<> {
        let (child, site) = (self.child.clone(), Location::caller());
        async move { wait(&child).await.map_err(|error| error.at(site)) }
    }

    /// Writes `input` to the standard input and closes it, reads standard output and standard error to their ends, and waits. `None` for what is
    /// no pipe. Mirrors `process.communicate`; without an input, `b""`.
    ///
    /// ```
    /// use kolo::{PIPE, create_subprocess_exec, run};
    ///
    /// run(async {
    ///     let process = create_subprocess_exec(["tr", "a-z", "A-Z"]).stdin(PIPE).stdout(PIPE).await?;
    ///     let (output, _) = process.communicate("hello").await?;
    ///     assert_eq!(output.as_deref(), Some(&b"HELLO"[..]));
    ///     assert_eq!(process.returncode(), Some(0));
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// A stream's; Cancelled. That the child does not read its input is none.
    ///
    /// # Cancel safety
    /// The process runs on. What was read is lost.
    #[track_caller]
    pub fn communicate<I: AsRef<[u8]>>(&self, input: I) -> impl Future<Output = Result<Outputs>> + use<I> {
        let (child, input, site) = (self.child.clone(), input.as_ref().to_vec(), Location::caller());
        let stdin = feed(self.stdin.clone(), input);
        let stdout = read(self.stdout.clone(), child.transport(Stream::Stdout).cloned());
        let stderr = read(self.stderr.clone(), child.transport(Stream::Stderr).cloned());
        async move {
            let ((), stdout, stderr) = gather!(stdin, stdout, stderr).await.map_err(|error| error.at(site))?;
            wait(&child).await.map_err(|error| error.at(site))?;
            Ok((stdout, stderr))
        }
    }

    /// Sends it a signal, by its number. One that has exited gets none. Mirrors `process.send_signal`.
    ///
    /// # Errors
    /// Value, for a number that is no signal's, and for a real-time signal's; Io: that there is no such process, once it has exited and its pipes are closed, or that it is
    /// not permitted.
    #[track_caller]
    pub fn send_signal(&self, signal: i32) -> Result<()> {
        let site = Location::caller();
        let signal = signal_of(signal).map_err(|error| error.at(site))?;
        self.child.send_signal(signal).map_err(|error| error.at(site))
    }

    /// Asks it to end, by SIGTERM. Mirrors `process.terminate`.
    ///
    /// # Errors
    /// As [`send_signal`](Process::send_signal).
    #[track_caller]
    pub fn terminate(&self) -> Result<()> {
        let site = Location::caller();
        self.child.send_signal(Signal::TERM).map_err(|error| error.at(site))
    }

    /// Ends it, by SIGKILL. Mirrors `process.kill`.
    ///
    /// # Errors
    /// As [`send_signal`](Process::send_signal).
    #[track_caller]
    pub fn kill(&self) -> Result<()> {
        let site = Location::caller();
        self.child.send_signal(Signal::KILL).map_err(|error| error.at(site))
    }
}

pub(crate) async fn wait(child: &Child) -> Result<i32> {
    if let Some(returncode) = child.returncode() {
        return Ok(returncode);
    }
    child.waiter().await
}

async fn feed(stdin: Option<StreamWriter>, input: Vec<u8>) -> Result<()> {
    let Some(stdin) = stdin else { return Ok(()) };
    let mut outcome = stdin.write(input);
    if outcome.is_ok() {
        outcome = stdin.drain().await;
    }
    match outcome {
        Err(error) if !is_unread(&error) => return Err(error),
        _ => stdin.close(),
    }
    Ok(())
}

/// Whether this says that nobody reads.
fn is_unread(error: &Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset))
}

async fn read(stream: Option<StreamReader>, transport: Option<Transport>) -> Result<Option<Vec<u8>>> {
    let Some(stream) = stream else { return Ok(None) };
    let output = stream.read_to_end().await?;
    transport.inspect(Transport::close);
    Ok(Some(output))
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.close();
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Process {:?}>", self.child)
    }
}
