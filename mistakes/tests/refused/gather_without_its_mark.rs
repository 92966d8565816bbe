//! `gather(a(), b())`: the macro `gather!` takes several, the function one iterator.

use kolo::{Result, gather, run, sleep};

async fn say(what: &str) -> Result<()> {
    println!("{what}");
    sleep(1).await
}

fn main() -> Result<()> {
    run(async {
        gather(say("a"), say("b")).await?;
        gather((say("a"), say("b"))).await?;
        Ok(())
    })
}
