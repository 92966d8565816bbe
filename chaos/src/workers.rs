//! Work on all processors, which stops at the first failures, and is given up when a piece of it hangs.

use std::fmt::Debug;
use std::io::{Write, stderr};
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use std::{env, process, thread};

/// How long one piece of work may take. Nothing is asserted of it: a run that never ends cannot be failed in another way.
const PATIENCE: Duration = Duration::from_secs(60);

/// After so many failures the rest is not looked at.
const ENOUGH: usize = 5;

/// Does `work` with each number below `count`, and returns what failed.
pub fn on_all(count: usize, work: impl Fn(usize) -> Result<(), String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, |n| n.get());
    let at: Vec<AtomicU64> = (0..workers).map(|_| AtomicU64::new(0)).collect();
    let (over, is_over) = channel::<()>();
    thread::scope(|scope| {
        for at in &at {
            let over = over.clone();
            let (next, failures, work) = (&next, &failures, &work);
            scope.spawn(move || {
                let _over = over;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    at.store(number as u64, Ordering::Relaxed);
                    if number >= count || failures.lock().expect("nobody panics with it").len() >= ENOUGH {
                        return;
                    }
                    if let Err(failure) = work(number) {
                        failures.lock().expect("nobody panics with it").push(failure);
                    }
                }
            });
        }
        drop(over);
        let look = || at.iter().map(|at| at.load(Ordering::Relaxed)).collect::<Vec<_>>();
        let mut before = Vec::new();
        while is_over.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            let now = look();
            let stuck = now.iter().find(|number| before.contains(*number) && **number < count as u64);
            if let Some(stuck) = stuck {
                // Past the capture of the harness, which the end of the process would lose.
                let _ = writeln!(stderr(), "number {stuck} does not end");
                process::abort();
            }
            before = now;
        }
    });
    failures.into_inner().expect("nobody panics with it")
}

/// What the environment says, if it says anything.
///
/// # Panics
/// When it says something else than a number.
pub fn told<T: FromStr<Err: Debug>>(variable: &str) -> Option<T> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{variable}={text}: {error:?}")))
}
