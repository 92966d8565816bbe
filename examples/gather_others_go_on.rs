//! After an error `gather` leaves the others running; cancelled, it cancels all. Notes: "Функция `gather`".

mod utils;

use std::io;

use kolo::{Result, Task, create_task, gather, run, running_loop, sleep, sleep_with};
use utils::Repr;

async fn work(name: &'static str, seconds: u32) -> Result<&'static str> {
    sleep(seconds).await?;
    println!("{name} end");
    Ok(name)
}

async fn fail(seconds: u32) -> Result<&'static str> {
    sleep(seconds).await?;
    Err(io::Error::other("fail").into())
}

fn done(tasks: &[Task<&str>; 3]) -> String {
    tasks.each_ref().map(|task| task.done()).repr()
}

fn main() -> Result<()> {
    run(async {
        let event_loop = running_loop();
        let tasks = [create_task(work("a", 1)), create_task(fail(2)), create_task(work("b", 3))];
        if let Err(error) = gather(&tasks).await {
            println!("OSError: {error} {:?} {}", event_loop.time(), done(&tasks));
        }
        sleep(2).await?;
        println!("{}", done(&tasks));

        let gathering = gather([work("c", 5), work("d", 5)]);
        sleep(1).await?;
        gathering.cancel(); // cancels all of them
        match gathering.await {
            Err(error) if error.is_cancelled() => {
                println!("gather cancelled {:?}", event_loop.time());
            }
            outcome => drop(outcome?),
        }
        let same = create_task(work("e", 1));
        let f = create_task(sleep_with(2, "f"));
        let nothing: Vec<()> = gather(Vec::<Task<()>>::new()).await?;
        println!("{} {nothing:?}", gather([&same, &same, &f]).await?.repr());
        Ok(())
    })
}
