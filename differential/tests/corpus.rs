//! Every program of a corpus leaves the trace on kolo that it leaves on CPython, line for line.
//!
//! `KOLO_CORPUS=file.jsonl` runs another corpus than those in `corpus/`: `dev.jsonl`; `net.jsonl` and `descriptors.jsonl`, of
//! sockets, streams and servers; and `diamonds.jsonl`, in which tasks wait for each other in many ways at once and are cancelled.

use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use kolo_differential::{parse, trace};
use serde_json::Value;

#[test]
fn traces_equal_those_of_cpython() {
    if let Some(path) = std::env::var_os("KOLO_CORPUS") {
        return compare(&PathBuf::from(path));
    }
    for name in ["dev.jsonl", "descriptors.jsonl", "diamonds.jsonl", "net.jsonl"] {
        compare(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name));
    }
}

fn compare(path: &Path) {
    let corpus = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (mut programs, mut different) = (0, 0);
    for line in corpus.lines() {
        let item: Value = serde_json::from_str(line).expect("a corpus is an object a line");
        let id = item["id"].as_str().expect("every program has an id");
        let program = parse(&item).unwrap_or_else(|error| panic!("{id}: {error}"));
        programs += 1;
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
            continue;
        }
        different += 1;
        if different == 1 {
            println!("{id} differs:\n{}\n\n{}", item["program"], side_by_side(&expected, &got));
        } else {
            println!("{id} differs");
        }
    }
    println!(
        "{programs} programs run, {} equal, {different} different",
        programs - different
    );
    assert!(programs > 0, "{} holds no programs", path.display());
    assert_eq!(different, 0, "programs differ from CPython");
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

#[test]
fn the_first_difference_is_shown_side_by_side() {
    let got = ["0 a", "0 B", "0 c"].map(str::to_owned);
    let expected = "  line   CPython   | kolo
     1   0 a       | 0 a
>    2   0 b       | 0 B
     3   (nothing) | 0 c
";
    assert_eq!(side_by_side(&["0 a", "0 b"], &got), expected);
}
