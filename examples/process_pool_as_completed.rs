//! Tasks await processes, and take the results as they come. Notes: "Asyncio + ProcessPoolExecutor."

use std::hint::black_box;

use kolo::{ProcessPoolExecutor, Result, as_completed, partial, processes, run, run_in_executor};

fn count(count_to: u64) -> Result<u64> {
    let mut counter = 0;
    while counter < count_to {
        counter = black_box(counter + 1);
    }
    Ok(counter)
}

async fn counts() -> Result<()> {
    let process_pool = ProcessPoolExecutor::new();
    let nums = [1, 3, 5, 22, 100_000_000, 50_000_000];
    let calls = nums.map(|num| partial!(count, num));

    let call_coros = calls.map(|call| run_in_executor(&process_pool, call));
    let mut results = as_completed(call_coros);
    while let Some(result) = results.next().await {
        println!("{}", result?);
    }
    Ok(())
}

fn main() -> Result<()> {
    processes!(count);
    run(counts())
}
