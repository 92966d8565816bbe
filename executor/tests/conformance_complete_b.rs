//! Every case of the second part of CPython's suite, `conformance_cases_b.tsv`, has a test of its name, or a reason in
//! `conformance_unmapped_b.tsv` why it has none. (The first part, tasks and futures, is the concern of `conformance_complete`.)
//!
//! The tests of `test_runners` are those of `conformance_runners.rs` and of every `conformance_runners_*.rs`; so with the others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The suite's file, the class, and the case.
type Case = [&'static str; 3];

/// The cases, with what they are worth: APPLICABLE, ADAPT or N/A.
fn cases() -> Vec<(Case, &'static str)> {
    let line = |line: &'static str| {
        let (id, verdict) = line.split_once('\t').expect("an id and a verdict");
        (fields(id.split("::")), verdict)
    };
    include_str!("conformance_cases_b.tsv").lines().map(line).collect()
}

/// The reasons for which cases have no test.
fn unmapped() -> BTreeMap<Case, &'static str> {
    let line = |line: &'static str| {
        let (case, reason) = line.rsplit_once('\t').expect("a case and a reason");
        (fields(case.split('\t')), reason)
    };
    include_str!("conformance_unmapped_b.tsv").lines().map(line).collect()
}

fn fields(fields: impl Iterator<Item = &'static str>) -> Case {
    let fields: Vec<_> = fields.collect();
    fields.try_into().expect("a file, a class and a case")
}

/// The tests of a file of the suite.
fn tests_of(file: &str) -> BTreeSet<String> {
    let theme = file.replace("test_", "conformance_");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut tests = BTreeSet::new();
    for entry in fs::read_dir(&folder).expect("the folder of the tests") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        let ours = name.strip_suffix(".rs").and_then(|stem| stem.strip_prefix(&theme));
        if !ours.is_some_and(|rest| rest.is_empty() || rest.starts_with('_')) {
            continue;
        }
        let text =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)).expect("the text of a test");
        // The second form is that of programs which are their own harness.
        for (before, after) in [("#[test]\nfn ", '('), (" case(\"", '"')] {
            let names = text.split(before).skip(1).filter_map(|rest| rest.split(after).next());
            tests.extend(names.map(str::to_owned));
        }
    }
    tests
}

#[test]
fn every_case_has_a_test_or_a_reason() {
    let unmapped = unmapped();
    let mut tests = BTreeMap::new();
    let mut missing = Vec::new();
    for (case @ [file, _, name], verdict) in cases() {
        let tests = tests.entry(file).or_insert_with(|| tests_of(file));
        if !unmapped.contains_key(&case) && !tests.remove(name) {
            missing.push(format!("{} ({verdict})", case.join("::")));
        }
    }
    assert!(
        missing.is_empty(),
        "neither a test of their own nor a reason:\n{}",
        missing.join("\n")
    );
}

#[test]
fn every_reason_is_of_a_case() {
    let cases: BTreeSet<Case> = cases().into_iter().map(|(case, _)| case).collect();
    for (case, reason) in unmapped() {
        assert!(cases.contains(&case), "{} is no case", case.join("::"));
        assert!(!reason.is_empty(), "{} has no reason", case.join("::"));
    }
}
