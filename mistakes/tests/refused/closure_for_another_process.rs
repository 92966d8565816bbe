//! Closures for processes, as they are for threads.

use kolo::multiprocessing::Process;
use kolo::{ProcessPoolExecutor, run, run_in_executor};

fn count(to: u64) -> kolo::Result<u64> {
    Ok(to)
}

fn main() -> kolo::Result<()> {
    kolo::processes!(count);
    let factor = 3;
    let pool = ProcessPoolExecutor::new();
    pool.submit(move || Ok(factor * 2))?;
    pool.map(count, [1, 2])?;
    Process::new(|| count(5)).start()?;
    run(async move { run_in_executor(&pool, move || count(factor)).await })?;
    Ok(())
}
