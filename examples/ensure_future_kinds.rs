//! `ensure_future` of a coroutine, a task, a promise, an awaitable. Notes: "Task".

mod utils;

use kolo::{Promise, Result, Task, ensure_future, gather, run, running_loop, sleep};
use utils::Repr;

async fn coro() -> Result<&'static str> {
    sleep(1).await?;
    Ok("result")
}

struct Awaitable;

impl IntoFuture for Awaitable {
    type Output = Result<&'static str>;
    type IntoFuture = std::pin::Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(coro())
    }
}

// What Python asks with `type(...)`, the annotations say: a wrong one would not compile. Nor would `ensure_future(42)`.
fn main() -> Result<()> {
    run(async {
        let task: Task<_> = ensure_future(coro());
        let same: Task<_> = ensure_future(&task);
        println!("Task {}", same.ptr_eq(&task).repr());
        let future: Promise<_> = running_loop().create_promise();
        let same: Promise<_> = ensure_future(&future);
        println!("Promise {}", same.ptr_eq(&future).repr());
        let wrapped: Task<_> = ensure_future(Awaitable.into_future());
        println!("Task");
        future.set_result("set")?;
        let (first, second, third) = gather!(task, future, wrapped).await?;
        println!("{}", [first, second, third].repr());
        Ok(())
    })
}
