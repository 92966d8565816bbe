//! What leaves the loop's thread: calls on threads, children, files. kolo beside tokio, and beside smol with the pool of `blocking`.

mod kolo;
mod race;
pub mod section;
mod smol;
mod tokio;

pub use race::{Figures, race};

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is done so and so often, and how long that takes.
pub type Run = fn(&Set) -> Duration;

/// One of those that do the work.
pub struct Contender {
    pub name: &'static str,
    /// In the order of [`WORKS`].
    pub runs: [Run; WORKS.len()],
}

pub const CONTENDERS: [Contender; 3] = [kolo::CONTENDER, tokio::CONTENDER, smol::CONTENDER];

/// A work, and how its time is written.
pub struct Work {
    pub name: &'static str,
    /// How often it is done in a run.
    pub times: u32,
    pub unit: &'static str,
    /// How many nanoseconds a unit is.
    pub nanoseconds: f64,
}

const fn work(name: &'static str, times: u32, unit: &'static str, nanoseconds: f64) -> Work {
    Work {
        name,
        times,
        unit,
        nanoseconds,
    }
}

pub const JOBS: u32 = 20_000;
pub const BURST: u32 = 5_000;
pub const CHILDREN: u32 = 200;
pub const LINES: u32 = 1_000_000;
/// How much goes through `cat`, in bytes.
pub const FLOW: usize = 1 << 30;
/// How much of it is written and read at a time.
pub const PIECE: usize = 64 * 1024;

pub const WORKS: [Work; 5] = [
    work("one job there and back", JOBS, "us", 1e3),
    work("5,000 jobs at once, each", BURST, "us", 1e3),
    work("spawn `/bin/true` and wait", CHILDREN, "us", 1e3),
    work("1 GB through `cat`", 1, "ms", 1e6),
    work("a line of a file", LINES, "ns", 1.0),
];

/// What the works need.
pub struct Set {
    pub file: PathBuf,
}

impl Set {
    /// A file of short lines.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(folder: &Path) -> std::io::Result<Set> {
        let file = folder.join(format!("kolo-benches-lines-{}", std::process::id()));
        let lines: String = (0..LINES)
            .map(|n| format!("{n:>8} a line of a file that is read by lines\n"))
            .collect();
        fs::write(&file, lines)?;
        Ok(Set { file })
    }
}

impl Drop for Set {
    fn drop(&mut self) {
        // In the temporary folder it does no harm.
        let _ = fs::remove_file(&self.file);
    }
}
