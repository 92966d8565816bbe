//! `wait` for all: nothing is left pending. Notes: "Функция `wait`".

use kolo::{Result, ReturnWhen, create_task, run, sleep, wait};

async fn foo() -> Result<()> {
    sleep(1).await?;
    println!("hello ...");
    Ok(())
}

async fn bar() -> Result<()> {
    sleep(2).await?;
    println!("... world!");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let print_hello = create_task(foo());
        let print_world = create_task(bar());

        let (done, pending) = wait([print_hello, print_world]).return_when(ReturnWhen::AllCompleted).await?;

        println!("{done:?}");
        println!("{pending:?}");
        Ok(())
    })
}
