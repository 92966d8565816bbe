//! Writes every example that needs nothing from outside as a module, so that a test can run its `main` within one program.
//!
//! A test cannot take the files in as they are: their `main`s are private, and their first lines are documentation of a file of its own.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

/// Examples that are not run, with the reason.
const NOT_RUN: [(&str, &str); 26] = [
    ("ladder_", "runtimes of their own"),
    ("condition_notify_all", "never ends"),
    ("queue_master_workers", "never ends"),
    ("queue_master_workers_drawn", "never ends"),
    ("event_loops_by_hand", "makes its loop by hand"),
    ("event_run_until_complete", "makes its loop by hand"),
    ("host_", "programs around a loop"),
    ("other_threads", "has threads"),
    ("run_coroutine_threadsafe", "has threads"),
    ("concurrent_futures", "has threads"),
    ("queue_and_threads", "has threads"),
    ("run_in_executor_arguments", "has threads"),
    ("thread_pool_http", "has threads"),
    ("mapreduce_word_count", "has threads"),
    ("processes", "starts processes"),
    ("process_pool_map", "starts processes"),
    ("process_pool_as_completed", "starts processes"),
    ("shared_value_and_array", "starts processes"),
    ("shared_value_lock", "starts processes"),
    ("threads_in_processes", "starts processes"),
    ("scheduler", "presses Ctrl-C"),
    ("sigint_cancels_tasks", "presses Ctrl-C"),
    ("input_echo", "reads the standard input, and has no loop"),
    ("subprocess_pipes", "starts another program"),
    ("socket_closed_while_sending", "has sockets"),
    ("generators_round_robin", "has no loop"),
];

fn main() {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo says so")).join("../examples");
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries = fs::read_dir(&folder).expect("the examples are there");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut names: Vec<String> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| {
            !NOT_RUN
                .iter()
                .any(|(not_run, _)| name == not_run || (not_run.ends_with('_') && name.starts_with(not_run)))
        })
        .collect();
    names.sort();

    let utils = folder.join("utils/mod.rs");
    let mut text = format!("#[path = {utils:?}]\nmod utils;\n");
    let mut list = String::new();
    for name in &names {
        let source = fs::read_to_string(folder.join(name).with_extension("rs")).expect("the example can be read");
        let _ = writeln!(text, "mod {name} {{");
        for line in source.lines().filter(|line| !line.starts_with("//!")) {
            text.push_str(if line == "mod utils;" { "use super::utils;" } else { line });
            text.push('\n');
        }
        // Its exit code is of no interest here.
        let _ = writeln!(text, "pub(super) fn enter() {{ let _ = main(); }}\n}}");
        let _ = writeln!(list, "    ({name:?}, {name}::enter),");
    }
    let _ = writeln!(
        text,
        "/// Every example, and what runs it.\npub(crate) const EXAMPLES: &[(&str, fn())] = &[\n{list}];"
    );
    let out = Path::new(&env::var("OUT_DIR").expect("cargo says so")).join("examples.rs");
    fs::write(out, text).expect("the folder of the build can be written to");
}
