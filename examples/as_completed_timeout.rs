//! `as_completed` with a timeout cancels nothing. Notes: "Обработка результатов по мере поступления".

use kolo::{Result, all_tasks, as_completed, create_task, run, running_loop, sleep_with};

fn main() -> Result<()> {
    run(async {
        let event_loop = running_loop();
        let coros = [3, 1, 5].map(|delay| sleep_with(delay, delay));
        let mut finished = as_completed(coros).timeout(4);
        while let Some(outcome) = finished.next().await {
            match outcome {
                Ok(delay) => println!("{delay} {:?}", event_loop.time()),
                Err(error) if error.is_timeout() => {
                    println!("TimeoutError {:?}", event_loop.time());
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        println!("still running: {}", all_tasks().len() - 1);

        let tasks = [2, 1].map(|delay| create_task(sleep_with(delay, delay)));
        let mut finished = as_completed(tasks);
        while let Some(task) = finished.next_done().await? {
            println!("async for: {}", task.result()?);
        }
        Ok(())
    })
}
