//! `gather!` over tasks and a coroutine: results in the order given. Notes: "Функция asyncio.gather".

mod utils;

use kolo::{Result, create_task, gather, run};
use utils::delay;

fn main() -> Result<()> {
    run(async {
        let delay_task_1 = create_task(delay(2));
        let delay_task_2 = create_task(delay(4));
        let (first, second, third) = gather!(delay_task_1, delay_task_2, delay(3)).await?;
        println!("{:?}", [first, second, third]);
        Ok(())
    })
}
