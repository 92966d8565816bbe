//! A global variable is shared by all coroutines. Notes: "Context var".

mod utils;

use std::cell::Cell;

use kolo::{Result, gather, run};
use utils::Repr;

thread_local! {
    static GLOBAL_VAR: Cell<Option<u32>> = const { Cell::new(None) };
}

async fn printer(i: u32) -> Result<()> {
    println!("printer {i} global_var={}", GLOBAL_VAR.get().repr());
    GLOBAL_VAR.set(Some(i));
    println!("printer {i} global_var={}", GLOBAL_VAR.get().repr());
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        gather((0..3).map(|i| printer(i + 1))).await?;
        Ok(())
    })
}
