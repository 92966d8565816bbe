//! A context variable has a value of its own in each task. Notes: "Context var".

mod utils;

use kolo::{ContextVar, Result, gather, run};
use utils::Repr;

static GLOBAL_VAR: ContextVar<u32> = ContextVar::new("global_var");

async fn printer(i: u32) -> Result<()> {
    println!("printer {i} global_var={}", GLOBAL_VAR.get().repr());
    GLOBAL_VAR.set(i);
    println!("printer {i} global_var={}", GLOBAL_VAR.get().repr());
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        gather((0..3).map(|i| printer(i + 1))).await?;
        Ok(())
    })
}
