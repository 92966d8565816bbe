//! Panics that are meant, which are silent, and all others, which are noted: kolo catches panics, so that one of its own would pass for the
//! program's.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::io::{Write, stderr};
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

/// The payload of a panic that is meant, with whatever has to go with it.
#[derive(Debug)]
pub struct Meant<T>(pub T);

/// What kolo's functions panic with that want a running loop, as they promise.
const NO_LOOP: &str = ": no running event loop on this thread; call it from";

thread_local! {
    static UNMEANT: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// By what those who read of a crash can run it again.
    static RUNS: Cell<u64> = const { Cell::new(0) };
}

/// Says what this thread runs from now on: a number that is printed with a panic that is not meant, which may be the last that is heard.
pub fn now_runs(number: u64) {
    RUNS.set(number);
}

/// Notes panics whose payload is no `Meant<T>`, in the thread in which they happen, if that [runs](now_runs) something; and keeps silent about
/// those whose payload is one, and about calls that need a loop where none runs.
pub fn tell_apart<T: Any>() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let asks_for_a_loop = info.payload_as_str().is_some_and(|text| text.contains(NO_LOOP));
            if info.payload().is::<Meant<T>>() || asks_for_a_loop {
                return;
            }
            let runs = RUNS.get();
            if runs == 0 {
                return before(info);
            }
            let told = told(info);
            // Past the capture of the harness: it may be the last that is heard.
            let _ = writeln!(stderr(), "while {runs} runs: {told}");
            UNMEANT.with_borrow_mut(|unmeant| unmeant.push(told));
        }));
    });
}

fn told(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    format!("{} ({place})", info.payload_as_str().unwrap_or("a panic without words"))
}

/// The panics of this thread that were not meant, since the last call.
pub fn unmeant() -> Vec<String> {
    UNMEANT.take()
}
