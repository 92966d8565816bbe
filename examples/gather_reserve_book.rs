//! A list of tasks given to `gather`. Notes: "Race Condition, Deadlock".

use kolo::{Result, create_task, gather, run, sleep};

const RESERVATION_TASKS: [&str; 3] = ["Алексей", "Мария", "Ирина"];

async fn reserve_book(user: &str) -> Result<()> {
    println!("{user}: бронь начата");
    sleep(1).await?;
    println!("{user}: книга забронирована");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let tasks = RESERVATION_TASKS.map(|user| create_task(reserve_book(user)));
        gather(tasks).await?;
        Ok(())
    })
}
