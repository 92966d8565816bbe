//! A thread gives work to the loop and waits for it. Notes: in prose, on `run_coroutine_threadsafe`.

mod utils;

use std::thread;

use kolo::{Error, Promise, RemoteHandle, Result, run, running_loop, sleep};
use utils::Repr;

thread_local! {
    /// What the thread completes at its end. Promises stay in the loop's thread; only calls go there.
    static THREAD_DONE: Promise<&'static str> = Promise::new();
}

async fn add(a: u32, b: u32) -> Result<u32> {
    sleep(1).await?;
    let in_main = thread::current().name() == Some("main");
    println!("add runs in the main thread: {}", in_main.repr());
    Ok(a + b)
}

async fn fail() -> Result<()> {
    Err(Error::value("bad"))
}

fn thread(remote: RemoteHandle) -> Result<()> {
    let future = remote.spawn(|| add(1, 2));
    println!("{future:?}");
    println!("result: {}", future.wait()?);
    if let Err(error) = remote.spawn(fail).wait() {
        println!("ValueError: {error}");
    }
    remote.call_soon(|| println!("call_soon_threadsafe"))?;
    remote.call_soon(|| drop(THREAD_DONE.with(|done| done.set_result("thread done"))))
}

fn main() -> Result<()> {
    run(async {
        let event_loop = running_loop();
        let remote = event_loop.remote();
        thread::spawn(move || thread(remote));
        println!("{}", THREAD_DONE.with(Promise::clone).await?);
        // A second of real time: while a remote handle is alive, a virtual clock does not jump.
        println!("{:.1}", event_loop.time());
        Ok(())
    })
}
