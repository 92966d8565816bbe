//! The contenders, one after the other, in several rounds.

use super::{CONTENDERS, Set, WORKS};
use crate::sample::median;

/// What each contender came to with each work, in its unit: the median and the lowest.
pub struct Figures(pub Vec<(&'static str, Vec<(f64, f64)>)>);

/// So many rounds of all works.
///
/// # Errors
/// When the file to be read cannot be written.
pub fn race(rounds: usize) -> Result<Figures, String> {
    let set = Set::new(&std::env::temp_dir()).map_err(|error| error.to_string())?;
    let mut samples = vec![vec![Vec::new(); WORKS.len()]; CONTENDERS.len()];
    for round in 0..rounds {
        for (at, work) in WORKS.iter().enumerate() {
            for (contender, samples) in CONTENDERS.iter().zip(&mut samples) {
                let time = contender.runs[at](&set).as_nanos() as f64;
                samples[at].push(time / f64::from(work.times) / work.nanoseconds);
            }
            eprintln!("round {} of {rounds}: {}", round + 1, work.name);
        }
    }
    let figures = |samples: Vec<f64>| {
        let lowest = samples.iter().copied().fold(f64::INFINITY, f64::min);
        (median(samples), lowest)
    };
    let rows = CONTENDERS.iter().zip(samples);
    Ok(Figures(
        rows.map(|(contender, works)| (contender.name, works.into_iter().map(figures).collect()))
            .collect(),
    ))
}
