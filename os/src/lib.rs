//! Processes, pipes, signals and files, as asyncio has them, to the iteration.
#![forbid(unsafe_code)]
// Elsewhere `kolo` says so, and there is nothing else to say.
#![cfg(unix)]

mod files;
mod pipe;
mod signals;
mod subprocess;

pub use files::file::File;
pub use files::form::{Binary, Form, Text};
pub use files::open::{open, open_binary};
pub use pipe::connect::{connect_read_pipe, connect_write_pipe, create_read_pipe, create_write_pipe};
pub use pipe::stdin::{input, stdin};
pub use signals::{add_signal_handler, remove_signal_handler};
pub use subprocess::create::{CreateSubprocess, create_subprocess_exec, create_subprocess_shell};
pub use subprocess::process::Process;
pub use subprocess::redirect::{DEVNULL, PIPE, Redirect, STDOUT};
