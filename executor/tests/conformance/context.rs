//! CPython's test_context. One test for each case, under the case's name.

use kolo_executor::testing::run;
use kolo_executor::{ContextVar, Result, gather, sleep};

static PRECISION: ContextVar<usize> = ContextVar::with_default("precision", || 28);

/// Divides, to the current precision.
fn divide(x: u32, y: u32) -> String {
    let digits = PRECISION.get().expect("a default");
    format!("{:.digits$}", f64::from(x) / f64::from(y))
}

/// Each task of two that run at the same time computes to a precision of its own.
#[test]
fn test_asyncio_task_decimal_context() {
    async fn fractions(delay: f64, precision: usize, x: u32, y: u32) -> Result<(String, String)> {
        let before = PRECISION.set(precision);
        let first = divide(x, y);
        sleep(delay).await?;
        let second = divide(x, y * y);
        PRECISION.reset(before)?;
        Ok((first, second))
    }
    let outcome = run(async { gather([fractions(0.1, 3, 1, 3), fractions(0.2, 6, 1, 3)]).await });
    let expected = [("0.333", "0.111"), ("0.333333", "0.111111")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(outcome.unwrap(), expected);
    assert_eq!(PRECISION.get(), Some(28));
}
