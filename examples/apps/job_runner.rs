//! A pool of workers that runs jobs with time-outs and retries, and closes in good order.

use std::error::Error;
use std::fmt;

use kolo::{Kind, Queue, Result, create_task, gather, run, running_loop, sleep, timeout};

const WORKERS: usize = 2;
const ATTEMPTS: u32 = 3;
/// Seconds that an attempt may take.
const LIMIT: f64 = 1.0;
/// When no new job is begun any more.
const CLOSING_TIME: f64 = 2.0;

struct Job {
    name: &'static str,
    seconds: f64,
    /// The attempt from which on it works.
    works_from: u32,
    /// What it makes, in the words of somebody else.
    pieces: &'static str,
}

const fn job(name: &'static str, seconds: f64, works_from: u32, pieces: &'static str) -> Job {
    Job {
        name,
        seconds,
        works_from,
        pieces,
    }
}

const JOBS: [Job; 7] = [
    job("resize", 0.5, 1, "12"),
    job("upload", 0.3, 3, "1"),
    job("render", 1.5, 1, "99"),
    job("parse", 0.2, 1, "a dozen"),
    job("index", 0.9, 1, "7"),
    job("backup", 0.4, 1, "3"),
    job("report", 0.5, 1, "1"),
];

/// Another attempt may help.
#[derive(Debug)]
struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the machine is busy")
    }
}

impl Error for Busy {}

fn say(text: impl fmt::Display) {
    println!("{:.1}s {text}", running_loop().time());
}

/// Errors of any type leave by `?`: here one of our own, and one of the standard library.
async fn perform(job: &Job, attempt: u32) -> Result<u32> {
    sleep(job.seconds).await?;
    if attempt < job.works_from {
        return Err(Busy.into());
    }
    Ok(job.pieces.parse()?)
}

async fn with_retries(job: &Job) -> Result<u32> {
    let (mut attempt, mut pause) = (1, 0.1);
    loop {
        match timeout(LIMIT, perform(job, attempt)).await {
            Err(error) if attempt < ATTEMPTS && (error.is_timeout() || error.downcast_ref::<Busy>().is_some()) => {
                say(format_args!("{}: {error}, again in {pause} s", job.name));
            }
            outcome => return outcome,
        }
        sleep(pause).await?;
        attempt += 1;
        pause *= 2.0;
    }
}

/// Works until the queue is shut down and empty. Gives how many pieces it has made.
async fn worker(name: String, jobs: Queue<&'static Job>) -> Result<u32> {
    let mut pieces = 0;
    let mut items = jobs.items();
    while let Some(job) = items.next().await {
        let job = job?;
        match with_retries(job).await {
            Ok(made) => {
                say(format_args!("{}: {made} by {name}", job.name));
                pieces += made;
            }
            // Not this job's failure, but the end of the worker.
            Err(error) if error.is_cancelled() => return Err(error),
            Err(error) => say(format_args!("{}: given up by {name}: {error}", job.name)),
        }
        jobs.task_done()?;
    }
    say(format_args!("{name} goes home"));
    Ok(pieces)
}

/// Hands the jobs out, as fast as they are taken. Gives how many were left when the queue was shut down.
async fn hand_out(jobs: &Queue<&'static Job>) -> Result<usize> {
    for (number, job) in JOBS.iter().enumerate() {
        match jobs.put(job).await {
            Err(error) if error.kind() == Kind::QueueShutDown => return Ok(JOBS.len() - number),
            outcome => outcome?,
        }
    }
    Ok(0)
}

async fn work() -> Result<(u32, usize)> {
    // One job waits at the most: whoever hands them out waits too.
    let jobs = Queue::new(1);
    let workers: Vec<_> = (1..=WORKERS)
        .map(|number| create_task(worker(format!("worker {number}"), jobs.clone())))
        .collect();
    let closing = jobs.clone();
    running_loop().call_later(CLOSING_TIME, move || closing.shutdown(false));

    let left = hand_out(&jobs).await?;
    // What is under way is brought to its end.
    let pieces = gather(workers).await?;
    Ok((pieces.iter().sum(), left))
}

fn main() -> std::result::Result<(), Box<dyn Error + Send + Sync>> {
    let (pieces, left) = run(work())?;
    println!("{pieces} pieces, jobs left for tomorrow: {left}");
    Ok(())
}
