//! What the map promises of the source: where unsafe code may stand, which crate may use which, and where there is a kolo at all.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

mod sources;

/// The only files with unsafe code.
const UNSAFE: [&str; 3] = [
    "executor/src/block/raw.rs",
    "executor/src/ground/memory.rs",
    "executor/src/wheel/waker.rs",
];

/// The crates, and which of the others each may use.
const CRATES: [(&str, &str, &[&str]); 12] = [
    ("executor", "kolo-executor", &[]),
    ("sync", "kolo-sync", &["kolo-executor"]),
    ("threads", "kolo-threads", &["kolo-executor"]),
    ("net", "kolo-net", &["kolo-executor", "kolo-sync", "kolo-threads"]),
    ("os", "kolo-os", &["kolo-executor", "kolo-sync", "kolo-threads", "kolo-net"]),
    ("processes", "kolo-processes", &["kolo-executor", "kolo-threads"]),
    (
        "integrations/http",
        "kolo-http",
        &["kolo-executor", "kolo-sync", "kolo-net", "kolo-os"],
    ),
    ("macros", "kolo-macros", &[]),
    (
        ".",
        "kolo",
        &[
            "kolo-executor",
            "kolo-sync",
            "kolo-threads",
            "kolo-net",
            "kolo-os",
            "kolo-processes",
            "kolo-http",
            "kolo-macros",
        ],
    ),
    ("differential", "kolo-differential", &["kolo"]),
    ("chaos", "kolo-chaos", &["kolo"]),
    ("mistakes", "kolo-mistakes", &[]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The words of a source text outside of its comments and strings.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => {
                let _comment = rest.by_ref().find(|c| *c == '\n');
                words.push(String::new());
            }
            '"' => {
                while let Some(c) = rest.next().filter(|c| *c != '"') {
                    if c == '\\' {
                        rest.next();
                    }
                }
                words.push(String::new());
            }
            // A quoted character, which may be a quote; a lifetime has no quote at its end.
            '\'' => {
                let mut ahead = rest.clone();
                let length = if ahead.next() == Some('\\') { 3 } else { 2 };
                if rest.clone().nth(length - 1) == Some('\'') {
                    rest.nth(length - 1);
                }
                words.push(String::new());
            }
            c if c.is_alphanumeric() || c == '_' => words.last_mut().unwrap().push(c),
            _ => words.push(String::new()),
        }
    }
    words
}

#[test]
fn words_are_found_outside_of_comments_and_strings() {
    let text = "fn f<'a>(x: &'a str) -> char { // unsafe\n \"unsafe \\\" unsafe\"; '\"'; '\\''; unsafe_code; unsafe{} '\"' }";
    let found = words(text);
    assert_eq!(found.iter().filter(|word| *word == "unsafe").count(), 1);
    assert!(found.iter().any(|word| word == "unsafe_code"));
}

#[test]
fn unsafe_code_stands_where_the_map_says() {
    let found: BTreeSet<String> = sources::below(root())
        .iter()
        .filter(|path| words(&read(path)).iter().any(|word| word == "unsafe"))
        .map(|path| path.strip_prefix(root()).unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(found, BTreeSet::from(UNSAFE.map(str::to_owned)));
    // And the compiler sees to it.
    for (folder, name, _) in CRATES {
        let lib = read(Path::new(folder).join("src/lib.rs"));
        let attribute = if name == "kolo-executor" {
            "#![deny(unsafe_code)]"
        } else {
            "#![forbid(unsafe_code)]"
        };
        assert!(lib.lines().any(|line| line == attribute), "{name}: {attribute}");
    }
    // Denied once, and allowed for these files.
    let executor = sources::below(&root().join("executor/src"));
    let words = executor.iter().flat_map(|path| words(&read(path)));
    assert_eq!(words.filter(|word| word == "unsafe_code").count(), 1 + UNSAFE.len());
}

#[test]
fn every_unsafe_site_says_why_it_is_sound() {
    for path in UNSAFE {
        let text = read(path);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (number, line) in lines.iter().enumerate() {
            // A function or a trait tells what it wants; everything else why it may.
            let says = |what: &str| lines[..number].iter().rev().take(6).any(|before| before.contains(what));
            let wants = line.contains("unsafe fn ") || line.contains("unsafe trait ") || line.contains(": unsafe fn(");
            if !words(line).iter().any(|word| word == "unsafe") || wants {
                continue;
            }
            assert!(
                says("// SAFETY: ") || line.contains("// SAFETY: "),
                "{path}:{}: {line}",
                number + 1
            );
        }
    }
}

#[test]
fn elsewhere_than_on_unix_there_is_one_error_and_it_says_so() {
    // The crates below are empty there, so that they have nothing to complain of before.
    for folder in sources::CRATES {
        let lib = read(Path::new(folder).join("src/lib.rs"));
        assert!(lib.lines().any(|line| line == "#![cfg(unix)]"), "{folder}");
    }
    let face = read("src/lib.rs");
    assert!(face.contains("#[cfg(not(unix))]\ncompile_error!(\"kolo needs Unix: "));
    let exports = face
        .lines()
        .zip(face.lines().skip(1))
        .filter(|(_, line)| line.starts_with("pub use "));
    assert!(exports.into_iter().all(|(before, _)| before == "#[cfg(unix)]"));
}

#[test]
fn imports_run_one_way() {
    for (folder, name, may_use) in CRATES {
        let manifest = read(Path::new(folder).join("Cargo.toml"));
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{folder}");
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
            }
            let names_one = line.split(['.', '=', ' ']).next().filter(|key| key.starts_with("kolo"));
            // What the workspace offers is nobody's yet, and tests may use what they test.
            let Some(used) = names_one.filter(|_| section == "[dependencies]" || section.starts_with("[target.")) else {
                continue;
            };
            assert!(may_use.contains(&used), "{name} must not use {used}");
        }
    }
}
