//! A loop that is taken to another thread.

use kolo::{run, running_loop};

fn main() -> kolo::Result<()> {
    run(async {
        let event_loop = running_loop();
        std::thread::spawn(move || event_loop.stop());
        Ok(())
    })
}
