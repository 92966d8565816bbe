//! Every case of CPython's suite that is listed in `conformance_cases.tsv` has a test in the module of its class, or a reason in
//! `conformance_unmapped.tsv` why it has none.

use std::collections::{BTreeMap, BTreeSet};

/// The class and the case, after the suite's file.
type Case = (&'static str, String, &'static str);

/// The lines of a table: a case, and what is said of it.
fn table(text: &'static str) -> BTreeMap<Case, &'static str> {
    let row = |line: &'static str| {
        let (id, about) = line.split_once('\t').expect("a case and what is said of it");
        let [file, class, name] = id.split("::").collect::<Vec<_>>()[..] else {
            panic!("{id} is no case");
        };
        ((file, module(class), name), about)
    };
    let rows: BTreeMap<_, _> = text.lines().map(row).collect();
    assert_eq!(rows.len(), text.lines().count(), "a case is listed twice");
    rows
}

fn cases() -> BTreeMap<Case, &'static str> {
    table(include_str!("conformance_cases.tsv"))
}

fn unmapped() -> BTreeMap<Case, &'static str> {
    table(include_str!("conformance_unmapped.tsv"))
}

/// The module of a class: `_LockTests` is `lock_tests`.
fn module(class: &str) -> String {
    let mut module = String::new();
    for letter in class.chars().filter(|&letter| letter != '_') {
        if letter.is_uppercase() && !module.is_empty() {
            module.push('_');
        }
        module.extend(letter.to_lowercase());
    }
    module
}

/// The tests of each file of the suite.
fn tests() -> BTreeSet<Case> {
    let sources = [
        ("test_locks", include_str!("conformance_locks.rs")),
        ("test_locks", include_str!("conformance_barriers.rs")),
        ("test_queues", include_str!("conformance_queues.rs")),
    ];
    let mut tests = BTreeSet::new();
    for (file, text) in sources {
        let mut module = String::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(" {")) {
                module = name.to_owned();
            } else if line.trim_start() == "#[test]" {
                let function = lines.next().and_then(|line| line.trim_start().strip_prefix("fn "));
                let name = function.and_then(|rest| rest.split('(').next()).expect("a function");
                assert!(tests.insert((file, module.clone(), name)), "{module}::{name} is there twice");
            }
        }
    }
    tests
}

#[test]
fn every_case_has_a_test_or_a_reason() {
    let (tests, unmapped) = (tests(), unmapped());
    for (case, verdict) in cases() {
        let (tested, excused) = (tests.contains(&case), unmapped.contains_key(&case));
        assert!(tested || excused, "{case:?} ({verdict}) has neither a test nor a reason");
        assert!(
            !(tested && excused),
            "{case:?} ({verdict}) has a test, and a reason why there is none"
        );
    }
}

#[test]
fn every_test_and_every_reason_is_of_a_case() {
    let cases = cases();
    for test in tests() {
        assert!(cases.contains_key(&test), "{test:?} is no case");
    }
    for (case, reason) in unmapped() {
        assert!(cases.contains_key(&case), "{case:?} is no case");
        assert!(!reason.is_empty(), "{case:?} has no reason");
    }
}
