//! A lock lets one hand at a time into the pack. Notes: "Lock".

use std::rc::Rc;

use kolo::{Lock, Result, gather, run, sleep};

#[derive(Default)]
struct PackOfChips {
    lock: Lock,
}

impl PackOfChips {
    async fn reserve(&self) -> Result<()> {
        self.lock.acquire().await
    }

    fn cheeps(&self) -> Result<()> {
        self.lock.release()
    }
}

async fn handle(name: &str, pack: Rc<PackOfChips>) -> Result<()> {
    pack.reserve().await?; // the first to get here goes on, the others wait until the pack is free
    println!("{name} put hand in pack");
    sleep(1).await?; // all the others are held at `reserve` meanwhile
    pack.cheeps()?; // free the pack
    println!("{name} took cheeps");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let people = ["Andrey", "Alex", "Artem", "Igor"];
        let pack = Rc::new(PackOfChips::default());

        gather(people.map(|name| handle(name, pack.clone()))).await?; // several coroutines side by side
        Ok(())
    })
}
