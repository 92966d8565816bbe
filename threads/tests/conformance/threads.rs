//! `test_threads`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kolo_executor::{Kind, Result};
use kolo_threads::to_thread;

use crate::support::outcome::{boom, error_of};
use crate::support::runs::in_loop;

#[test]
fn test_to_thread() {
    in_loop(async {
        assert_eq!(to_thread(|| Ok(40 + 2)).await?, 42);
        Ok(())
    });
}

#[test]
fn test_to_thread_exception() {
    in_loop(async {
        let outcome: Result<()> = to_thread(|| Err(boom("test"))).await;
        assert_eq!(error_of(outcome), (Kind::Other, "test".to_owned()));
        Ok(())
    });
}

#[test]
fn test_to_thread_once() {
    in_loop(async {
        let calls = Arc::new(AtomicU32::new(0));
        let count = calls.clone();
        to_thread(move || Ok(count.fetch_add(1, Ordering::SeqCst))).await?;
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        Ok(())
    });
}
