//! Whoever is cancelled or dropped while a child starts, speaks or ends leaves nothing behind.

use std::pin::pin;

use futures_util::poll;
use kolo::testing::hops;
use kolo::{PIPE, Process, Result, create_subprocess_exec, create_subprocess_shell, create_task, run, running_loop, sleep};

use crate::alone::alone;

/// The numbers of this program's children, zombies too.
fn children() -> String {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let of = |thread: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(thread.ok()?.path().join("children")).ok();
    threads.filter_map(of).collect()
}

async fn talker() -> Result<Process> {
    create_subprocess_exec(["cat"]).stdin(PIPE).stdout(PIPE).stderr(PIPE).await
}

#[test]
fn the_end_of_a_pipe_is_told_three_iterations_after_it_is_seen() {
    run(async {
        let process = create_subprocess_shell("sleep 0.1; exec >&-; sleep 0.3").stdout(PIPE).await?;
        let before = running_loop().iterations();
        assert_eq!(process.stdout.as_ref().unwrap().read(10).await?, b"");
        assert_eq!(running_loop().iterations() - before, 4);
        let before = running_loop().iterations();
        process.wait().await?;
        assert_eq!(running_loop().iterations() - before, 4);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_start_that_is_cancelled_at_any_of_its_awaits_leaves_no_child() {
    let name = concat!(
        module_path!(),
        "::a_start_that_is_cancelled_at_any_of_its_awaits_leaves_no_child"
    );
    alone(name, || {
        run(async {
            // It takes eight.
            for step in 0..8 {
                let starting = create_task(talker());
                hops(step).await?;
                starting.cancel();
                assert!(starting.await.unwrap_err().is_cancelled(), "{step}");
                assert_eq!(children(), "", "{step}");
            }
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn a_start_that_is_dropped_at_any_of_its_awaits_leaves_no_child() {
    let name = concat!(
        module_path!(),
        "::a_start_that_is_dropped_at_any_of_its_awaits_leaves_no_child"
    );
    alone(name, || {
        run(async {
            for step in 0..8 {
                {
                    let mut starting = pin!(talker());
                    for _ in 0..step {
                        assert!(poll!(&mut starting).is_pending(), "{step}");
                        sleep(0).await?;
                    }
                }
                // It is killed there, and reaped when the loop learns of that.
                while !children().is_empty() {
                    sleep(0.001).await?;
                }
            }
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn a_conversation_that_is_cancelled_at_any_of_its_awaits_leaves_the_child_running() {
    let name = concat!(
        module_path!(),
        "::a_conversation_that_is_cancelled_at_any_of_its_awaits_leaves_the_child_running"
    );
    alone(name, || {
        run(async {
            for step in 0..6 {
                // It goes on without an input, and has an output that is longer than a pipe.
                let process = create_subprocess_shell("head -c 100000 /dev/zero; exec sleep 100")
                    .stdin(PIPE)
                    .stdout(PIPE)
                    .await?;
                let talking = create_task(process.communicate(vec![0; 100_000]));
                hops(step).await?;
                talking.cancel();
                assert!(talking.await.unwrap_err().is_cancelled(), "{step}");
                assert_eq!(process.returncode(), None);
                let waiting = create_task(process.wait());
                hops(step).await?;
                waiting.cancel();
                assert!(waiting.await.unwrap_err().is_cancelled(), "{step}");
                process.kill()?;
                // The wait is for the end of the pipe too, which is full.
                process.stdout.as_ref().unwrap().read_to_end().await?;
                assert_eq!(process.wait().await?, -9);
            }
            assert_eq!(children(), "");
            Ok(())
        })
        .unwrap();
    });
}
