//! Every public item says what its users have to know: how it fails, where it panics, what a cancellation leaves, and how it is used.

use std::fs;
use std::path::Path;
use std::rc::Rc;

mod sources;

/// A public item: its documentation, its attributes, and the rest up to its body.
struct Item {
    place: String,
    /// In an implementation or a trait.
    inner: bool,
    docs: String,
    attributes: String,
    code: String,
    /// The examples of its file, of its module's page, and of its crate's.
    examples: Rc<str>,
}

impl Item {
    fn says(&self, heading: &str) -> bool {
        self.docs.contains(heading) || self.docs.trim_start().starts_with("See [")
    }

    fn is_function(&self) -> bool {
        self.code.contains("fn ")
    }

    /// What it returns.
    fn returns(&self) -> &str {
        self.code.rsplit_once(") -> ").map_or("", |(_, returned)| returned)
    }

    fn name(&self) -> &str {
        let (_, name) = self.code.split_once("fn ").expect("it is a function");
        name.split(['(', '<']).next().expect("it has a name")
    }

    /// Whether an example calls it: its own, or that of a neighbour.
    fn is_shown(&self) -> bool {
        let name = self.name();
        self.examples.match_indices(name).any(|(at, _)| {
            let begins = !self.examples[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            begins && self.examples[at + name.len()..].starts_with(['(', ':', ')'])
        })
    }

    fn is_awaited(&self) -> bool {
        self.code.starts_with("pub async") || self.returns().starts_with("impl Future")
    }
}

/// The lines of the examples in the documentation in `text`.
fn examples_of(text: &str) -> String {
    let docs = text
        .lines()
        .map(str::trim)
        .filter_map(|line| line.strip_prefix("///").or(line.strip_prefix("//!")));
    let mut inside = false;
    let mut examples = String::new();
    for line in docs {
        if line.trim().starts_with("```") {
            inside = !inside;
        } else if inside {
            examples += line;
            examples.push('\n');
        }
    }
    examples
}

/// What is public in `text`, but for what is hidden.
fn items_of(file: &Path, text: &str, examples: &Rc<str>) -> Vec<Item> {
    let mut items = Vec::new();
    let (mut docs, mut attributes) = (String::new(), String::new());
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let inner = line.starts_with(' ');
        let line = line.trim();
        if let Some(doc) = line.strip_prefix("///") {
            docs += doc.strip_prefix(' ').unwrap_or(doc);
            docs.push('\n');
        } else if line.starts_with("#[") {
            attributes += line;
            // An attribute may be longer than a line.
            if !line.ends_with(']') {
                attributes.extend(lines.by_ref().map(|(_, line)| line.trim()).take_while(|line| *line != ")]"));
            }
        } else if !line.starts_with("//") {
            if line.starts_with("pub ") && !attributes.contains("doc(hidden)") {
                let mut code = line.to_owned();
                while !code.ends_with(['{', ';', '}', ',']) || code.ends_with("(&self,") || code.ends_with("self,") {
                    code.push(' ');
                    code += lines.next().expect("an item ends").1.trim();
                }
                items.push(Item {
                    place: format!("{}:{}", file.display(), number + 1),
                    inner,
                    docs: std::mem::take(&mut docs),
                    attributes: std::mem::take(&mut attributes),
                    code,
                    examples: examples.clone(),
                });
            }
            docs.clear();
            attributes.clear();
        }
    }
    items
}

fn items() -> Vec<Item> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut items = Vec::new();
    for folder in sources::CRATES.map(|folder| root.join(folder).join("src")) {
        // That of the crate, and of the module.
        let page = |path: &Path| fs::read_to_string(path).map_or_else(|_| String::new(), |text| examples_of(&text));
        let first_page = page(&folder.join("lib.rs"));
        for file in sources::below(&folder) {
            let text = fs::read_to_string(&file).unwrap();
            let examples = (examples_of(&text) + &page(&file.with_file_name("mod.rs")) + &first_page).into();
            items.extend(items_of(file.strip_prefix(root).unwrap(), &text, &examples));
        }
    }
    items
}

/// The places of those that break a rule.
fn places(broken: impl Iterator<Item = Item>) -> Vec<String> {
    broken.map(|item| item.place).collect()
}

#[test]
fn what_can_fail_says_how() {
    let fails = |item: &Item| item.is_function() && item.returns().contains("Result<");
    assert!(items().iter().filter(|item| fails(item)).count() > 70);
    let silent = items().into_iter().filter(|item| fails(item) && !item.says("# Errors\n"));
    assert_eq!(places(silent), [""; 0]);
}

#[test]
fn what_can_be_cancelled_says_what_is_left() {
    assert!(items().iter().filter(|item| item.is_awaited()).count() > 20);
    let silent = items()
        .into_iter()
        .filter(|item| item.is_awaited() && !item.says("# Cancel safety\n"));
    assert_eq!(places(silent), [""; 0]);
}

/// The line of a misuse is that of the user.
#[test]
fn what_panics_knows_its_caller() {
    assert!(items().iter().filter(|item| item.docs.contains("# Panics\n")).count() > 12);
    let panics = items()
        .into_iter()
        .filter(|item| item.is_function() && item.docs.contains("# Panics\n"));
    assert_eq!(
        places(panics.filter(|item| !item.attributes.contains("#[track_caller]"))),
        [""; 0]
    );
}

#[test]
fn every_function_is_called_in_an_example() {
    // What a macro writes has the name that it is given.
    let is_named = |item: &Item| item.is_function() && !item.name().starts_with('$');
    let functions: Vec<Item> = items().into_iter().filter(is_named).collect();
    assert!(functions.len() > 400, "{}", functions.len());
    let shown = |item: &Item| item.is_shown() || item.docs.starts_with("See [");
    assert_eq!(places(functions.into_iter().filter(|item| !shown(item))), [""; 0]);
}

/// An example, or where one is.
#[test]
fn every_type_shows_its_use() {
    let name = |item: &Item| {
        let mut words = item.code.split(|c: char| !c.is_alphanumeric() && c != '_').skip(1);
        words
            .next()
            .filter(|kind| ["struct", "enum", "trait", "type"].contains(kind))?;
        words.next().map(str::to_owned)
    };
    let exported = [
        "executor/src/lib.rs",
        "sync/src/lib.rs",
        "threads/src/lib.rs",
        "threads/src/concurrent/mod.rs",
        "net/src/lib.rs",
        "os/src/lib.rs",
        "processes/src/lib.rs",
        "processes/src/multiprocessing/mod.rs",
        "sync/src/storage.rs",
        "integrations/http/src/lib.rs",
        "integrations/http/src/web/mod.rs",
        "integrations/http/src/rt/mod.rs",
    ];
    let exported = exported.map(|file| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap());
    let exported = exported.concat();
    let is_type = |item: &Item| !item.inner && name(item).is_some_and(|name| exported.contains(&name));
    let shows = |item: &Item| item.docs.contains("```\n") || item.docs.contains("](") || item.docs.contains("[`");
    let types: Vec<Item> = items().into_iter().filter(is_type).collect();
    assert!(types.len() > 60, "{}", types.len());
    assert_eq!(places(types.into_iter().filter(|item| !shows(item))), [""; 0]);
}
