//! What an event loop is: a queue of generators, resumed one after another. Notes: "IO-bound задачи".

use std::collections::VecDeque;
use std::iter::from_fn;

use kolo::{Result, run, sleep};

/// Each call of `next` runs it to its `yield`; Rust spells a generator as an iterator over nothing.
type Generator = Box<dyn Iterator<Item = ()>>;

fn counter() -> Generator {
    let mut cnt = 0;
    Box::new(from_fn(move || {
        println!("{cnt}");
        cnt += 1;
        Some(())
    }))
}

fn printer() -> Generator {
    let mut cnt = 1;
    Box::new(from_fn(move || {
        if cnt % 3 == 0 {
            println!("Go!");
        }
        cnt += 1;
        Some(())
    }))
}

// The notes pause with a blocking sleep; kolo's is used so that KOLO_CLOCK=virtual can skip it.
fn main() -> Result<()> {
    run(async {
        let mut queue = VecDeque::from([counter(), printer()]);
        let mut i = 0;
        while let Some(mut g) = queue.pop_front() {
            sleep(0.5).await?;
            g.next();
            queue.push_back(g);
            i += 1;
            if i == 100 {
                break;
            }
        }
        Ok(())
    })
}
