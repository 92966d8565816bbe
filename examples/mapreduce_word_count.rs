//! Words are counted in parts, and the counts merged. Notes: "MapReduce".

use kolo::{Result, ThreadPoolExecutor, gather, run, run_in_executor};

const TEXT: [&str; 5] = [
    "one fish two fish",
    "red fish blue fish",
    "black fish blue fish",
    "old fish new fish",
    "this one has a little star",
];

/// In the order in which words were first met, as a dictionary of Python has them.
type Counter = Vec<(&'static str, u32)>;

fn add(counter: &mut Counter, word: &'static str, count: u32) {
    match counter.iter_mut().find(|(known, _)| *known == word) {
        Some((_, so_far)) => *so_far += count,
        None => counter.push((word, count)),
    }
}

fn map_frequencies(chunk: &[&'static str]) -> Result<Counter> {
    let mut counter = Counter::new();
    for word in chunk.iter().flat_map(|line| line.split(' ')) {
        add(&mut counter, word, 1);
    }
    Ok(counter)
}

fn merge(mut merged: Counter, second: Counter) -> Counter {
    for (word, count) in second {
        add(&mut merged, word, count);
    }
    merged
}

fn shown(counter: &Counter) -> String {
    let items: Vec<_> = counter.iter().map(|(word, count)| format!("'{word}': {count}")).collect();
    format!("{{{}}}", items.join(", "))
}

async fn count() -> Result<()> {
    let pool = ThreadPoolExecutor::new();
    let parts = TEXT.chunks(2).map(|chunk| run_in_executor(&pool, || map_frequencies(chunk)));
    let mapped = gather(parts).await?;
    for part in &mapped {
        println!("map: {}", shown(part));
    }
    let reduced = run_in_executor(&pool, || Ok(mapped.into_iter().fold(Counter::new(), merge)));
    println!("reduce: {}", shown(&reduced.await?));
    Ok(())
}

fn main() -> Result<()> {
    run(count())
}
