//! The executor's house: which file may know which. Arrows run downwards, and only what is one concept goes in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up. A file knows its own layer and those below.
const LAYERS: [&str; 8] = ["ground", "block", "wheel", "handle", "leaf", "together", "insight", "edge"];

/// A promise holds who is told of it, a task is a promise, a listener is told of promises, and a callback is given one: one concept, in five
/// files.
const ONE_CONCEPT: [&str; 5] = ["block/callback", "block/head", "block/listener", "block/raw", "block/task"];

/// Above the wheel, the only file that knows what a loop works on. Everybody else knows that there is one.
const KNOW_CORE: [&str; 1] = ["handle/event_loop"];

const LONGEST: usize = 500;

/// A file of the executor, by its path without the ending.
struct Room {
    name: String,
    text: String,
}

impl Room {
    fn floor(&self) -> usize {
        let layer = self.name.split('/').next().unwrap_or_default();
        let floor = LAYERS.iter().position(|known| *known == layer);
        floor.unwrap_or_else(|| panic!("{}: {layer} is no layer", self.name))
    }

    /// Everything after `crate::` in its code, wherever it stands: in an import, or in a path.
    fn paths(&self) -> Vec<Vec<String>> {
        let code: String = self.text.lines().map(code_of).collect::<Vec<_>>().join("\n");
        let mut paths = Vec::new();
        for (at, _) in code.match_indices("crate::") {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            expand(&code[at + "crate::".len()..], &mut Vec::new(), &mut paths);
        }
        paths
    }
}

/// A line without its comment.
fn code_of(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// Reads `a::b::{c, d::e}` into `a b c` and `a b d e`. Returns what comes after it.
fn expand<'a>(text: &'a str, prefix: &mut Vec<String>, paths: &mut Vec<Vec<String>>) -> &'a str {
    let depth = prefix.len();
    let mut rest = text.trim_start();
    loop {
        if let Some(inside) = rest.strip_prefix('{') {
            rest = inside.trim_start();
            while !rest.starts_with('}') {
                rest = expand(rest, prefix, paths).trim_start();
                rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
            }
            prefix.truncate(depth);
            return &rest[1..];
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        prefix.push(rest[..end].to_owned());
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(more) => rest = more,
            None => {
                paths.push(prefix.clone());
                prefix.truncate(depth);
                return rest;
            }
        }
    }
}

fn rooms() -> Vec<Room> {
    fn collect(folder: &Path, root: &Path, found: &mut Vec<Room>) {
        let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                collect(&path, root, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(root).unwrap().with_extension("");
                found.push(Room {
                    name: name.to_string_lossy().into_owned(),
                    text: fs::read_to_string(&path).unwrap(),
                });
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("executor/src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    // Faces: they declare what is behind them, and re-export it for users.
    let is_face = |room: &Room| room.name == "lib" || LAYERS.iter().any(|layer| room.name == format!("{layer}/mod"));
    found.retain(|room| !is_face(room));
    found
}

/// The room that a path leads to: the longest of its beginnings that is one. A folder within a layer counts as one room, and so do tests with
/// what they test.
fn target<'a>(path: &[String], names: &'a BTreeSet<String>) -> Option<&'a str> {
    (1..=path.len()).rev().find_map(|length| {
        let name = path[..length].join("/");
        names.get(&name).map(String::as_str)
    })
}

/// `together/gather/count` is part of the room `together/gather`.
fn room_of(name: &str) -> String {
    name.split('/').take(2).collect::<Vec<_>>().join("/")
}

/// Which room knows which.
fn arrows(rooms: &[Room]) -> BTreeMap<String, BTreeSet<String>> {
    let names: BTreeSet<String> = rooms.iter().map(|room| room_of(&room.name)).collect();
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for room in rooms {
        let from = room_of(&room.name);
        let known = arrows.entry(from.clone()).or_default();
        for path in room.paths() {
            let to = target(&path, &names).unwrap_or_else(|| {
                panic!(
                    "{}: crate::{} is not imported from the file that defines it",
                    room.name,
                    path.join("::")
                )
            });
            if to != from {
                known.insert(to.to_owned());
            }
        }
    }
    arrows
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let room = Room {
        name: "wheel/example".into(),
        text: "use crate::block::raw::{Kind, Ref};\nuse crate::ground::{time::{Nanos, seconds}, line::Line,};\n// crate::edge::nothing\n\
               fn f() -> crate::leaf::sleep::Sleep { $crate::edge::x }"
            .into(),
    };
    let found: Vec<String> = room.paths().iter().map(|path| path.join("::")).collect();
    let expected = [
        "block::raw::Kind",
        "block::raw::Ref",
        "ground::time::Nanos",
        "ground::time::seconds",
        "ground::line::Line",
        "leaf::sleep::Sleep",
    ];
    assert_eq!(found, expected);
}

#[test]
fn arrows_run_downwards() {
    let rooms = rooms();
    assert!(rooms.len() > 60, "{} files", rooms.len());
    let mut upwards = Vec::new();
    for room in &rooms {
        // `super::` leads out of a layer's file, unseen; in a folder within a layer it leads to the same room.
        let leads_out = room.name.split('/').count() == 2 && room.text.lines().any(|line| line.starts_with("use super::"));
        assert!(!leads_out, "{} imports by `super::`", room.name);
        for path in room.paths() {
            let above = LAYERS.iter().position(|layer| *layer == path[0]);
            let above = above.unwrap_or_else(|| panic!("{}: crate::{} is in no layer", room.name, path.join("::")));
            if above > room.floor() {
                upwards.push(format!("{} knows crate::{}", room.name, path.join("::")));
            }
        }
    }
    assert!(upwards.is_empty(), "{upwards:#?}");
}

#[test]
fn only_one_concept_goes_in_a_circle() {
    let arrows = arrows(&rooms());
    let reaches_itself = |start: &String| {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&String> = arrows[start].iter().collect();
        while let Some(room) = next.pop() {
            if room == start {
                return true;
            }
            if seen.insert(room) {
                next.extend(&arrows[room]);
            }
        }
        false
    };
    let circling: Vec<&String> = arrows.keys().filter(|room| reaches_itself(room)).collect();
    assert_eq!(circling, ONE_CONCEPT);
}

#[test]
fn one_file_above_the_wheel_knows_what_a_loop_works_on() {
    let wheel = LAYERS.iter().position(|layer| *layer == "wheel").unwrap();
    let rooms = rooms();
    let above = rooms.iter().filter(|room| room.floor() > wheel);
    let know: Vec<&str> = above
        .filter(|room| room.paths().iter().any(|path| path.join("::") == "wheel::core::Core"))
        .map(|room| room.name.as_str())
        .collect();
    assert_eq!(know, KNOW_CORE);
}

#[test]
fn every_file_says_what_it_is_and_is_no_longer_than_one_reads() {
    for Room { name, text } in rooms() {
        assert!(
            text.starts_with("//! "),
            "{name} does not begin with a line that says what it is"
        );
        let lines = text.lines().count();
        assert!(lines <= LONGEST, "{name} has {lines} lines");
    }
}

#[test]
fn the_map_names_every_file() {
    let map = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    let mut named = BTreeSet::new();
    let mut floor = String::new();
    for line in map.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells[..] {
            ["", layer, "", _, ""] if layer.starts_with("**") => floor = layer.trim_matches('*').to_owned(),
            ["", "", file, _, ""] if file.starts_with('`') => {
                assert!(
                    named.insert(format!("{floor}/{}", file.trim_matches('`'))),
                    "{file} is named twice"
                );
            }
            _ => {}
        }
    }
    let rooms: BTreeSet<String> = rooms().iter().map(|room| room_of(&room.name)).collect();
    assert_eq!(named, rooms);
}
