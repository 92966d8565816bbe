//! `gather` over tasks that were started before. Notes: "Функция `gather`".

use kolo::{Result, ensure_future, gather, run, sleep};

async fn slow_operation(num: u32) -> Result<String> {
    sleep(2).await?;
    Ok(format!("Операция {num} завершена"))
}

fn main() -> Result<()> {
    run(async {
        let futures: Vec<_> = (0..3).map(|i| ensure_future(slow_operation(i))).collect();
        let results = gather(futures).await?;
        for result in results {
            println!("{result}");
        }
        Ok(())
    })
}
