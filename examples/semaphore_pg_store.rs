//! A hundred queries, two at a time. Notes: "Semaphore".

mod utils;

use std::rc::Rc;

use kolo::{Result, Semaphore, gather, run, running_loop, sleep};
use utils::Repr;

struct Query;

impl Query {
    async fn execute(&self) -> Result<()> {
        sleep(1).await
    }
}

struct PgStore {
    sem: Semaphore,
    init_time: f64,
}

impl PgStore {
    fn new() -> Result<PgStore> {
        Ok(PgStore {
            sem: Semaphore::new(2)?, // no more than 2 at the resource at any time
            init_time: running_loop().time(),
        })
    }

    async fn execute_request(self: Rc<Self>, query: Query) -> Result<()> {
        // Each permit takes one from the counter; at 0 those that have none have to wait.
        let _permit = self.sem.hold().await?;
        println!("{} request was started", self.elapsed().repr());
        query.execute().await?;
        println!("{} request was handled", self.elapsed().repr());
        Ok(())
    }

    fn elapsed(&self) -> f64 {
        running_loop().time() - self.init_time
    }
}

fn main() -> Result<()> {
    run(async {
        let store = Rc::new(PgStore::new()?);
        let coros = (0..100).map(|_| store.clone().execute_request(Query));

        gather(coros).await?;
        Ok(())
    })
}
