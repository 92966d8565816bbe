//! Every case of CPython's suite that `conformance/cases.tsv` lists has one test, or a reason why it has none, and every conformance test is
//! of such a case.
//!
//! A line of the table is the case (`suite::Class::case`), a verdict, and the reason where there is no test; the lines are in order. The
//! verdicts: APPLICABLE, the case as it is; ADAPT, what is left of it where values are not dynamic; N/A, it has no meaning in Rust.
//!
//! The rule for where a test is, for all crates: a case of `test_tasks` is the function of the same name in the module `tasks` of a
//! conformance program, or in a module within that. A module that is named for a class of the suite (`lock_tests` for `LockTests`) has the
//! cases of that class. In another module a name stands for the one case of that name that has no reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The conformance programs: a folder with a module for each file of the suite.
const PROGRAMS: [&str; 5] = [
    "executor/tests/conformance",
    "net/tests/conformance",
    "os/tests/conformance",
    "sync/tests/conformance",
    "threads/tests/conformance",
];
/// A program that is its own harness, because Ctrl-C concerns a whole process: it lists its tests as `case("name", ...)`, and has others
/// than those of the suite's `test_runners`, whose names do not begin with `test_`.
const ITS_OWN_HARNESS: &str = "executor/tests/conformance_runners_sigint.rs";
/// How many cases there are, and how many of them have a reason: nobody would miss a line that is lost.
const CASES: (usize, usize) = (967, 273);

/// A line of the table.
struct Case {
    suite: &'static str,
    class: &'static str,
    name: &'static str,
    reason: Option<&'static str>,
}

impl Case {
    fn id(&self) -> String {
        format!("{}::{}::{}", self.suite, self.class, self.name)
    }
}

/// A test, where it was found.
struct Test {
    suite: String,
    /// The names of the modules, from that of the suite's file down to the test's.
    modules: Vec<String>,
    name: String,
}

impl Test {
    /// The cases that it may be of: those of its name, and of the class that a module is named for, if one is.
    fn candidates<'a>(&self, cases: &'a [Case]) -> Vec<&'a Case> {
        let of_suite = || cases.iter().filter(|case| case.suite == self.suite);
        let class = of_suite()
            .map(|case| case.class)
            .find(|class| self.modules.contains(&module_of(class)));
        let fits = |case: &&Case| case.name == self.name && class.is_none_or(|class| class == case.class);
        of_suite().filter(fits).collect()
    }

    fn path(&self) -> String {
        format!("{}::{}", self.modules.join("::"), self.name)
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cases() -> Vec<Case> {
    let case = |line: &'static str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let (id, verdict, reason) = match fields[..] {
            [id, verdict] => (id, verdict, None),
            [id, verdict, reason] => (id, verdict, Some(reason)),
            _ => panic!("{line}: a case, a verdict, and a reason if there is no test"),
        };
        assert!(["APPLICABLE", "ADAPT", "N/A"].contains(&verdict), "{line}: the verdict");
        assert!(reason != Some(""), "{line}: an empty reason");
        let [suite, class, name] = id.split("::").collect::<Vec<_>>()[..] else {
            panic!("{line}: suite::Class::case");
        };
        Case {
            suite,
            class,
            name,
            reason,
        }
    };
    include_str!("conformance/cases.tsv").lines().map(case).collect()
}

/// The module of a class: `_LockTests` is `lock_tests`.
fn module_of(class: &str) -> String {
    let mut module = String::new();
    for letter in class.chars().filter(|&letter| letter != '_') {
        if letter.is_uppercase() && !module.is_empty() {
            module.push('_');
        }
        module.extend(letter.to_lowercase());
    }
    module
}

/// The functions of a source text that are tests.
fn test_functions(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let tests = lines.iter().enumerate().filter(|(_, line)| **line == "#[test]");
    let name = |(at, _): (usize, &&str)| {
        let function = lines[at..].iter().find_map(|line| line.strip_prefix("fn "));
        let name = function.and_then(|rest| rest.split('(').next());
        name.expect("a function below #[test]").to_owned()
    };
    tests.map(name).collect()
}

/// The tests of the modules in a folder, which is that of the module `path`, and of those within.
fn tests_in(folder: &Path, path: &[String], found: &mut Vec<Test>) {
    let declared = read(&folder.join(if path.is_empty() { "main.rs" } else { "mod.rs" }));
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for file in entries {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        if stem == "main" {
            assert_eq!(test_functions(&declared), [""; 0], "a test belongs to a file of the suite");
            continue;
        }
        let mut modules = path.to_vec();
        if stem != "mod" {
            // What no module names is not compiled, and its tests never run.
            let line = format!("mod {stem};");
            assert!(
                declared.lines().any(|declared| declared == line),
                "{}: {line}",
                folder.display()
            );
            modules.push(stem);
        }
        if file.is_dir() {
            tests_in(&file, &modules, found);
            continue;
        }
        let text = read(&file);
        assert!(
            !text.contains("#[ignore"),
            "{}: an ignored test tests nothing",
            file.display()
        );
        for name in test_functions(&text) {
            let (suite, modules) = (format!("test_{}", modules[0]), modules.clone());
            found.push(Test { suite, modules, name });
        }
    }
}

/// All conformance tests.
fn tests() -> Vec<Test> {
    let mut found = Vec::new();
    for program in PROGRAMS {
        tests_in(&root().join(program), &[], &mut found);
    }
    let text = read(&root().join(ITS_OWN_HARNESS));
    let names = text.split(" case(\"").skip(1).filter_map(|rest| rest.split('"').next());
    for name in names.filter(|name| name.starts_with("test_")) {
        let (suite, modules, name) = (
            "test_runners".to_owned(),
            vec!["conformance_runners_sigint".to_owned()],
            name.to_owned(),
        );
        found.push(Test { suite, modules, name });
    }
    found
}

#[test]
fn every_case_has_a_test_or_a_reason_and_every_test_is_of_a_case() {
    let cases = cases();
    let mut wrong = Vec::new();
    let mut tested: BTreeMap<String, String> = BTreeMap::new();
    for test in tests() {
        let candidates = test.candidates(&cases);
        let without_reason: Vec<_> = candidates.iter().filter(|case| case.reason.is_none()).collect();
        match (&candidates[..], &without_reason[..]) {
            ([], _) => wrong.push(format!("{} is no case of {}", test.path(), test.suite)),
            ([case, ..], []) => wrong.push(format!("{} has a test, and a reason why there is none", case.id())),
            (_, [case]) => {
                if let Some(before) = tested.insert(case.id(), test.path()) {
                    wrong.push(format!("{} has two tests: {before} and {}", case.id(), test.path()));
                }
            }
            (_, [_, _, ..]) => wrong.push(format!("{} may be of several classes", test.path())),
        }
    }
    let neither = cases
        .iter()
        .filter(|case| case.reason.is_none() && !tested.contains_key(&case.id()));
    wrong.extend(neither.map(|case| format!("{} has neither a test nor a reason", case.id())));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_table_is_whole_and_in_order() {
    let cases = cases();
    let with_reason = cases.iter().filter(|case| case.reason.is_some()).count();
    assert_eq!((cases.len(), with_reason), CASES);
    let lines: Vec<&str> = include_str!("conformance/cases.tsv").lines().collect();
    assert!(lines.is_sorted_by_key(|line| line.split('\t').next()), "by the case");
    let ids: BTreeSet<String> = cases.iter().map(Case::id).collect();
    assert_eq!(ids.len(), cases.len(), "a case is listed once");
}

#[test]
fn tests_are_found_below_other_attributes() {
    let text = "#[test]\n#[should_panic]\nfn test_one() {}\n\nfn test_none() {}\n    #[test]\n    fn test_two() {\n";
    assert_eq!(test_functions(text), ["test_one", "test_two"]);
    assert_eq!(module_of("_QueueJoinTestMixin"), "queue_join_test_mixin");
}
