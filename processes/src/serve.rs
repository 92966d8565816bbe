//! The life of a process that serves another.

use std::fs::File;
use std::io::{self, BufReader};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process;
use std::sync::Arc;
use std::thread;

use kolo_executor::primitive::say;
use rustix::stdio::dup2_stdin;

use crate::appointment::Appointment;
use crate::failure::Failure;
use crate::hang_up::until_hung_up;
use crate::letter::{Letter, Received};
use crate::registry::{Wanted, call};

/// The number of an answer: what the function has returned.
pub(crate) const RETURNED: u32 = 0;
/// The number of an answer: a [`Failure`].
pub(crate) const FAILED: u32 = 1;

/// Does what it is asked to do, until nobody asks any more.
pub(crate) fn serve(appointment: Appointment) -> ! {
    let socket = match socket() {
        Ok(socket) => Arc::new(socket),
        Err(error) => {
            say(format_args!("a process of kolo's cannot be reached: {error}"));
            process::exit(1)
        }
    };
    end_with_the_parent(socket.clone());
    let mut letters = BufReader::new(&*socket);
    let Some(name) = appointment.process else {
        while let Ok(letter) = Received::receive(&mut letters) {
            if answer(&letter).is_none_or(|answer| answer.send(&*socket).is_err()) {
                break;
            }
        }
        process::exit(0)
    };
    let Ok(letter) = Received::receive(&mut letters) else {
        process::exit(1)
    };
    let outcome = call(&letter, Wanted::Nothing);
    if let Err(error) = &outcome {
        say(format_args!("Process {name}:\n{}", error.traceback()));
    }
    process::exit(i32::from(outcome.is_err()))
}

/// What it was started with as standard input. In its stead there is nothing to read any more, as Python has it.
fn socket() -> io::Result<UnixStream> {
    let stdin = io::stdin();
    let socket = stdin.as_fd().try_clone_to_owned()?;
    dup2_stdin(File::open("/dev/null")?)?;
    Ok(socket.into())
}

/// Whatever is being done when the parent is no more, nobody wants it.
fn end_with_the_parent(socket: Arc<UnixStream>) {
    let watch = move || {
        let _ = until_hung_up(&*socket, None);
        process::exit(1)
    };
    if thread::Builder::new().spawn(watch).is_err() {
        say(format_args!("a process of kolo's cannot start its thread"));
        process::exit(1);
    }
}

fn answer(letter: &Received) -> Option<Letter> {
    let failed = |error| Letter::write(FAILED, "the error", &Failure::of(&error)).map(Some);
    call(letter, Wanted::Result).or_else(failed).ok().flatten()
}
