//! What is on disk: the examples, their goldens, the index of the listings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the expected output comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// CPython printed it.
    Listing,
    /// A listing of which kolo prints something else.
    Exempt,
    /// kolo's own example.
    Own,
}

#[derive(Debug)]
pub(crate) struct Golden {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) succeeds: bool,
    /// The program waits for ever: CPython hangs, kolo reports a deadlock.
    pub(crate) stalls: bool,
    /// The program never ends, and the text is how its output begins.
    pub(crate) endless: bool,
    /// Several processes write as they come to it, and the text has the lines in order.
    pub(crate) sorted: bool,
}

/// A row of `index.tsv`.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) name: String,
    pub(crate) succeeds: bool,
    pub(crate) stalls: bool,
    pub(crate) endless: bool,
    pub(crate) sorted: bool,
    pub(crate) iterations: Option<u64>,
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: PathBuf) -> String {
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the files with this extension; a folder that is not there has none.
fn names(folder: &str, extension: &str) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(root().join(folder)) else {
        return BTreeSet::new();
    };
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let wanted = paths.filter(|path| path.extension().is_some_and(|found| found == extension));
    wanted
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

/// Where the examples are: those of the notes and kolo's own, and the small programs.
const FOLDERS: [&str; 2] = ["examples", "examples/apps"];

pub(crate) fn examples() -> BTreeSet<String> {
    FOLDERS.iter().flat_map(|folder| names(folder, "rs")).collect()
}

/// Whether the example is there to be run: those that start processes need a feature, which all of the workspace together has.
pub(crate) fn is_built(name: &str) -> bool {
    cfg!(feature = "processes") || !root().join(path(name)).exists() || !source(name).contains("processes!(")
}

pub(crate) fn apps() -> BTreeSet<String> {
    names("examples/apps", "rs")
}

/// The source of an example, from the root.
pub(crate) fn path(name: &str) -> PathBuf {
    let paths = FOLDERS.map(|folder| Path::new(folder).join(name).with_extension("rs"));
    let there = paths.iter().find(|path| root().join(path).exists());
    there.unwrap_or(&paths[0]).clone()
}

pub(crate) fn source(name: &str) -> String {
    read(root().join(path(name)))
}

fn rows(file: &str) -> Vec<Vec<String>> {
    let text = read(root().join("tests/goldens/lectures").join(file));
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .skip(1)
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect()
}

pub(crate) fn index() -> Vec<Listing> {
    let listing = |row: Vec<String>| match row.as_slice() {
        [name, exit, ends, iterations] => Listing {
            name: name.clone(),
            succeeds: exit == "0",
            stalls: exit == "stalls",
            endless: ends == "cut",
            sorted: ends == "sorted",
            iterations: iterations.parse().ok(),
        },
        _ => panic!("index.tsv: {row:?}"),
    };
    rows("index.tsv").into_iter().map(listing).collect()
}

/// Listings whose examples are still to be written, with the reason.
pub(crate) fn not_yet() -> BTreeMap<String, String> {
    let pair = |row: Vec<String>| match row.as_slice() {
        [name, reason] => (name.clone(), reason.clone()),
        _ => panic!("not_yet.tsv: {row:?}"),
    };
    rows("not_yet.tsv").into_iter().map(pair).collect()
}

/// What CPython prints for a listing.
pub(crate) fn of_cpython(name: &str) -> String {
    read(root().join(format!("tests/goldens/lectures/{name}.txt")))
}

/// Files that no row of the index asks for.
pub(crate) fn unused() -> BTreeSet<String> {
    let asked: BTreeSet<_> = index().into_iter().map(|listing| listing.name).collect();
    let there = names("tests/goldens/lectures", "txt")
        .into_iter()
        .chain(names("tests/goldens/kolo", "txt"));
    there.filter(|name| !asked.contains(name)).collect()
}

/// The expected output of every example, by its name.
pub(crate) fn goldens() -> BTreeMap<String, Golden> {
    let exempt = names("tests/goldens/kolo", "txt");
    let mut goldens = BTreeMap::new();
    let not_yet = not_yet();
    for Listing {
        name,
        succeeds,
        stalls,
        endless,
        sorted,
        ..
    } in index()
    {
        if not_yet.contains_key(&name) || !is_built(&name) {
            continue;
        }
        let kind = if exempt.contains(&name) { Kind::Exempt } else { Kind::Listing };
        let text = match kind {
            Kind::Exempt => read(root().join(format!("tests/goldens/kolo/{name}.txt"))),
            _ => of_cpython(&name),
        };
        goldens.insert(
            name.clone(),
            Golden {
                name,
                kind,
                text,
                succeeds,
                stalls,
                endless,
                sorted,
            },
        );
    }
    for folder in ["ladder", "further", "apps"] {
        for name in names(&format!("tests/goldens/{folder}"), "txt")
            .into_iter()
            .filter(|name| is_built(name))
        {
            let text = read(root().join(format!("tests/goldens/{folder}/{name}.txt")));
            let own = Golden {
                name,
                kind: Kind::Own,
                text,
                succeeds: true,
                stalls: false,
                endless: false,
                sorted: false,
            };
            assert!(goldens.insert(own.name.clone(), own).is_none(), "two goldens in {folder}");
        }
    }
    goldens
}

/// `('127.0.0.1', PORT)` in place of any port of this computer.
pub(crate) fn mask_ports(text: &str) -> String {
    const BEFORE: &str = "('127.0.0.1', ";
    let mut parts = text.split(BEFORE);
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let after = part.trim_start_matches(|c: char| c.is_ascii_digit());
        masked += &format!("{BEFORE}{}{after}", if after == part { "" } else { "PORT" });
    }
    masked
}

/// The lines in order, as Python sorts them.
pub(crate) fn sorted_lines(text: &str) -> String {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort();
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

/// Equality to the byte; the error shows the lines from the first difference on.
pub(crate) fn same_lines(golden: &str, actual: &str) -> Result<(), String> {
    if golden == actual {
        return Ok(());
    }
    let (golden, actual): (Vec<_>, Vec<_>) = (golden.split('\n').collect(), actual.split('\n').collect());
    let first = golden.iter().zip(&actual).take_while(|(a, b)| a == b).count();
    let mut text = format!(
        "differs in line {} ({} against {} lines)\n",
        first + 1,
        golden.len(),
        actual.len()
    );
    for line in &golden[first.saturating_sub(3)..first] {
        let _ = writeln!(text, "  {line}");
    }
    for (sign, lines) in [('-', &golden), ('+', &actual)] {
        for line in lines.iter().skip(first).take(10) {
            let _ = writeln!(text, "{sign} {line}");
        }
    }
    Err(text)
}
