//! Where the project's source files are, for the tests that read them.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};

/// The crates that users take in, by their folders.
pub(crate) const CRATES: [&str; 7] = ["executor", "sync", "threads", "net", "os", "processes", "integrations/http"];

/// The Rust files in this folder and below, in their order; nothing that is hidden, or made by the compiler.
pub(crate) fn below(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let mut found = Vec::new();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !name.starts_with('.') && !name.starts_with("target") {
                found.extend(below(&path));
            }
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
    found
}
