//! Every example is run under the virtual clock and held against what it must print.
//!
//! The goldens under `tests/goldens` are: `lectures`, what CPython 3.13 prints for the listings of the notes, with their exit
//! codes and numbers of loop iterations in `index.tsv`; `kolo`, what kolo prints where it cannot print that
//! (see [`tables::EXEMPT`]); `ladder`, `further` and `apps`, the output of the examples that stand in no
//! notes.

mod goldens;
mod program;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::{LazyLock, Mutex};
use std::thread;

use goldens::{Golden, Kind, examples, goldens, index, not_yet};
use program::{Ended, Run};

/// All examples are run once, on all processors, and every test looks at its side of the outcome.
static RUNS: LazyLock<BTreeMap<String, Run>> = LazyLock::new(|| {
    let waiting = Mutex::new(goldens().into_values().collect::<Vec<_>>());
    let runs = Mutex::new(BTreeMap::new());
    let next = || waiting.lock().expect("nobody panics with the lock").pop();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, |n| n.get()) {
            scope.spawn(|| {
                while let Some(golden) = next() {
                    let mut run = program::run(&golden.name, golden.endless.then_some(golden.text.len()));
                    if tables::PRINTS_PORTS.contains(&&*golden.name) {
                        run.stdout = goldens::mask_ports(&run.stdout);
                    }
                    runs.lock().expect("nobody panics with the lock").insert(golden.name, run);
                }
            });
        }
    });
    runs.into_inner().expect("nobody panics with the lock")
});

fn fail_if_any(failures: String) {
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn every_example_prints_its_golden() {
    let mut failures = String::new();
    for (name, golden) in goldens() {
        let run = &RUNS[&name];
        if let Err(difference) = compare(&golden, run) {
            let _ = writeln!(failures, "== {name}: {difference}\n-- stderr:\n{}", run.stderr);
        }
    }
    fail_if_any(failures);
}

fn compare(golden: &Golden, run: &Run) -> Result<(), String> {
    match (&run.ended, golden.endless) {
        // It wrote all of the golden and then went on: what it wrote after that is not looked at.
        (Ended::StillWriting, true) => {
            let written = run.stdout.get(..golden.text.len()).unwrap_or(&run.stdout);
            return goldens::same_lines(&golden.text, written);
        }
        (Ended::Exit(code), false) => {
            match golden.sorted {
                true => goldens::same_lines(&golden.text, &goldens::sorted_lines(&run.stdout))?,
                false => goldens::same_lines(&golden.text, &run.stdout)?,
            }
            if (*code == 0) != golden.succeeds {
                return Err(format!(
                    "exit code {code}, expected {}",
                    if golden.succeeds { "0" } else { "another than 0" }
                ));
            }
            if golden.stalls != run.stderr.contains("Error: Deadlock: ") {
                let expected = if golden.stalls { "a report of its" } else { "no" };
                return Err(format!("expected {expected} deadlock"));
            }
            return Ok(());
        }
        _ => {}
    }
    let expected = if golden.endless {
        "an endless program"
    } else {
        "a program that ends"
    };
    let difference = goldens::same_lines(&golden.text, &run.stdout).err().unwrap_or_default();
    Err(format!("{:?}, expected {expected}\n{difference}", run.ended))
}

#[test]
fn listings_take_as_many_turns_of_the_loop_as_in_cpython() {
    let mut failures = String::new();
    let mut equal = 0;
    for listing in index() {
        let (Some(run), Some(expected)) = (RUNS.get(&listing.name), listing.iterations) else {
            continue;
        };
        if !matches!(run.ended, Ended::Exit(_)) {
            continue;
        }
        let known = tables::ITERATIONS.iter().find(|row| row.0 == listing.name);
        let actual = run.iterations();
        if actual == expected {
            equal += 1;
            if known.is_some() {
                let _ = writeln!(failures, "{}: equal now, no longer an exception", listing.name);
            }
        } else if known.is_none_or(|row| row.1 != actual) {
            let _ = writeln!(failures, "{}: {actual}, CPython {expected}", listing.name);
        }
    }
    println!("{equal} listings take as many turns as in CPython");
    fail_if_any(failures);
}

#[test]
fn programs_that_wait_for_a_loop_take_few_turns_of_it() {
    for name in ["host_poll", "host_frames"] {
        let turns = RUNS[name].iterations();
        // One that does not really wait takes thousands in the same time.
        assert!((1..=20).contains(&turns), "{name}: {turns} turns");
    }
}

#[test]
fn every_example_is_compared_and_every_listing_has_an_example() {
    let examples = examples();
    let goldens = goldens();
    let listings: BTreeSet<_> = index().into_iter().map(|listing| listing.name).collect();
    let mut failures = String::new();
    let mut complain = |name: &str, what: &str| {
        let _ = writeln!(failures, "{name}: {what}");
    };
    for name in &examples {
        if !goldens.contains_key(name) && goldens::is_built(name) && !tables::NOT_COMPARED.iter().any(|row| row.0 == name) {
            complain(name, "an example without a golden");
        }
    }
    for (name, golden) in &goldens {
        if !examples.contains(name) {
            complain(name, "a golden without an example");
        }
        let exempt = tables::EXEMPT.iter().any(|row| row.0 == name);
        if exempt != (golden.kind == Kind::Exempt) {
            complain(name, "the table of exemptions and tests/goldens/kolo disagree");
        }
        if golden.kind == Kind::Exempt && golden.text == goldens::of_cpython(name) {
            complain(name, "exempt, and yet it prints what CPython prints");
        }
    }
    for name in goldens::unused() {
        complain(&name, "a golden of no listing");
    }
    for (name, _) in tables::EXEMPT.iter().chain(tables::NOT_COMPARED) {
        if !examples.contains(*name) {
            complain(name, "in a table of exceptions, but no example");
        }
    }
    let not_yet = not_yet();
    for name in &listings {
        match (examples.contains(name), not_yet.contains_key(name)) {
            (false, false) => complain(name, "a listing without an example"),
            (true, true) => complain(name, "an example that is listed as not yet there"),
            _ => {}
        }
    }
    for name in not_yet.keys() {
        if !listings.contains(name) {
            complain(name, "not yet there, but no listing either");
        }
    }
    fail_if_any(failures);
}

#[test]
fn examples_say_what_they_show_and_are_short() {
    let listings: BTreeSet<_> = index().into_iter().map(|listing| listing.name).collect();
    let apps = goldens::apps();
    let mut failures = String::new();
    for name in examples() {
        let source = goldens::source(&name);
        let first = source.lines().next().unwrap_or_default();
        if !first.starts_with("//! ") {
            let _ = writeln!(failures, "{name}: the first line says nothing: {first}");
        }
        if listings.contains(&name) {
            if !first.contains(" Notes: ") {
                let _ = writeln!(failures, "{name}: the first line names no place in the notes");
            }
            let lines = source.lines().count();
            if lines > 80 {
                let _ = writeln!(failures, "{name}: {lines} lines, more than 80");
            }
        }
        let lines = source.lines().count();
        if apps.contains(&name) && lines >= 150 {
            let _ = writeln!(failures, "{name}: {lines} lines, a small program has less than 150");
        }
    }
    fail_if_any(failures);
}

#[test]
fn the_catalogue_names_every_example() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/README.md");
    let text = fs::read_to_string(path).expect("the catalogue is there");
    let mut failures = String::new();
    let mut named = BTreeSet::new();
    for row in text.lines().filter(|line| line.starts_with('|')) {
        for command in row.split("cargo run --example ").skip(1) {
            let name: String = command.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !named.insert(name.clone()) {
                let _ = writeln!(failures, "{name}: two rows");
            }
        }
    }
    let examples = examples();
    let not_yet = not_yet();
    for name in examples.difference(&named) {
        let _ = writeln!(failures, "{name}: an example without a row");
    }
    for name in named.difference(&examples).filter(|name| !not_yet.contains_key(*name)) {
        let _ = writeln!(failures, "{name}: a row without an example");
    }
    fail_if_any(failures);
}
