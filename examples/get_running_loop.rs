//! The running loop, and what there is when none runs. Notes: in prose, on event loops.

mod utils;

use kolo::{Result, run, running_loop, try_running_loop};
use utils::Repr;

/// `get_event_loop` of the notes, which makes a loop when there is none, has no counterpart: that is what `EventLoop::new` is for.
fn running() -> String {
    match try_running_loop() {
        Ok(event_loop) => (event_loop == running_loop()).repr(),
        Err(error) => format!("RuntimeError: {error}"),
    }
}

fn main() -> Result<()> {
    println!("{}", running());
    run(async {
        println!("{}", running());
        Ok(())
    })?;
    println!("{}", running());
    Ok(())
}
