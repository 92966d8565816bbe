//! `wait` until the first error; an error that nobody looks at is reported. Notes: "Функция `wait`".

use kolo::{Error, Result, ReturnWhen, create_task, run, sleep, wait};

async fn task1() -> Result<()> {
    sleep(2).await?;
    println!("Задача 1 завершилась");
    Ok(())
}

async fn task2() -> Result<()> {
    sleep(3).await?;
    Err(Error::value("Исключение в задаче 2"))
}

fn main() -> Result<()> {
    run(async {
        let tasks = [create_task(task1()), create_task(task2())];

        let (done, _) = wait(&tasks).return_when(ReturnWhen::FirstCompleted).await?;
        for task in done {
            println!("Завершилась задача: {}", task.name());
        }

        // As in the notes: this goes over the pending tasks, and there are none. Whoever wants the errors asks `done`.
        let (_, exceptions) = wait(&tasks).return_when(ReturnWhen::FirstException).await?;
        for task in exceptions {
            println!("Исключение в задаче: {}", task.name());
        }
        Ok(())
    })
}
