//! kolo.

use std::time::{Duration, Instant};

use futures::StreamExt;
use kolo::{PIPE, Result, create_subprocess_exec, create_task, gather, open, run, run_in_executor, to_thread};

use super::{BURST, CHILDREN, Contender, FLOW, JOBS, LINES, PIECE, Set};

pub(super) const CONTENDER: Contender = Contender {
    name: "kolo",
    runs: [jobs, burst, children, flow, lines],
};

/// How long it takes, in a loop of its own that has done such a thing before.
fn timed(main: impl AsyncFnOnce() -> Result<Duration> + 'static) -> Duration {
    run(async move {
        to_thread(|| Ok(())).await?;
        main().await
    })
    .expect("it succeeds")
}

fn jobs(_: &Set) -> Duration {
    timed(async || {
        let start = Instant::now();
        for n in 0..JOBS {
            assert_eq!(to_thread(move || Ok(n)).await?, n);
        }
        Ok(start.elapsed())
    })
}

fn burst(_: &Set) -> Duration {
    timed(async || {
        let start = Instant::now();
        let jobs: Vec<_> = (0..BURST).map(|n| run_in_executor(None, move || Ok(n))).collect();
        for (n, job) in jobs.into_iter().enumerate() {
            assert_eq!(job.await?, n as u32);
        }
        Ok(start.elapsed())
    })
}

fn children(_: &Set) -> Duration {
    timed(async || {
        let start = Instant::now();
        for _ in 0..CHILDREN {
            assert_eq!(create_subprocess_exec(["/bin/true"]).await?.wait().await?, 0);
        }
        Ok(start.elapsed())
    })
}

fn flow(_: &Set) -> Duration {
    timed(async || {
        let mut process = create_subprocess_exec(["cat"]).stdin(PIPE).stdout(PIPE).await?;
        let (stdin, stdout) = (process.stdin.take().expect("a pipe"), process.stdout.take().expect("a pipe"));
        let start = Instant::now();
        let writing = create_task(async move {
            let piece = vec![0; PIECE];
            for _ in 0..FLOW / PIECE {
                stdin.write(&piece)?;
                stdin.drain().await?;
            }
            stdin.close();
            Ok(())
        });
        let mut left = FLOW;
        while left > 0 {
            left -= stdout.read(PIECE).await?.len();
        }
        gather([writing]).await?;
        process.wait().await?;
        Ok(start.elapsed())
    })
}

fn lines(set: &Set) -> Duration {
    let path = set.file.clone();
    timed(async move || {
        let start = Instant::now();
        let mut lines = open(&path, "r").await?.lines();
        let mut count = 0;
        while let Some(line) = lines.next().await {
            count += u32::from(!line?.is_empty());
        }
        assert_eq!(count, LINES);
        Ok(start.elapsed())
    })
}
