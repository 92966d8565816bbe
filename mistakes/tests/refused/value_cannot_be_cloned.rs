//! `(&task).await` of a value that is not `Clone`.

use kolo::{create_task, gather, run};

struct Ticket;

fn main() -> kolo::Result<()> {
    run(async {
        let task = create_task(async { Ok(Ticket) });
        (&task).await?;
        gather([&task]).await?;
        task.result()?;
        Ok(())
    })
}
