//! Tables in Markdown.

use std::fmt::Write;

use crate::runner::{Entry, Footprints, Growth, Race};

const KOLO: &str = "kolo";

/// kolo's own result in a race.
pub(super) fn kolo(race: &Race) -> Option<f64> {
    race.entries
        .iter()
        .find(|entry| entry.peer == KOLO && !entry.is_floor)?
        .median()
}

/// One line for each contender, the best first; those that could not take part last.
pub fn race(race: &Race) -> String {
    let mut text = format!("\n## {}\n\nAn operation is {}.\n\n", race.title, race.operation);
    text += "| | median | lowest to highest | kolo is |\n|---|---:|---:|---:|\n";
    let kolo = kolo(race);
    for entry in sorted(&race.entries) {
        let _ = match (&entry.samples, entry.median()) {
            (Ok(samples), Some(median)) => {
                let lowest = samples.iter().copied().fold(f64::INFINITY, f64::min);
                let highest = samples.iter().copied().fold(0.0, f64::max);
                let range = format!("{} to {}", figure(lowest), figure(highest));
                writeln!(
                    text,
                    "| {} | {} | {range} | {} |",
                    named(entry),
                    figure(median),
                    times(entry, median, kolo)
                )
            }
            (Err(reason), _) => writeln!(text, "| {} | | {reason} | |", named(entry)),
            (Ok(_), None) => Ok(()),
        };
    }
    text
}

pub(super) fn footprints(footprints: &Footprints) -> String {
    let mut text = format!("\n## {}\n\n", footprints.title);
    text += "| | bytes a task | kolo takes | to spawn one | to cancel one |\n|---|---:|---:|---:|---:|\n";
    let kolo = kolo(&footprints.bytes);
    for entry in sorted(&footprints.bytes.entries) {
        let of = |race: &Race| {
            let found = race.entries.iter().find(|other| other.name == entry.name);
            found.and_then(Entry::median).map_or("-".to_owned(), figure)
        };
        let share = |bytes: f64| match (entry.peer == KOLO, kolo) {
            (false, Some(kolo)) => format!("{:.0} %", 100.0 * kolo / bytes),
            _ => String::new(),
        };
        let _ = match (&entry.samples, entry.median()) {
            (Err(reason), _) => writeln!(text, "| {} | {reason} | | | |", named(entry)),
            (Ok(_), bytes) => writeln!(
                text,
                "| {} | {} | {} | {} | {} |",
                named(entry),
                bytes.map_or(String::new(), |bytes| format!("{bytes:.0}")),
                bytes.map_or(String::new(), share),
                of(&footprints.spawn),
                of(&footprints.cancel)
            ),
        };
    }
    text
}

pub(super) fn growth(growth: &Growth) -> String {
    let mut text = format!("\n## {}\n\n| |", growth.title);
    for &size in growth.sizes {
        let _ = write!(text, " {} |", thousands(size));
    }
    let _ = writeln!(text, "\n|---|{}", "---:|".repeat(growth.sizes.len()));
    for (name, medians) in &growth.curves {
        let cells = medians
            .iter()
            .map(|median| format!(" {} |", median.map_or("-".to_owned(), figure)));
        let _ = writeln!(text, "| {} |{}", emphasised(name, name), cells.collect::<String>());
    }
    text
}

fn sorted(entries: &[Entry]) -> Vec<&Entry> {
    let mut entries: Vec<_> = entries.iter().collect();
    entries.sort_by(|a, b| {
        let key = |entry: &Entry| entry.median().unwrap_or(f64::INFINITY);
        key(a).total_cmp(&key(b))
    });
    entries
}

fn named(entry: &Entry) -> String {
    match entry.is_floor {
        true => format!("*{} (a floor)*", entry.name),
        false => emphasised(&entry.peer, &entry.name),
    }
}

fn emphasised(peer: &str, name: &str) -> String {
    match peer.starts_with(KOLO) {
        true => format!("**{name}**"),
        false => name.to_owned(),
    }
}

fn times(entry: &Entry, median: f64, kolo: Option<f64>) -> String {
    match kolo {
        Some(kolo) if entry.peer != KOLO => format!("{:.2} x", median / kolo),
        _ => String::new(),
    }
}

/// Three digits or more, which is more than can be relied on.
pub(super) fn figure(value: f64) -> String {
    match value {
        value if value < 100.0 => format!("{value:.1}"),
        value => thousands(value.round() as usize),
    }
}

pub(super) fn thousands(value: usize) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
