//! A thread gives work to the loop and waits for it. Notes: in prose, on `run_coroutine_threadsafe`.

mod utils;

use std::thread;

use kolo::{Error, RemoteHandle, Result, run, run_in_executor, running_loop, sleep};
use utils::Repr;

async fn add(a: u32, b: u32) -> Result<u32> {
    sleep(1).await?;
    let in_main = thread::current().name() == Some("main");
    println!("add runs in the main thread: {}", in_main.repr());
    Ok(a + b)
}

async fn fail() -> Result<()> {
    Err(Error::value("bad"))
}

fn thread(remote: RemoteHandle) -> Result<&'static str> {
    let future = remote.spawn(|| add(1, 2));
    println!("{future:?}");
    println!("result: {}", future.wait()?);
    if let Err(error) = remote.spawn(fail).wait() {
        println!("ValueError: {error}");
    }
    remote.call_soon(|| println!("call_soon_threadsafe"))?;
    Ok("thread done")
}

fn main() -> Result<()> {
    run(async {
        let remote = running_loop().remote();
        println!("{}", run_in_executor(None, move || thread(remote)).await?);
        // A second of real time: while a call is under way, a virtual clock does not jump.
        println!("{:.1}", running_loop().time());
        Ok(())
    })
}
