//! Ctrl-C where nobody is quick enough to press it.

use std::process::Command;

use kolo::{Clock, EventLoop};

/// Presses Ctrl-C at this time of a virtual clock, whose hours are over at once. At real speed that is left to the user.
pub(crate) fn press_ctrl_c_at(when: f64, event_loop: &EventLoop) {
    if let Ok(Clock::Virtual) = Clock::from_env() {
        event_loop.call_at(when, || {
            // The shell, because std can start a process but not send a signal.
            if let Err(error) = Command::new("sh").args(["-c", "kill -INT $PPID"]).status() {
                eprintln!("Ctrl-C cannot be pressed: {error}");
            }
        });
    }
}
