//! Writes down what came out, in a section of its own of RESULTS.md.

use std::fmt::Write;
use std::process::Command;

use super::race::{Effort, Entry};
use super::work::Work;
use crate::competitor::Python;
use crate::report::machine;
use crate::report::section::Section;
use crate::sample::median;

/// Where it stands.
pub const PLACE: Section = Section {
    begin: "
<!-- servers: written by `kolo-benches net` -->
",
    end: "<!-- end of servers -->
",
};

/// What must be, of kolo's two servers, as multiples of the other's figure.
const TARGETS: [(&str, &str, f64); 4] = [
    ("kolo streams", "tokio current_thread", 1.0),
    ("kolo sock_*", "tokio current_thread", 1.2),
    ("kolo streams", "asyncio", 1.0 / 3.0),
    ("kolo streams", "uvloop", 1.0 / 2.0),
];

/// The section.
pub fn section(effort: Effort, python: Option<&Python>, works: &[Work], entries: &[Entry]) -> String {
    let mut text = format!("{}# Servers\n\n", PLACE.begin);
    let _ = writeln!(
        text,
        "What a request costs, in microseconds of the server's CPU time, its system calls included: the median of {} rounds, and the lowest. The server \
         has one processor, the client, in another process, the other. Each connection asks again when it has its answer. Written by \
         `cargo run --release -- net` on {}.\n",
        effort.rounds,
        today()
    );
    text += &machine::describe(python);
    text += &figures(works, entries);
    text += &ratios(works, entries);
    text + PLACE.end
}

/// A row for each server.
pub fn figures(works: &[Work], entries: &[Entry]) -> String {
    let cell = |figures: &Result<Vec<f64>, String>| match figures {
        Ok(figures) if !figures.is_empty() => {
            let lowest = figures.iter().copied().fold(f64::INFINITY, f64::min);
            format!("{:.2} ({:.2})", median(figures.clone()) / 1000.0, lowest / 1000.0)
        }
        Ok(_) => "-".to_owned(),
        Err(reason) => reason.clone(),
    };
    let rows = entries.iter().map(|entry| {
        let cells: Vec<String> = entry.figures.iter().map(cell).collect();
        format!("| {} | {} |\n", entry.name, cells.join(" | "))
    });
    table("server", works, rows.collect())
}

/// How kolo's figures are to the others'.
fn ratios(works: &[Work], entries: &[Entry]) -> String {
    let find = |name: &str| entries.iter().find(|entry| entry.name == name);
    let middle = |entry: &Entry, at: usize| entry.figures[at].as_ref().ok().filter(|f| !f.is_empty()).cloned().map(median);
    let row = |&(ours, theirs, most): &(&str, &str, f64)| {
        let (ours_entry, theirs_entry) = (find(ours)?, find(theirs)?);
        let cell = |at| match middle(ours_entry, at).zip(middle(theirs_entry, at)) {
            Some((a, b)) if a <= most * b => format!("{:.2}", a / b),
            Some((a, b)) => format!("**{:.2}**", a / b),
            None => "-".to_owned(),
        };
        let cells: Vec<String> = (0..works.len()).map(cell).collect();
        Some(format!("| {ours} to {theirs}, at most {most:.2} | {} |\n", cells.join(" | ")))
    };
    let rows: String = TARGETS.iter().filter_map(row).collect();
    match rows.is_empty() {
        true => rows,
        false => format!(
            "\nHow these are to each other; in bold what is more than it must be.\n\n{}",
            table("", works, rows)
        ),
    }
}

fn table(heading: &str, works: &[Work], rows: String) -> String {
    let titles: Vec<&str> = works.iter().map(|work| work.title).collect();
    let rule = "---:|".repeat(works.len());
    format!("| {heading} | {} |\n|---|{rule}\n{rows}", titles.join(" | "))
}

fn today() -> String {
    let output = Command::new("date").arg("+%Y-%m-%d").output();
    output.map_or_else(
        |_| "?".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
