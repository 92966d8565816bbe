//! Counts the words of many files, a process for each processor, as the results come: `-- file...` after it counts these.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs, process};

use kolo::{Kind, ProcessPoolExecutor, Result, as_completed, partial, processes, run, run_in_executor};

type Counts = BTreeMap<String, u64>;

/// Runs in another process: given a path, for a text would have to be sent.
fn count_words(path: PathBuf) -> Result<Counts> {
    let mut counts = Counts::new();
    for word in fs::read_to_string(path)?.split(|c: char| !c.is_alphanumeric()) {
        if !word.is_empty() {
            *counts.entry(word.to_lowercase()).or_default() += 1;
        }
    }
    Ok(counts)
}

/// The words of all files together, and the files that could not be read.
async fn count_all(paths: Vec<PathBuf>) -> Result<(Counts, u64)> {
    let pool = ProcessPoolExecutor::new();
    let jobs = paths
        .into_iter()
        .map(|path| run_in_executor(&pool, partial!(count_words, path)));
    let (mut all, mut unread) = (Counts::new(), 0);
    let mut results = as_completed(jobs);
    while let Some(result) = results.next().await {
        match result {
            Ok(counts) => {
                for (word, count) in counts {
                    *all.entry(word).or_default() += count;
                }
            }
            // The system's number has come from the other process with the error.
            Err(error) if error.kind() == Kind::Io && error.errno() == Some(2) => unread += 1,
            Err(error) => return Err(error),
        }
    }
    Ok((all, unread))
}

fn show(counts: Counts, unread: u64) {
    let total: u64 = counts.values().sum();
    println!(
        "{total} words, {} of them different; {unread} files are not there",
        counts.len()
    );
    let mut by_count: Vec<_> = counts.into_iter().collect();
    by_count.sort_by(|(a, many), (b, more)| more.cmp(many).then(a.cmp(b)));
    for (word, count) in by_count.into_iter().take(5) {
        println!("{count:7} {word}");
    }
}

/// Files to show it with, which are removed in the end.
struct Samples(PathBuf);

impl Samples {
    const TEXTS: [&str; 4] = [
        "One fish, two fish, red fish, blue fish.",
        "Black fish, blue fish, old fish, new fish.",
        "This one has a little star. This one has a little car.",
        "Say! What a lot of fish there are.",
    ];

    fn write() -> Result<Samples> {
        let samples = Samples(env::temp_dir().join(format!("kolo-word-count-{}", process::id())));
        fs::create_dir_all(&samples.0)?;
        for number in 0..100 {
            let text = Samples::TEXTS[number % Samples::TEXTS.len()];
            fs::write(samples.path(number), text)?;
        }
        Ok(samples)
    }

    fn path(&self, number: usize) -> PathBuf {
        self.0.join(format!("{number}.txt"))
    }
}

impl Drop for Samples {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn main() -> Result<()> {
    processes!(count_words);

    let mut paths: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let samples = paths.is_empty().then(Samples::write).transpose()?;
    if let Some(samples) = &samples {
        // The last one is not there.
        paths.extend((0..101).map(|number| samples.path(number)));
    }
    let (counts, unread) = run(count_all(paths))?;
    show(counts, unread);
    Ok(())
}
