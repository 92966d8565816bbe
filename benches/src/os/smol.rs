//! smol: its executor of one thread, with the pool of `blocking`. Children are std's, watched by their pidfd.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use async_io::{Async, block_on};
use blocking::{Unblock, unblock};
use futures::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, StreamExt, io::BufReader};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::{BURST, CHILDREN, Contender, FLOW, JOBS, LINES, PIECE, Set};

pub(super) const CONTENDER: Contender = Contender {
    name: "smol with `blocking`",
    runs: [jobs, burst, children, flow, lines],
};

fn timed(main: impl Future<Output = Duration>) -> Duration {
    block_on(async {
        unblock(|| ()).await;
        main.await
    })
}

fn jobs(_: &Set) -> Duration {
    timed(async {
        let start = Instant::now();
        for n in 0..JOBS {
            assert_eq!(unblock(move || n).await, n);
        }
        start.elapsed()
    })
}

fn burst(_: &Set) -> Duration {
    timed(async {
        let start = Instant::now();
        let jobs: Vec<_> = (0..BURST).map(|n| unblock(move || n)).collect();
        for (n, job) in jobs.into_iter().enumerate() {
            assert_eq!(job.await, n as u32);
        }
        start.elapsed()
    })
}

fn children(_: &Set) -> Duration {
    timed(async {
        let start = Instant::now();
        for _ in 0..CHILDREN {
            let mut child = Command::new("/bin/true").spawn().expect("a child");
            let ended = pidfd_open(Pid::from_child(&child), PidfdFlags::NONBLOCK).expect("its descriptor");
            Async::new_nonblocking(ended)
                .expect("watched")
                .readable()
                .await
                .expect("its end");
            assert!(child.wait().expect("its end").success());
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
        let (stdin, stdout) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let (mut stdin, mut stdout) = (Unblock::new(stdin), Unblock::new(stdout));
        let start = Instant::now();
        let writing = async move {
            let piece = vec![0; PIECE];
            for _ in 0..FLOW / PIECE {
                stdin.write_all(&piece).await.expect("it is read");
            }
            stdin.close().await.expect("closed");
        };
        let reading = async {
            let mut buffer = vec![0; PIECE];
            let mut left = FLOW;
            while left > 0 {
                left -= stdout.read(&mut buffer).await.expect("it is written");
            }
        };
        futures::join!(writing, reading);
        child.wait().expect("its end");
        start.elapsed()
    })
}

fn lines(set: &Set) -> Duration {
    timed(async {
        let start = Instant::now();
        let file = unblock({
            let path = set.file.clone();
            move || File::open(path).expect("the file")
        });
        let mut lines = BufReader::new(Unblock::new(file.await)).lines();
        let mut count = 0;
        while let Some(line) = lines.next().await {
            count += u32::from(!line.expect("text").is_empty());
        }
        assert_eq!(count, LINES);
        start.elapsed()
    })
}
