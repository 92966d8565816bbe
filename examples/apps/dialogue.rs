//! A dialogue: questions at the standard input, while the loop goes on with other things.

use std::cell::Cell;
use std::rc::Rc;

use kolo::{Result, create_task, input, run, sleep};

/// Asks until the answer is a number.
async fn ask_number(prompt: &str) -> Result<u32> {
    loop {
        match input(prompt).await?.trim().parse() {
            Ok(number) => return Ok(number),
            Err(error) => println!("no number: {error}"),
        }
    }
}

/// What else there is to do.
async fn count(turns: Rc<Cell<u64>>) -> Result<()> {
    loop {
        turns.set(turns.get() + 1);
        sleep(0).await?;
    }
}

fn main() -> Result<()> {
    run(async {
        let turns = Rc::new(Cell::new(0u64));
        let counting = create_task(count(turns.clone()));
        let name = input("Your name? ").await?;
        println!("Hello, {name}!");
        let number = ask_number("A number? ").await?;
        println!("{number} squared is {}", u64::from(number) * u64::from(number));
        counting.cancel();
        println!("the loop went on meanwhile: {}", turns.get() > 1);
        // At the end of the input there is nothing to wait for.
        if let Err(error) = input("Anything else? ").await {
            println!("\n{}", error.message());
        }
        Ok(())
    })
}
