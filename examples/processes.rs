//! Two processes count at the same time. Notes: "Запуск новых процессов".

use std::hint::black_box;

use kolo::multiprocessing::Process;
use kolo::{EventLoop, Result, partial, processes};

fn count(count_to: u64) -> Result<u64> {
    // A loop that does not run has a clock, too: the time from its creation.
    let clock = EventLoop::new()?;
    let mut counter = 0;
    while counter < count_to {
        counter = black_box(counter + 1); // or the compiler would know the end
    }
    println!("Закончен подсчет до {count_to} за время {:?}", clock.time());
    Ok(counter)
}

fn main() -> Result<()> {
    processes!(count);

    let clock = EventLoop::new()?;
    let to_one_hundred_million = Process::new(partial!(count, 100_000_000));
    let to_two_hundred_million = Process::new(partial!(count, 200_000_000));

    to_one_hundred_million.start()?;
    to_two_hundred_million.start()?;
    to_one_hundred_million.join()?;
    to_two_hundred_million.join()?;
    println!("Полное время работы {:?}", clock.time());
    Ok(())
}
