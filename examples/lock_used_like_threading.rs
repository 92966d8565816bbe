//! What becomes of a lock that is used like the one of `threading`. Notes: "Deadlock".

mod utils;

use kolo::{Lock, Result, run};
use utils::Repr;

fn main() -> Result<()> {
    run(async {
        let lock = Lock::new();

        // acquire the lock manually
        let coroutine = lock.acquire();
        // critical section...
        println!("acquire() without await takes nothing, locked: {}", lock.locked().repr());
        // release the lock
        if let Err(error) = lock.release() {
            println!("RuntimeError: {error}");
        }
        drop(coroutine);

        {
            // `with lock` in place of `async with lock`: the guard is still to come, and `let held: Held = ...` would not compile.
            let _not_held = lock.hold();
            println!("hold() without await takes nothing, locked: {}", lock.locked().repr());
        }

        {
            let _held = lock.hold().await?;
            println!("async with, locked: {}", lock.locked().repr());
        }
        println!("after it, locked: {}", lock.locked().repr());
        Ok(())
    })
}
