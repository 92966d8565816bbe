//! Queries to a database in threads, the threads in several processes. Notes: the homework of "Избавление состояния гонки. Мютексы."

use std::collections::HashMap;
use std::ops::Range;

use kolo::{ProcessPoolExecutor, Result, ThreadPoolExecutor, gather, partial, processes, run, run_in_executor};

thread_local! {
    /// A made-up database: every thread has its own connection.
    static DATABASE: HashMap<u64, u64> = (0..1000).map(|i| (i, i * i)).collect();
}

fn query(number: u64) -> Result<u64> {
    Ok(DATABASE.with(|rows| rows[&number]))
}

fn thread_pool(numbers: Range<u64>) -> Result<u64> {
    let threads = ThreadPoolExecutor::new().max_workers(4)?;
    threads.map(query, numbers)?.sum()
}

async fn queries() -> Result<()> {
    let processes = ProcessPoolExecutor::new().max_workers(2)?;
    let parts = (0..1000).step_by(250).map(|start| start..start + 250);
    let sums = parts.map(|part| run_in_executor(&processes, partial!(thread_pool, part)));
    let sums = gather(sums).await?;
    println!("{sums:?} {}", sums.iter().sum::<u64>());
    Ok(())
}

fn main() -> Result<()> {
    processes!(thread_pool);
    run(queries())
}
