//! Pools of processes: small calls there and back, beside Python's pool.
//!
//! What takes part is this program, and an interpreter, each measured in a process of its own. It is the time on the wall that counts: the
//! work is that of several processes.

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use kolo::{ProcessPoolExecutor, Result, gather, partial, run, run_in_executor};

const CALLS: u64 = 10_000;
const ROUNDS: usize = 7;
/// By threads, and by tasks of a loop.
const WAYS: [&str; 2] = ["map", "run_in_executor"];

/// What the other processes are asked to do.
pub fn increment(n: u64) -> Result<u64> {
    Ok(n + 1)
}

/// One measurement, in this process: nanoseconds a call.
pub fn measure(way: &str, workers: usize) -> Result<f64> {
    let pool = ProcessPoolExecutor::new().max_workers(workers)?;
    // The start of the processes does not count.
    pool.map(partial!(increment), 0..100)?.try_for_each(|done| done.map(drop))?;
    let begun = Instant::now();
    let sum: u64 = match way {
        "map" => pool.map(partial!(increment), 0..CALLS)?.sum::<Result<u64>>()?,
        _ => run(async move {
            let calls = (0..CALLS).map(|n| run_in_executor(&pool, partial!(increment, n)));
            Ok(gather(calls).await?.into_iter().sum())
        })?,
    };
    let each = begun.elapsed().as_nanos() as f64 / CALLS as f64;
    assert_eq!(sum, CALLS * (CALLS + 1) / 2, "every call was made");
    Ok(each)
}

/// Both, in turns, and what they come to: a table of microseconds a call.
pub fn race() -> std::result::Result<String, String> {
    let python = env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("asyncio/processes.py");
    let here = env::current_exe().map_err(|error| error.to_string())?;
    let mut table = format!("{CALLS} small calls, microseconds each: the median of {ROUNDS} (lowest to highest)\n\n");
    table += "| | processes | kolo | Python | times |\n|---|---:|---:|---:|---:|\n";
    for way in WAYS {
        for workers in [1, 2, 4] {
            let (mut kolo, mut theirs) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                let arguments = [way, &workers.to_string()];
                kolo.push(microseconds(Command::new(&here).arg("process-pool").args(arguments))?);
                theirs.push(microseconds(Command::new(&python).arg(&script).args(arguments))?);
            }
            let (ours, theirs) = (Figures::of(kolo), Figures::of(theirs));
            let times = theirs.median / ours.median;
            table += &format!("| {way} | {workers} | {ours} | {theirs} | {times:.1} |\n");
        }
    }
    Ok(table)
}

fn microseconds(command: &mut Command) -> std::result::Result<f64, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let nanoseconds: f64 = printed.trim().parse().map_err(|_| {
        let told = String::from_utf8_lossy(&output.stderr);
        format!("{command:?}: {printed}{told}")
    })?;
    Ok(nanoseconds / 1000.0)
}

struct Figures {
    lowest: f64,
    median: f64,
    highest: f64,
}

impl Figures {
    fn of(mut all: Vec<f64>) -> Figures {
        all.sort_by(f64::total_cmp);
        Figures {
            lowest: all[0],
            median: all[all.len() / 2],
            highest: all[all.len() - 1],
        }
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} ({:.1} to {:.1})", self.median, self.lowest, self.highest)
    }
}
