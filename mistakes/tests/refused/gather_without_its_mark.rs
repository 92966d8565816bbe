//! `gather(a(), b())`: the macro `gather!` takes several, the function one list.

use kolo::{Result, as_completed, create_task, gather, run, sleep, wait};

async fn say(what: &str) -> Result<()> {
    println!("{what}");
    sleep(1).await
}

fn main() -> Result<()> {
    run(async {
        gather(say("a"), say("b")).await?;
        gather((say("a"), say("b"))).await?;
        gather(say("a")).await?;
        as_completed(say("a"), say("b")).next().await;
        wait(create_task(say("a"))).await?;
        Ok(())
    })
}
