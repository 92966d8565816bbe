//! Ctrl-C where nobody is quick enough to press it.

use kolo::{Clock, EventLoop};
use signal_hook::consts::SIGINT;
use signal_hook::low_level::raise;

/// Presses Ctrl-C at this time of a virtual clock, whose hours are over at once. At real speed that is left to the user.
pub(crate) fn press_ctrl_c_at(when: f64, event_loop: &EventLoop) {
    if let Ok(Clock::Virtual) = Clock::from_env() {
        event_loop.call_at(when, || {
            if let Err(error) = raise(SIGINT) {
                eprintln!("Ctrl-C cannot be pressed: {error}");
            }
        });
    }
}
