//! One measurement.

use std::time::{Duration, Instant};

use crate::catalogue::Run;

/// How often a measurement is repeated in its process; the median counts.
const REPETITIONS: usize = 5;

/// CPU time of one operation in nanoseconds.
///
/// The iterations are as many as fill the time. Work that takes longer than that by itself is done once, unwarmed.
pub fn sample(run: Run, size: usize, time: Duration) -> f64 {
    let begun = Instant::now();
    let share = time / REPETITIONS as u32;
    let mut iterations = 1;
    let mut cost = run(size, iterations);
    while cost.cpu < share / 2 {
        let missing = share.as_secs_f64() / cost.cpu.as_secs_f64();
        // The first iterations are slower than the later ones: too large a step would stop short, too small a one takes long.
        iterations = (iterations as f64 * missing.clamp(2.0, 1_000.0)) as u64;
        cost = run(size, iterations);
    }
    if begun.elapsed() > 4 * time {
        return cost.nanoseconds_each();
    }
    let costs = (0..REPETITIONS).map(|_| run(size, iterations).nanoseconds_each());
    median(costs.collect())
}

/// # Panics
/// If there is nothing to choose from.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}
