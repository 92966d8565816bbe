//! Every case of CPython's suite that is listed in `conformance_cases.tsv` has a test, or a reason in `conformance_unmapped.tsv` why it
//! has none.
//!
//! The tests of `test_tasks` are those of `conformance_tasks.rs` and of every `conformance_tasks_*.rs`, named after the case.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const CASES: &str = include_str!("conformance_cases.tsv");
const UNMAPPED: &str = include_str!("conformance_unmapped.tsv");

/// The suite's file, the class, and the case.
type Case<'a> = (&'a str, &'a str, &'a str);

fn case(id: &'static str) -> Case<'static> {
    let parts: Vec<&str> = id.split("::").collect();
    let [file, class, name] = parts[..] else {
        panic!("{id} is no id of a case")
    };
    (file, class, name)
}

fn cases() -> Vec<(Case<'static>, &'static str)> {
    let fields = CASES.lines().map(|line| line.split_once('\t').expect("an id and a verdict"));
    fields.map(|(id, verdict)| (case(id), verdict)).collect()
}

fn unmapped() -> BTreeMap<Case<'static>, &'static str> {
    let rows = UNMAPPED.lines().map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [file, class, name, reason] = fields[..] else {
            panic!("'{line}' does not have four fields")
        };
        ((file, class, name), reason)
    });
    rows.collect()
}

/// The names of the functions that are tests, for each file of the suite.
fn tests() -> BTreeMap<String, BTreeSet<String>> {
    let mut tests: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let suite: BTreeSet<&str> = cases().iter().map(|((file, ..), _)| *file).collect();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")).expect("the folder of the tests") {
        let path = entry.expect("a file").path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let Some(theme) = stem
            .strip_prefix("conformance_")
            .filter(|_| path.extension().is_some_and(|end| end == "rs"))
        else {
            continue;
        };
        // The longest name that fits: `futures2` is not a theme of `futures`.
        let fits = |file: &&&str| {
            let name = file.strip_prefix("test_").expect("the suite's files are named test_*");
            theme
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        let Some(file) = suite.iter().filter(fits).max_by_key(|file| file.len()) else {
            continue;
        };
        let text = fs::read_to_string(&path).expect("the text of a test");
        // A function of this name that is no test would be dead code, which the compiler tells of.
        let names = text
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("fn test_")?.split('(').next())
            .map(|name| format!("test_{name}"));
        tests.entry((*file).to_owned()).or_default().extend(names);
    }
    tests
}

/// Rust knows no names with two underscores in a row.
fn in_rust(name: &str) -> String {
    name.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
}

#[test]
fn every_case_has_a_test_or_a_reason() {
    let (tests, unmapped) = (tests(), unmapped());
    let mut missing = Vec::new();
    for ((file, class, name), verdict) in cases() {
        let tested = tests.get(file).is_some_and(|names| names.contains(&in_rust(name)));
        let excused = unmapped.contains_key(&(file, class, name));
        match (tested, excused) {
            (true, false) | (false, true) => {}
            (false, false) => missing.push(format!("{file}::{class}::{name} ({verdict}): neither a test nor a reason")),
            (true, true) => missing.push(format!(
                "{file}::{class}::{name} ({verdict}): a test, and a reason why there is none"
            )),
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn every_reason_is_of_a_case() {
    let cases: BTreeMap<_, _> = cases().into_iter().collect();
    for (row, reason) in unmapped() {
        assert!(!reason.is_empty(), "{row:?} has no reason");
        assert!(cases.contains_key(&row), "{row:?} is no case");
    }
}

#[test]
fn names_tell_the_cases_of_a_file_apart() {
    let mut seen = BTreeSet::new();
    for ((file, _, name), _) in cases() {
        assert!(seen.insert((file, in_rust(name))), "{file} has two cases {name}");
    }
}
