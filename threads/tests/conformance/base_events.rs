//! `test_base_events`: the loop's own pool.

use std::sync::mpsc::channel;
use std::thread;

use kolo_executor::running_loop;
use kolo_threads::{ThreadPoolExecutor, run_in_executor, set_default_executor, shutdown_default_executor};

use crate::support::runs::in_loop;

#[test]
fn test_set_default_executor() {
    in_loop(async {
        set_default_executor(ThreadPoolExecutor::named("own"));
        let name = run_in_executor(None, || Ok(thread::current().name().map(str::to_owned))).await?;
        assert_eq!(name.as_deref(), Some("own_0"));
        Ok(())
    });
}

#[test]
fn test_shutdown_default_executor_timeout() {
    in_loop(async {
        let (end, ended) = channel::<()>();
        let job = run_in_executor(None, move || Ok(ended.recv().is_ok()));
        shutdown_default_executor(Some(0.01)).await?;
        // It was told of on standard error, and is still running.
        assert!(!job.done() && running_loop().time() >= 0.01);
        end.send(())?;
        assert!(job.await?);
        Ok(())
    });
}
