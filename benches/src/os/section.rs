//! Writes down what came out, in a section of its own of RESULTS.md.

use std::fmt::Write;
use std::fs;

use super::race::Figures;
use super::{CONTENDERS, WORKS};
use crate::report::section::Section;

/// Where it stands.
pub const PLACE: Section = Section {
    begin: "
<!-- threads and children: written by `kolo-benches os` -->
",
    end: "<!-- end of threads and children -->
",
};

/// The section.
pub fn section(rounds: usize, figures: &Figures) -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(3).collect();
    let mut text = format!("{}# Threads, children and files\n\n", PLACE.begin);
    let _ = writeln!(
        text,
        "Time by the clock: the median of {rounds} rounds, and the lowest. Written by `cargo run --release -- os` on the machine above, of which the \
         load was {} at the end.\n",
        load.join(", ")
    );
    text + &table(figures) + PLACE.end
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
