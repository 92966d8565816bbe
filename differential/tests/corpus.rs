//! Every program of a corpus leaves the trace on kolo that it leaves on CPython, line for line.
//!
//! `KOLO_CORPUS=file.jsonl` runs another corpus than `corpus/dev.jsonl`.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use kolo_differential::{parse, trace, uncovered};
use serde_json::Value;

/// What became of the programs of a corpus.
#[derive(Default)]
struct Totals {
    programs: usize,
    equal: usize,
    different: usize,
    /// How many programs were left out because they use an operation that is not there yet, by operation.
    left_out: usize,
    uncovered: BTreeMap<String, usize>,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = self.equal + self.different;
        write!(
            f,
            "{} programs: {run} run, {} equal, {} different",
            self.programs, self.equal, self.different
        )?;
        if self.left_out > 0 {
            write!(f, "; {} not yet covered, because they use:", self.left_out)?;
            for (operation, programs) in &self.uncovered {
                write!(f, "\n{programs:7} {operation}")?;
            }
        }
        Ok(())
    }
}

#[test]
fn traces_equal_those_of_cpython() {
    let path = match std::env::var_os("KOLO_CORPUS") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus/dev.jsonl"),
    };
    let corpus = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut totals = Totals::default();
    for line in corpus.lines() {
        let item: Value = serde_json::from_str(line).expect("a corpus is an object a line");
        let id = item["id"].as_str().expect("every program has an id");
        let program = parse(&item).unwrap_or_else(|error| panic!("{id}: {error}"));
        totals.programs += 1;
        let uncovered = uncovered(&program);
        if !uncovered.is_empty() {
            totals.left_out += 1;
            for operation in uncovered {
                *totals.uncovered.entry(operation.to_owned()).or_default() += 1;
            }
            continue;
        }
        let expected: Vec<&str> = item["trace"]
            .as_array()
            .expect("a trace is a list")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let got = match catch_unwind(AssertUnwindSafe(|| trace(program))) {
            Ok(Ok(lines)) => lines,
            Ok(Err(error)) => vec![format!("<{error}>")],
            Err(_) => vec!["<panic>".to_owned()],
        };
        if got == expected {
            totals.equal += 1;
        } else {
            totals.different += 1;
            if totals.different == 1 {
                println!("{id} differs:\n{}\n\n{}", item["program"], side_by_side(&expected, &got));
            } else {
                println!("{id} differs");
            }
        }
    }
    println!("{totals}");
    assert!(totals.programs > 0, "{} holds no programs", path.display());
    assert_eq!(totals.different, 0, "programs differ from CPython");
}

/// Both traces around the first line in which they differ.
fn side_by_side(expected: &[&str], got: &[String]) -> String {
    const BEFORE: usize = 12;
    const AFTER: usize = 4;
    let lines = expected.len().max(got.len());
    let expected_at = |line: usize| expected.get(line).copied().unwrap_or("(nothing)");
    let got_at = |line: usize| got.get(line).map_or("(nothing)", String::as_str);
    let first = (0..lines).find(|line| expected_at(*line) != got_at(*line)).unwrap_or(lines);
    let shown = first.saturating_sub(BEFORE)..lines.min(first + AFTER + 1);
    let width = shown
        .clone()
        .map(|line| expected_at(line).len())
        .max()
        .unwrap_or(0)
        .max("CPython".len());
    let mut table = format!("{:>6}   {:width$} | kolo\n", "line", "CPython");
    for line in shown {
        let mark = if line == first { '>' } else { ' ' };
        writeln!(
            table,
            "{mark} {:>4}   {:width$} | {}",
            line + 1,
            expected_at(line),
            got_at(line)
        )
        .expect("a string takes it");
    }
    table
}
