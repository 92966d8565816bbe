//! A task may catch its cancellation and go on. Notes: in prose, on the methods of a task.

mod utils;

use kolo::{Result, create_task, gather, run, running_loop, sleep};
use utils::Repr;

async fn stubborn() -> Result<&'static str> {
    match sleep(5).await {
        Err(error) if error.is_cancelled() => {
            println!("stubborn: CancelledError ('{}',)", error.message());
        }
        outcome => outcome?,
    }
    sleep(1).await?;
    Ok("finished all the same")
}

async fn obedient() -> Result<&'static str> {
    let slept = sleep(5).await;
    println!("obedient: clean-up"); // whatever happened, as `finally` has it
    slept?;
    Ok("never reached")
}

fn shown(outcome: &Result<&str>) -> String {
    match outcome {
        Err(error) if error.is_cancelled() => format!("CancelledError({})", error.message().repr()),
        outcome => outcome.repr(),
    }
}

fn main() -> Result<()> {
    run(async {
        let tasks = [create_task(stubborn()), create_task(obedient())];
        sleep(1).await?;
        println!("{}", tasks.each_ref().map(|task| task.cancel_with("enough")).repr());
        println!("{}", tasks.each_ref().map(|task| task.cancelled()).repr());
        let outcomes = gather(&tasks).return_exceptions().await?;
        println!("[{}, {}]", shown(&outcomes[0]), shown(&outcomes[1]));
        let cancelled = tasks.each_ref().map(|task| task.cancelled());
        println!("{} {:?}", cancelled.repr(), running_loop().time());
        println!("{}", tasks.each_ref().map(|task| task.cancel()).repr());
        Ok(())
    })
}
