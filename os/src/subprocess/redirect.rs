//! `Redirect`: where the standard streams of a child lead.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, Stdio};

use kolo_executor::{Error, Result};

/// Where a standard stream of a child leads: [`PIPE`], [`DEVNULL`], [`STDOUT`], or a file or another descriptor of yours. Without one of them it
/// is this program's own.
#[derive(Debug)]
pub struct Redirect(pub(crate) Target);

#[derive(Debug)]
pub(crate) enum Target {
    Inherit,
    Pipe,
    Null,
    Stdout,
    Descriptor(OwnedFd),
}

/// A pipe to this program. Mirrors `asyncio.subprocess.PIPE`.
pub const PIPE: Redirect = Redirect(Target::Pipe);

/// The null device. Mirrors `asyncio.subprocess.DEVNULL`.
pub const DEVNULL: Redirect = Redirect(Target::Null);

/// For the standard error: wherever the standard output leads. Mirrors `asyncio.subprocess.STDOUT`.
pub const STDOUT: Redirect = Redirect(Target::Stdout);

macro_rules! from {
    ($($descriptor:ty),*) => {$(
        impl From<$descriptor> for Redirect {
            fn from(descriptor: $descriptor) -> Redirect {
                Redirect(Target::Descriptor(descriptor.into()))
            }
        }
    )*};
}
from!(OwnedFd, File, PipeReader, PipeWriter);

/// The three of a child.
pub(crate) struct Redirects {
    pub(crate) stdin: Redirect,
    pub(crate) stdout: Redirect,
    pub(crate) stderr: Redirect,
}

impl Redirects {
    /// Has the command use them. Gives our end of its standard output, if that is a pipe which the standard error shares.
    pub(crate) fn apply(self, command: &mut Command) -> Result<Option<OwnedFd>> {
        let Redirects { stdin, stdout, stderr } = self;
        command.stdin(stdin.stdio()?);
        if !matches!(stderr.0, Target::Stdout) {
            command.stdout(stdout.stdio()?).stderr(stderr.stdio()?);
            return Ok(None);
        }
        let (ours, theirs): (_, OwnedFd) = match stdout.0 {
            Target::Pipe => {
                let (ours, theirs) = io::pipe()?;
                (Some(ours.into()), theirs.into())
            }
            Target::Inherit => (None, io::stdout().as_fd().try_clone_to_owned()?),
            Target::Null => (None, File::options().write(true).open("/dev/null")?.into()),
            Target::Descriptor(descriptor) => (None, descriptor),
            Target::Stdout => return Err(only_stderr()),
        };
        command.stderr(Stdio::from(theirs.try_clone()?)).stdout(Stdio::from(theirs));
        Ok(ours)
    }
}

impl Redirect {
    fn stdio(self) -> Result<Stdio> {
        match self.0 {
            Target::Inherit => Ok(Stdio::inherit()),
            Target::Pipe => Ok(Stdio::piped()),
            Target::Null => Ok(Stdio::null()),
            Target::Descriptor(descriptor) => Ok(Stdio::from(descriptor)),
            Target::Stdout => Err(only_stderr()),
        }
    }
}

fn only_stderr() -> Error {
    Error::value("STDOUT can only be used for stderr").without_place()
}
