//! `submit`, `map`, futures that threads wait for, and the same from tasks. Notes: `concurrent.futures`.

mod utils;

use std::sync::mpsc::channel;

use kolo::{Error, Result, ReturnWhen, ThreadPoolExecutor, concurrent, run, run_in_executor, to_thread, wrap_future};
use utils::Repr;

fn square(x: u32) -> Result<u32> {
    Ok(x * x)
}

fn fail() -> Result<u32> {
    Err(Error::value("bad"))
}

fn threads() -> Result<()> {
    let pool = ThreadPoolExecutor::new().max_workers(2)?;
    let future = pool.submit(|| square(7))?;
    println!(
        "Future {} {} {}",
        future.result()?,
        future.done().repr(),
        future.cancelled().repr()
    );
    println!("map: {:?}", pool.map(square, 0..5)?.collect::<Result<Vec<_>>>()?);
    let broken = pool.submit(fail)?;
    println!(
        "exception: {}",
        broken.error()?.map_or("None".to_owned(), |error| error.repr())
    );

    // Both threads wait at a gate, so that the third job stands in the queue.
    let gates = [channel::<()>(), channel()];
    let (open, closed): (Vec<_>, Vec<_>) = gates.into_iter().unzip();
    let wait = |gate: std::sync::mpsc::Receiver<()>| pool.submit(move || Ok(gate.recv().is_ok()));
    let jobs = closed.into_iter().map(wait).collect::<Result<Vec<_>>>()?;
    let queued = pool.submit(|| square(9))?;
    println!(
        "cancel of a queued job: {} {}",
        queued.cancel().repr(),
        queued.cancelled().repr()
    );
    open.iter().try_for_each(|gate| gate.send(()))?;
    let waited = concurrent::wait(&jobs, None, ReturnWhen::AllCompleted);
    println!("wait: {} {}", waited.done.len(), waited.not_done.len());

    let three = (0..3).map(|i| pool.submit(move || square(i))).collect::<Result<Vec<_>>>()?;
    let mut squares = concurrent::as_completed(&three)
        .map(|future| future.result())
        .collect::<Result<Vec<_>>>()?;
    squares.sort();
    println!("as_completed: {squares:?}");
    let job = pool.submit(|| square(3))?;
    job.add_done_callback(|job| println!("callback: {}", job.result().unwrap_or_default()));
    Ok(()) // the pool is dropped: here its jobs are waited for
}

fn main() -> Result<()> {
    threads()?;
    run(async {
        let pool = ThreadPoolExecutor::new();
        println!("run_in_executor: {}", run_in_executor(&pool, || square(4)).await?);
        println!("wrap_future: {}", wrap_future(&pool.submit(|| square(5))?).await?);
        drop(pool);
        println!("to_thread: {}", to_thread(|| square(6)).await?);
        Ok(())
    })
}
