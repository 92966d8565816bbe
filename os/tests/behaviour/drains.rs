//! `drain` on pipes that nobody reads any more: the figures and the outcomes are CPython's.

use std::io::PipeReader;
use std::rc::Rc;

use kolo::{PIPE, Result, StreamWriter, connect_write_pipe, create_subprocess_exec, create_task, run, running_loop, sleep};

use crate::alone::alone;

/// What comes of it, and in how many iterations.
async fn outcome(of: impl Future<Output = Result<()>>) -> String {
    let before = running_loop().iterations();
    let words = match of.await {
        Ok(()) => "fine".to_owned(),
        Err(error) => error.errno().map_or(error.to_string(), |errno| format!("errno {errno}")),
    };
    format!("+{} {words}", running_loop().iterations() - before)
}

async fn pipe() -> Result<(PipeReader, StreamWriter)> {
    let (ours, theirs) = std::io::pipe()?;
    Ok((ours, connect_write_pipe(theirs).await?))
}

#[test]
fn after_a_write_that_failed_the_connection_is_lost() {
    alone(
        concat!(module_path!(), "::after_a_write_that_failed_the_connection_is_lost"),
        || {
            run(async {
                let (ours, writer) = pipe().await?;
                drop(ours);
                for _ in 0..3 {
                    writer.write("x")?;
                    assert_eq!(outcome(writer.drain()).await, "+1 Connection lost");
                }
                assert_eq!(outcome(writer.wait_closed()).await, "+0 errno 32");
                Ok(())
            })
            .unwrap();
        },
    );
}

#[test]
fn before_the_loop_has_learnt_of_it_nothing_is_amiss() {
    alone(
        concat!(module_path!(), "::before_the_loop_has_learnt_of_it_nothing_is_amiss"),
        || {
            run(async {
                let (ours, writer) = pipe().await?;
                drop(ours);
                let mut outcomes = Vec::new();
                for _ in 0..4 {
                    outcomes.push(outcome(writer.drain()).await);
                    sleep(0).await?;
                }
                assert_eq!(outcomes, ["+0 fine", "+0 fine", "+1 Connection lost", "+1 Connection lost"]);
                Ok(())
            })
            .unwrap();
        },
    );
}

#[test]
fn whoever_waits_is_told_that_it_broke() {
    alone(concat!(module_path!(), "::whoever_waits_is_told_that_it_broke"), || {
        run(async {
            let (ours, writer) = pipe().await?;
            writer.write(vec![0; 1_000_000])?;
            let writer = Rc::new(writer);
            let waiting = writer.clone();
            let task = create_task(async move { Ok(outcome(waiting.drain()).await) });
            sleep(0).await?;
            sleep(0).await?;
            drop(ours);
            assert_eq!(task.await?, "+4 errno 32");
            assert_eq!(outcome(writer.drain()).await, "+1 Connection lost");
            assert_eq!(outcome(writer.wait_closed()).await, "+0 errno 32");
            Ok(())
        })
        .unwrap();
    });
}

/// The transport of a child has the end of its pipe told one iteration later than that of a pipe alone.
#[test]
fn the_pipe_of_a_child_that_is_gone_is_drained_once_before_it_is_lost() {
    alone(
        concat!(
            module_path!(),
            "::the_pipe_of_a_child_that_is_gone_is_drained_once_before_it_is_lost"
        ),
        || {
            run(async {
                let process = create_subprocess_exec(["sleep", "100"]).stdin(PIPE).await?;
                let stdin = process.stdin.as_ref().unwrap();
                process.kill()?;
                // No iteration passes meanwhile.
                while std::fs::read_to_string(format!("/proc/{}/stat", process.pid())).is_ok_and(|stat| !stat.contains(" Z ")) {
                    std::thread::yield_now();
                }
                let mut outcomes = Vec::new();
                for _ in 0..3 {
                    stdin.write("x")?;
                    outcomes.push(outcome(stdin.drain()).await);
                }
                assert_eq!(outcomes, ["+1 fine", "+1 Connection lost", "+1 Connection lost"]);
                assert_eq!(outcome(stdin.wait_closed()).await, "+0 errno 32");
                process.wait().await.map(drop)
            })
            .unwrap();
        },
    );
}
