//! What `#[kolo::test]` refuses.

#[kolo::test]
fn not_async() {}

#[kolo::test]
async fn arguments(number: u32) {}

#[kolo::test(clock = "lunar")]
async fn clock() {}

#[kolo::test(real)]
async fn word() {}

#[kolo::test(clock = "real", start_paused = true)]
async fn more() {}

#[kolo::test]
async fn generic<T>() {}

trait WithoutBody {
    #[kolo::test]
    async fn without_body();
}

fn main() {}
