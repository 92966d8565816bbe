//! Deadlocks are explained, whole and with the right lines; programs that only look stuck go on; the tree of tasks.

mod going_on;
mod stuck;

use std::panic::Location;

use kolo_executor::{Result, Task};

/// The text with each `file:line` of the caller's file as `@` and how many lines below `base` it is.
#[track_caller]
fn relative(base: u32, text: &str) -> String {
    let file = format!("{}:", Location::caller().file());
    let mut parts = text.split(&file);
    let mut relative = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let after = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let line: u32 = part[..part.len() - after.len()].parse().expect("a line");
        relative += &format!("@{}{after}", line - base);
    }
    relative
}

/// A task with a name.
#[track_caller]
fn spawn<T: 'static>(name: &str, coroutine: impl Future<Output = Result<T>> + 'static) -> Task<T> {
    Task::builder().name(name).spawn(coroutine)
}
