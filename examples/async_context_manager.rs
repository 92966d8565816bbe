//! Preparing and releasing with awaits around a body. Notes: in prose, on `async with`.

mod utils;

use kolo::{Error, Result, run, running_loop, sleep};

/// Rust's destructors cannot await, so what Python writes as `async with` is a function that takes the body.
async fn resource(name: &str, body: impl AsyncFnOnce() -> Result<()>) -> Result<()> {
    println!("{name} preparing");
    sleep(1).await?;
    let outcome = body().await;
    let error = outcome.as_ref().err().map_or("None", |_| "ValueError");
    println!("{name} releasing {error}");
    sleep(1).await?;
    outcome
}

/// A destructor is enough where releasing needs no await.
struct Generated(&'static str);

impl Generated {
    fn enter(name: &'static str) -> Generated {
        println!("{name} enter");
        Generated(name)
    }
}

impl Drop for Generated {
    fn drop(&mut self) {
        println!("{} exit", self.0);
    }
}

async fn raises() -> Result<()> {
    let d = Generated::enter("d");
    Err(Error::other(format!("'{}'", d.0)))
}

fn main() -> Result<()> {
    run(async {
        resource("a", async || {
            resource("b", async || {
                println!("inside a b");
                Ok(())
            })
            .await
        })
        .await?;
        // To swallow the error is to drop the outcome.
        drop(resource("c", async || Err(Error::value("swallowed"))).await);
        if let Err(error) = raises().await {
            println!("KeyError {error}");
        }
        println!("{:?}", running_loop().time());
        Ok(())
    })
}
