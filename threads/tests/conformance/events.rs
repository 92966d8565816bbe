//! `test_events`: calls on threads.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use kolo_executor::Runner;
use kolo_threads::{ThreadPoolExecutor, run_in_executor, set_default_executor};

use crate::support::runs::in_loop;

#[test]
fn test_run_in_executor() {
    in_loop(async {
        let here = thread::current().id();
        let (value, there) = run_in_executor(None, move || Ok(("yo", thread::current().id()))).await?;
        assert_eq!(value, "yo");
        assert_ne!(there, here);
        Ok(())
    });
}

#[test]
fn test_run_in_executor_cancel() {
    let (begun, has_begun) = channel();
    let (end, ended) = channel::<()>();
    let pool = Arc::new(ThreadPoolExecutor::new());
    let runner = Runner::builder().build().unwrap();
    let shared = pool.clone();
    runner
        .run(async move {
            set_default_executor(shared);
            let job = run_in_executor(None, move || {
                let _ = begun.send(());
                Ok(ended.recv().is_ok())
            });
            has_begun.recv()?;
            assert!(job.cancel());
            Ok(())
        })
        .unwrap();
    // Not by the runner's end, which would wait for the job.
    runner.event_loop().close().unwrap();
    // Nothing is told to the loop, and nobody stumbles over that.
    end.send(()).unwrap();
    pool.shutdown(true, false);
}
