//! The error stands among the results. Notes: "Функция asyncio.gather".

mod utils;

use kolo::{Error, Result, create_task, gather, run};
use utils::{Repr, delay};

async fn delay_with_error(_sec: u32) -> Result<u32> {
    Err(Error::other(""))
}

fn main() -> Result<()> {
    run(async {
        let delay_task_1 = create_task(delay(2));
        let delay_task_2 = create_task(delay(4));
        let (first, second, third) = gather!(delay_task_1, delay_task_2, delay_with_error(3))
            .return_exceptions()
            .await?;
        println!("{}", [first, second, third].repr()); // [2, 4, Exception()]
        Ok(())
    })
}
