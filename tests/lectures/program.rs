//! Running an example as a user would, but with a virtual clock and an end to patience.

use std::env;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::goldens;

/// Real time; under the virtual clock every example that ends is done in a fraction of it.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    NotStarted,
    Exit(i32),
    Signal,
    /// It was still at it when everything that was to be seen had been written.
    StillWriting,
    OutOfPatience,
}

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) ended: Ended,
}

impl Run {
    fn not_started(why: String) -> Run {
        Run {
            stdout: String::new(),
            stderr: format!("{why}; `cargo build --examples` helps"),
            ended: Ended::NotStarted,
        }
    }

    /// The turns of all its loops, which the last report on stderr adds up; zero if it had no loop.
    pub(crate) fn iterations(&self) -> u64 {
        let count = |line: &str| line.strip_prefix("kolo: ")?.strip_suffix(" iterations")?.parse().ok();
        self.stderr.lines().rev().find_map(count).unwrap_or(0)
    }
}

/// The examples are built beside the tests: `target/debug/deps/lectures-...`, `target/debug/examples/...`.
fn executable(name: &str) -> PathBuf {
    let test = env::current_exe().expect("the test has a path");
    let built = test.ancestors().nth(2).expect("the test lies in target/PROFILE/deps");
    built.join("examples").join(name).with_extension(env::consts::EXE_EXTENSION)
}

/// What keeps the example from being run: an old executable would pass or fail for reasons of yesterday.
fn obstacle(name: &str, path: &Path) -> Option<String> {
    let built = match fs::metadata(path).and_then(|data| data.modified()) {
        Ok(built) => built,
        Err(error) => return Some(format!("{}: {error}", path.display())),
    };
    let uses_utils = goldens::source(name).contains("mod utils;");
    let newest = [
        goldens::path(name),
        if uses_utils { "examples/utils" } else { "src" }.into(),
        "src".into(),
        "executor/src".into(),
        "sync/src".into(),
        "threads/src".into(),
        "net/src".into(),
        "os/src".into(),
        "processes/src".into(),
    ]
    .into_iter()
    .filter_map(|path| newest(&goldens::root().join(path)))
    .max()?;
    (newest.0 > built).then(|| format!("{} is newer than {}", newest.1.display(), path.display()))
}

/// The file under this path that was changed last.
fn newest(path: &Path) -> Option<(SystemTime, PathBuf)> {
    if path.is_dir() {
        let entries = fs::read_dir(path).ok()?.flatten();
        return entries.filter_map(|entry| newest(&entry.path())).max();
    }
    Some((fs::metadata(path).ok()?.modified().ok()?, path.to_owned()))
}

/// What it is given to read: for most, nothing.
fn input(name: &str) -> Stdio {
    let path = goldens::root().join(format!("tests/goldens/stdin/{name}.txt"));
    fs::File::open(path).map_or_else(|_| Stdio::null(), Stdio::from)
}

/// Runs the example to its end or, if it is endless, until it has written more than `enough` bytes.
pub(crate) fn run(name: &str, enough: Option<usize>) -> Run {
    let path = executable(name);
    if let Some(obstacle) = obstacle(name, &path) {
        return Run::not_started(obstacle);
    }
    let spawned = Command::new(&path)
        .env("KOLO_CLOCK", "virtual")
        .env("KOLO_STATS", "1")
        .env_remove("KOLO_DEBUG")
        .env_remove("RUST_BACKTRACE")
        .stdin(input(name))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return Run::not_started(format!("{}: {error}", path.display())),
    };
    let (sender, chunks) = channel();
    let mut stdout = child.stdout.take().expect("it is piped");
    let reader = thread::spawn(move || {
        let mut chunk = [0; 8192];
        while let Ok(n @ 1..) = stdout.read(&mut chunk) {
            if sender.send(chunk[..n].to_vec()).is_err() {
                break;
            }
        }
    });
    let mut stderr = child.stderr.take().expect("it is piped");
    let errors = thread::spawn(move || {
        let mut text = Vec::new();
        let _ = stderr.read_to_end(&mut text);
        text
    });

    let deadline = Instant::now() + PATIENCE;
    let mut written = Vec::new();
    let ended = loop {
        match chunks.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(chunk) => written.extend(chunk),
            Err(RecvTimeoutError::Disconnected) => break wait(&mut child, deadline),
            Err(RecvTimeoutError::Timeout) => break Ended::OutOfPatience,
        }
        if enough.is_some_and(|enough| written.len() > enough) {
            break Ended::StillWriting;
        }
    };
    drop(chunks);
    // It may have ended meanwhile, which is what is wanted.
    let _ = child.kill();
    let _ = child.wait();
    let _ = reader.join();
    let stderr = errors.join().expect("reading does not panic");
    Run {
        stdout: String::from_utf8_lossy(&written).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
        ended,
    }
}

/// Its output is closed: the exit cannot be far.
fn wait(child: &mut Child, deadline: Instant) -> Ended {
    let code = |status: ExitStatus| status.code().map_or(Ended::Signal, Ended::Exit);
    loop {
        match child.try_wait().expect("it is our child") {
            Some(status) => return code(status),
            None if Instant::now() > deadline => return Ended::OutOfPatience,
            None => thread::sleep(Duration::from_millis(1)),
        }
    }
}
