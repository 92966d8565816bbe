//! Closures where functions are named that other processes call.

use kolo::{ProcessPoolExecutor, partial, processes};

fn main() -> kolo::Result<()> {
    processes!(|n: u64| Ok(n));
    let factor = 3;
    let pool = ProcessPoolExecutor::new();
    pool.submit(partial!(move |n: u64| Ok(n * factor), 5))?;
    Ok(())
}
