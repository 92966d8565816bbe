//! Writes down what came out, in a section of its own of RESULTS.md.

use std::fmt::Write;
use std::fs;

use super::race::Figures;
use super::{CONTENDERS, WORKS};

const BEGIN: &str = "\n<!-- threads and children: written by `kolo-benches os` -->\n";
const END: &str = "<!-- end of threads and children -->\n";

/// The section.
pub fn section(rounds: usize, figures: &Figures) -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(3).collect();
    let mut text = format!("{BEGIN}# Threads, children and files\n\n");
    let _ = writeln!(
        text,
        "Time by the clock: the median of {rounds} rounds, and the lowest. Written by `cargo run --release -- os` on the machine above, of which the \
         load was {} at the end.\n",
        load.join(", ")
    );
    text + &table(figures) + END
}

/// A row for each work.
pub fn table(figures: &Figures) -> String {
    let names = CONTENDERS.map(|contender| contender.name).join(" | ");
    let mut text = format!("| work | {names} |\n|---|{}\n", "---:|".repeat(CONTENDERS.len()));
    for (at, work) in WORKS.iter().enumerate() {
        let cells: Vec<String> = figures
            .0
            .iter()
            .map(|(_, works)| format!("{:.2} ({:.2})", works[at].0, works[at].1))
            .collect();
        let _ = writeln!(text, "| {}, {} | {} |", work.name, work.unit, cells.join(" | "));
    }
    text
}

/// `results` with this section in place of the one before, or at its end.
pub fn put_into(results: &str, section: &str) -> String {
    match find(results) {
        Some((before, after)) => format!("{before}{section}{after}"),
        None => format!("{results}{section}"),
    }
}

/// The section that is there.
pub fn of(results: &str) -> Option<&str> {
    let (before, after) = find(results)?;
    Some(&results[before.len()..results.len() - after.len()])
}

fn find(results: &str) -> Option<(&str, &str)> {
    let (before, rest) = results.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some((before, after))
}
