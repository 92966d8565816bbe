//! `#[kolo::main]` and `#[kolo::test]`: what becomes of a function under them. What they refuse is among the mistakes of new users.

use kolo::{Error, Kind, Result, create_task, current_task, running_loop, sleep};

/// The line on which `async fn` stands.
fn line_of_main_task() -> u32 {
    current_task().unwrap().created_at().line()
}

mod result {
    use super::*;

    #[kolo::main]
    pub(crate) async fn main() -> Result<u32> {
        sleep(0).await?;
        Ok(line_of_main_task())
    }
    pub(crate) const LINE: u32 = line!() - 4;
}

mod nothing {
    use super::*;

    #[kolo::main]
    pub(super) async fn main() {
        sleep(0).await.unwrap();
    }
}

mod unit {
    use super::*;

    #[kolo::main]
    pub(super) async fn main() -> () {
        let main = current_task().unwrap();
        main.cancel();
        // Nobody stops it here, and it has no result of its own to say so by.
        let _cancelled = sleep(0).await;
    }
}

mod fails {
    use super::*;

    #[kolo::main]
    pub(super) async fn main() -> kolo::Result<std::process::ExitCode> {
        Err(Error::value("no"))
    }
}

mod stuck {
    #[kolo::main]
    pub(super) async fn main() {
        let _never = kolo::Promise::<()>::new().await;
    }
}

#[test]
fn main_is_an_ordinary_function_that_runs_a_loop() {
    assert_eq!(result::main().unwrap(), result::LINE);
    let nothing: Result<()> = nothing::main();
    nothing.unwrap();
    unit::main().unwrap();
    assert_eq!(fails::main().unwrap_err().kind(), Kind::Value);
    assert_eq!(stuck::main().unwrap_err().kind(), Kind::Deadlock);
}

#[kolo::test]
async fn a_test_runs_on_the_virtual_clock() -> Result<()> {
    sleep(3600).await?;
    assert_eq!(running_loop().time(), 3600.0);
    Ok(())
}

#[kolo::test(clock = "virtual")]
async fn the_virtual_clock_can_be_asked_for() {
    sleep(3600).await.unwrap();
    assert_eq!(running_loop().time(), 3600.0);
}

#[kolo::test(clock = "real")]
async fn a_test_runs_on_the_real_clock() -> Result<()> {
    let begun = std::time::Instant::now();
    sleep(0.002).await?;
    assert!(begun.elapsed() >= std::time::Duration::from_millis(2));
    Ok(())
}

#[kolo::test]
#[should_panic(expected = "as it should")]
async fn a_panic_is_that_of_the_test() {
    panic!("as it {}", "should");
}

#[kolo::test]
#[should_panic(expected = "Deadlock")]
async fn a_test_that_returns_nothing_fails_when_it_is_stuck() {
    let _never = kolo::Promise::<()>::new().await;
}

#[kolo::test]
#[cfg(any())]
async fn other_attributes_are_kept() {
    this_does_not_compile;
}

/// A test may have documentation.
#[kolo::test]
#[allow(clippy::needless_return)]
pub(crate) async fn a_test_may_return_early() -> kolo::Result<()> {
    if create_task(async { Ok(true) }).await? {
        return Ok(());
    }
    Err(Error::value("late"))
}

#[kolo::test]
async fn the_main_task_begins_where_the_function_is_written() {
    assert_eq!(line_of_main_task(), line!() - 1);
}

macro_rules! tests {
    ($($visibility:vis $name:ident $body:block)*) => { $(
        #[kolo::test]
        $visibility async fn $name() -> Result<()> $body
    )* };
}
tests! {
    from_a_macro { sleep(1).await }
    pub(crate) from_a_macro_and_public { sleep(2).await }
}

#[test]
fn tests_are_ordinary_functions() {
    a_test_runs_on_the_virtual_clock().unwrap();
    a_test_may_return_early().unwrap();
    the_virtual_clock_can_be_asked_for();
    from_a_macro_and_public().unwrap();
}
