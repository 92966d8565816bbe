//! A promise set, failed and cancelled by hand. Notes: "Task".

mod utils;

use kolo::{Error, Promise, Result, create_task, run, running_loop, sleep};
use utils::Repr;

async fn setter(future: Promise<&'static str>, value: &'static str) -> Result<()> {
    sleep(1).await?;
    future.set_result(value)
}

fn main() -> Result<()> {
    run(async {
        let event_loop = running_loop();
        let future = event_loop.create_promise();
        println!("{future:?}");
        future.add_done_callback(|f| println!("callback {}", f.result().repr()));
        create_task(setter(future.clone(), "value"));
        println!("{} {:?}", (&future).await?, event_loop.time());
        println!("{future:?} {}", (&future).await?);
        if let Err(error) = future.set_result("again") {
            println!("InvalidStateError: {error}");
        }

        let future = Promise::<()>::new();
        let failing = future.clone();
        event_loop.call_later(1, move || drop(failing.set_error(Error::value("bad"))));
        if let Err(error) = (&future).await {
            println!("ValueError: {error} {future:?}");
        }

        let future = Promise::<()>::new();
        let cancelling = future.clone();
        event_loop.call_soon(move || {
            cancelling.cancel();
        });
        if (&future).await.is_err() {
            println!("CancelledError {} {future:?}", future.cancelled().repr());
        }
        Ok(())
    })
}
