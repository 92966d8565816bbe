//! A call on a thread takes its arguments along. Notes: in prose, on `run_in_executor`.

use kolo::{Result, run, run_in_executor, to_thread};

fn power(base: u32, exponent: Option<u32>) -> Result<u32> {
    Ok(base.pow(exponent.unwrap_or(2)))
}

fn main() -> Result<()> {
    run(async {
        // No `partial`: a closure captures whatever the function needs.
        println!("{}", run_in_executor(None, || power(3, None)).await?);
        println!("{}", run_in_executor(None, || power(3, Some(4))).await?);
        println!("{}", run_in_executor(None, || power(3, Some(5))).await?);
        println!("{}", to_thread(|| power(3, Some(6))).await?);
        // `run_in_executor(None, power, 3)` does not compile: it takes a call without arguments, and nothing else.
        Ok(())
    })
}
