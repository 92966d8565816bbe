//! tokio, with one thread for its tasks.

use std::process::Stdio;
use std::time::{Duration, Instant};

use ::tokio::fs::File;
use ::tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use ::tokio::process::Command;
use ::tokio::runtime::Builder;
use ::tokio::task::spawn_blocking;

use super::{BURST, CHILDREN, Contender, FLOW, JOBS, LINES, PIECE, Set};

pub(super) const CONTENDER: Contender = Contender {
    name: "tokio current_thread",
    runs: [jobs, burst, children, flow, lines],
};

fn timed(main: impl Future<Output = Duration>) -> Duration {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        spawn_blocking(|| ()).await.expect("no panic");
        main.await
    })
}

fn jobs(_: &Set) -> Duration {
    timed(async {
        let start = Instant::now();
        for n in 0..JOBS {
            assert_eq!(spawn_blocking(move || n).await.expect("no panic"), n);
        }
        start.elapsed()
    })
}

fn burst(_: &Set) -> Duration {
    timed(async {
        let start = Instant::now();
        let jobs: Vec<_> = (0..BURST).map(|n| spawn_blocking(move || n)).collect();
        for (n, job) in jobs.into_iter().enumerate() {
            assert_eq!(job.await.expect("no panic"), n as u32);
        }
        start.elapsed()
    })
}

fn children(_: &Set) -> Duration {
    timed(async {
        let start = Instant::now();
        for _ in 0..CHILDREN {
            let mut child = Command::new("/bin/true").spawn().expect("a child");
            assert!(child.wait().await.expect("its end").success());
        }
        start.elapsed()
    })
}

fn flow(_: &Set) -> Duration {
    timed(async {
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let (mut stdin, mut stdout) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let start = Instant::now();
        let writing = async move {
            let piece = vec![0; PIECE];
            for _ in 0..FLOW / PIECE {
                stdin.write_all(&piece).await.expect("it is read");
            }
        };
        let reading = async {
            let mut buffer = vec![0; PIECE];
            let mut left = FLOW;
            while left > 0 {
                left -= stdout.read(&mut buffer).await.expect("it is written");
            }
        };
        futures::join!(writing, reading);
        child.wait().await.expect("its end");
        start.elapsed()
    })
}

fn lines(set: &Set) -> Duration {
    timed(async {
        let start = Instant::now();
        let mut lines = BufReader::new(File::open(&set.file).await.expect("the file")).lines();
        let mut count = 0;
        while let Some(line) = lines.next_line().await.expect("text") {
            count += u32::from(!line.is_empty());
        }
        assert_eq!(count, LINES);
        start.elapsed()
    })
}
