//! Reports that nobody reads: standard error is closed at the other end.

use std::env;
use std::process::{Command, Stdio};

use kolo_executor::{Clock, EventLoop, Promise, create_task, current_task, sleep};

/// Everything that kolo tells on standard error, more than fits into a pipe.
fn tell_everything() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).expect("a loop");
    event_loop.set_debug(true);
    event_loop.set_slow_callback_duration(0);
    for _ in 0..1000 {
        event_loop.call_soon(|| panic!("in a callback"));
        event_loop.create_task::<()>(async { panic!("in a task") });
        let promise: Promise<()> = event_loop.create_promise();
        promise
            .set_error(kolo_executor::Error::other("nobody looks"))
            .expect("pending");
    }
    let outcome = event_loop.run_until_complete(async {
        current_task().expect("a task").print_stack();
        create_task(sleep(1000));
        sleep(1).await.map(|()| 42)
    });
    assert_eq!(outcome.expect("the run goes on"), 42);
    assert!(event_loop.iterations() < 20, "{}", event_loop.iterations());
    event_loop.close().expect("the loop closes");
    assert!(event_loop.all_tasks().is_empty());
}

#[test]
fn a_run_goes_on_and_a_loop_closes_when_nobody_reads_reports() {
    const CHILD: &str = "KOLO_TEST_STDERR";
    if env::var_os(CHILD).is_some() {
        tell_everything();
        // By another way than the harness's, which writes to standard error as well.
        std::process::exit(7);
    }
    let name = module_path!().split_once("::").expect("a path of modules").1;
    let name = format!("{name}::a_run_goes_on_and_a_loop_closes_when_nobody_reads_reports");
    let mut child = Command::new(env::current_exe().expect("the path of this program"))
        .args(["--exact", &name, "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .env("KOLO_STATS", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process");
    drop(child.stderr.take());
    let status = child.wait().expect("its end");
    assert_eq!(status.code(), Some(7), "{status}");
}
