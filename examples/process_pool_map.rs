//! A pool of processes: `map` gives results in the order of the arguments. Notes: "concurrent.futures".

use std::hint::black_box;

use kolo::{EventLoop, ProcessPoolExecutor, Result, partial, processes};

fn count(count_to: u64) -> Result<u64> {
    let clock = EventLoop::new()?;
    let mut counter = 0;
    while counter < count_to {
        counter = black_box(counter + 1);
    }
    println!("Закончен подсчет до {count_to} за время {:?}", clock.time());
    Ok(counter)
}

fn main() -> Result<()> {
    processes!(count);

    let process_pool = ProcessPoolExecutor::new();
    let numbers = [1, 3, 5, 100_000_000, 50_000_000];
    for result in process_pool.map(partial!(count), numbers)? {
        println!("{}", result?);
    }
    Ok(())
}
