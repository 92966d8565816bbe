//! `wait` with a timeout returns what is pending and cancels nothing. Notes: "Функция `wait`".

use kolo::{Result, create_task, run, sleep, wait};

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

        let (done, pending) = wait([print_hello, print_world]).timeout(1.5).await?;

        println!("{done:?}");
        println!("{pending:?}");
        Ok(())
    })
}
