//! Every line of the log names the request it belongs to. Notes: "Context var".

mod utils;

use std::cell::Cell;

use kolo::{Context, ContextVar, Result, Task, gather, run, running_loop, sleep};
use utils::Repr;

static REQUEST_ID: ContextVar<u32> = ContextVar::new("request_id");

thread_local! {
    static NUMBERS: Cell<u32> = const { Cell::new(0) };
}

fn log(message: &str) {
    let id = REQUEST_ID.get().map_or(String::from("-"), |id| id.to_string());
    println!("{:.1} [request {id}] {message}", running_loop().time());
}

async fn query(what: &str, seconds: f64) -> Result<()> {
    log(&format!("query {what}"));
    sleep(seconds).await?;
    log(&format!("answer {what}"));
    Ok(())
}

async fn handle(seconds: f64) -> Result<()> {
    NUMBERS.set(NUMBERS.get() + 1);
    let token = REQUEST_ID.set(NUMBERS.get());
    log("start");
    // gather wraps the coroutines in tasks: each gets a copy of the context
    gather!(query("users", seconds), query("orders", seconds / 2.0)).await?;
    log("end");
    REQUEST_ID.reset(token)?;
    log("after reset");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        log("server up");
        gather([handle(2.0), handle(1.0)]).await?;
        log("server down");
        let context = Context::current();
        context.run(|| REQUEST_ID.set(99));
        context.run(|| log("in a copied context"));
        running_loop().call_soon_in(context.clone(), || log("in a callback"));
        Task::builder().context(context).spawn(handle(0.1)).await?;
        log("not seen here");
        println!("LookupError {}", REQUEST_ID.get().is_none().repr());
        Ok(())
    })
}
