//! Children are started.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::panic::Location;
use std::path::Path;
use std::pin::Pin;
use std::process::Command;
use std::rc::Rc;
use std::task::{Context, Poll};

use kolo_executor::{Error, OsError, Promise, Result, create_task, try_running_loop};
use kolo_net::Transport;
use kolo_net::transports::connected;

use crate::pipe::reading::ReadPipe;
use crate::pipe::writing::WritePipe;
use crate::subprocess::child::{Child, Stream};
use crate::subprocess::exit;
use crate::subprocess::pipes::PipeProtocol;
use crate::subprocess::process::{Process, wait};
use crate::subprocess::redirect::{Redirect, Redirects, Target};

/// How much of a stream is buffered unless something else is asked for, in bytes.
const LIMIT: usize = 64 * 1024;

/// Starts a program, the first of `command`, with the rest as its arguments. Mirrors `asyncio.create_subprocess_exec`.
///
/// Its standard streams are this program's, unless the future that this gives is told otherwise before it is awaited.
///
/// ```
/// use kolo::{PIPE, create_subprocess_exec, run};
///
/// run(async {
///     let process = create_subprocess_exec(["echo", "hello"]).stdout(PIPE).await?;
///     let stdout = process.stdout.as_ref().expect("a pipe");
///     assert_eq!(stdout.read_line().await?, b"hello\n");
///     assert_eq!(process.wait().await?, 0);
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Of the future: Io, when there is no such program, or it cannot be run; Value, for an empty command, and for a limit of 0; Cancelled; Runtime,
/// without a running loop.
///
/// # Cancel safety
/// A process that was started is killed, and waited for.
#[track_caller]
pub fn create_subprocess_exec<A: AsRef<OsStr>>(command: impl IntoIterator<Item = A>) -> CreateSubprocess {
    let mut words = command.into_iter();
    let command = words.next().map(|program| {
        let mut command = Command::new(program);
        command.args(words);
        command
    });
    CreateSubprocess::new(command, Location::caller())
}

/// Starts a shell, `/bin/sh`, that runs this command. Mirrors `asyncio.create_subprocess_shell`.
///
/// What is put into the command from outside has to be quoted; [`create_subprocess_exec`] needs no quotes.
///
/// ```
/// use kolo::{create_subprocess_shell, run};
///
/// let returncode = run(async { create_subprocess_shell("exit 7").await?.wait().await });
/// assert_eq!(returncode.unwrap(), 7);
/// ```
///
/// # Errors
/// As [`create_subprocess_exec`].
///
/// # Cancel safety
/// As `create_subprocess_exec`.
#[track_caller]
pub fn create_subprocess_shell(command: impl AsRef<OsStr>) -> CreateSubprocess {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command);
    CreateSubprocess::new(Some(shell), Location::caller())
}

/// The future of [`create_subprocess_exec`] and [`create_subprocess_shell`], and what can be asked of them before it is awaited.
///
/// ```
/// use kolo::{DEVNULL, PIPE, STDOUT, create_subprocess_shell, run};
///
/// run(async {
///     let process = create_subprocess_shell("echo $GREETING from $PWD; ls /no/such/folder")
///         .stdin(DEVNULL)
///         .stdout(PIPE)
///         .stderr(STDOUT)
///         .limit(1024)
///         .current_dir("/")
///         .env_clear()
///         .env("GREETING", "hello")
///         .env("PATH", "/usr/bin:/bin")
///         .process_group(0)
///         .await?;
///     let (output, _) = process.communicate("").await?;
///     assert!(output.unwrap().starts_with(b"hello from /\n"));
///     Ok(())
/// })
/// .unwrap();
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct CreateSubprocess {
    /// `None` once it is under way.
    plan: Option<Plan>,
    creating: Option<Pin<Box<dyn Future<Output = Result<Process>>>>>,
}

struct Plan {
    command: Option<Command>,
    redirects: Redirects,
    limit: usize,
    site: &'static Location<'static>,
}

impl CreateSubprocess {
    fn new(command: Option<Command>, site: &'static Location<'static>) -> CreateSubprocess {
        let inherit = || Redirect(Target::Inherit);
        let plan = Plan {
            command,
            redirects: Redirects {
                stdin: inherit(),
                stdout: inherit(),
                stderr: inherit(),
            },
            limit: LIMIT,
            site,
        };
        let plan = Some(plan);
        CreateSubprocess { plan, creating: None }
    }

    /// Where its standard input comes from. Mirrors `stdin=`.
    pub fn stdin(self, from: impl Into<Redirect>) -> Self {
        self.with(|plan| plan.redirects.stdin = from.into())
    }

    /// Where its standard output goes. Mirrors `stdout=`.
    pub fn stdout(self, to: impl Into<Redirect>) -> Self {
        self.with(|plan| plan.redirects.stdout = to.into())
    }

    /// Where its standard error goes. Mirrors `stderr=`.
    pub fn stderr(self, to: impl Into<Redirect>) -> Self {
        self.with(|plan| plan.redirects.stderr = to.into())
    }

    /// The limit of the readers, in bytes; 64 KiB unless told otherwise. Mirrors `limit=`.
    pub fn limit(self, limit: usize) -> Self {
        self.with(|plan| plan.limit = limit)
    }

    /// The directory in which it starts. Mirrors `cwd=`.
    pub fn current_dir(self, path: impl AsRef<Path>) -> Self {
        self.command(|command| command.current_dir(path))
    }

    /// Sets a variable of its environment, which is this program's otherwise. Mirrors `env=`.
    pub fn env(self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command(|command| command.env(name, value))
    }

    /// Its environment has nothing but what is set from here on. Mirrors `env={}`.
    pub fn env_clear(self) -> Self {
        self.command(Command::env_clear)
    }

    /// The group of processes that it joins; 0 makes one of its own. Mirrors `process_group=`.
    pub fn process_group(self, group: i32) -> Self {
        self.command(|command| command.process_group(group))
    }

    fn command(self, set: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        self.with(|plan| {
            plan.command.as_mut().map(set);
        })
    }

    fn with(mut self, set: impl FnOnce(&mut Plan)) -> Self {
        self.plan.as_mut().map(set);
        self
    }
}

impl Future for CreateSubprocess {
    type Output = Result<Process>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(plan) = self.plan.take() {
            self.creating = Some(Box::pin(async move {
                let site = plan.site;
                plan.create().await.map_err(|error| error.at(site))
            }));
        }
        match &mut self.creating {
            Some(creating) => creating.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

/// Our ends of the pipes.
type Ends = [Option<OwnedFd>; 3];

impl Plan {
    async fn create(self) -> Result<Process> {
        let event_loop = try_running_loop()?;
        if self.limit == 0 {
            return Err(Error::value("Limit cannot be <= 0"));
        }
        let limit = self.limit;
        let (process, ends) = self.spawn()?;
        let wanted = [&ends[0], &ends[1], &ends[2]].map(Option::is_some);
        let child = Child::new(&event_loop, process, wanted, limit);
        let mut process = Process::new(child.clone());
        let is_ready = event_loop.create_promise();
        create_task(connect(child.clone(), ends, is_ready.clone()));
        exit::watch(&event_loop, &child).inspect_err(|_| child.abandon())?;
        if let Err(error) = is_ready.await {
            child.close();
            wait(&child).await?;
            return Err(error);
        }
        process.take_streams();
        Ok(process)
    }

    fn spawn(self) -> Result<(std::process::Child, Ends)> {
        let Some(mut command) = self.command else {
            return Err(Error::value("there is no program in an empty command"));
        };
        let shared = self.redirects.apply(&mut command)?;
        // The command has the child's ends of the pipes, and goes here.
        let mut process = command.spawn().map_err(|error| in_words(&error, &command))?;
        let stdin = process.stdin.take().map(OwnedFd::from);
        let stdout = process.stdout.take().map(OwnedFd::from).or(shared);
        let stderr = process.stderr.take().map(OwnedFd::from);
        Ok((process, [stdin, stdout, stderr]))
    }
}

/// Python's words: which program it was.
fn in_words(error: &std::io::Error, command: &Command) -> Error {
    let Some(errno) = error.raw_os_error() else {
        return Error::value(error.to_string());
    };
    let mut text = error.to_string();
    let words = text.strip_suffix(&format!(" (os error {errno})")).map(str::len);
    text.truncate(words.unwrap_or(text.len()));
    let name = match command.get_current_dir() {
        Some(directory) if !directory.is_dir() => directory.as_os_str(),
        _ => command.get_program(),
    };
    let text = format!("{text}: '{}'", name.display());
    let text = text.into();
    OsError { errno, text }.into()
}

/// Connects the pipes, one after the other, and says so.
async fn connect(child: Rc<Child>, ends: Ends, is_ready: Promise<()>) -> Result<()> {
    let outcome = connect_all(&child, ends).await;
    // Refused when nobody wants to know any more.
    let _ = match outcome {
        Ok(()) => {
            child.pipes_are_connected();
            is_ready.set_result(())
        }
        Err(error) if error.is_cancelled() => {
            is_ready.cancel();
            return Err(error);
        }
        Err(error) => is_ready.set_error(error),
    };
    Ok(())
}

async fn connect_all(child: &Rc<Child>, ends: Ends) -> Result<()> {
    let event_loop = try_running_loop()?;
    for (stream, end) in [Stream::Stdin, Stream::Stdout, Stream::Stderr].into_iter().zip(ends) {
        let Some(end) = end else { continue };
        let protocol = PipeProtocol::new(child.clone(), stream);
        let start = |made| match stream {
            Stream::Stdin => WritePipe::start(&event_loop, end, protocol, made),
            Stream::Stdout | Stream::Stderr => ReadPipe::start(&event_loop, end, protocol, made),
        };
        let transport = connected(&event_loop, start, Transport::close).await?;
        child.set_transport(stream, transport);
    }
    Ok(())
}
