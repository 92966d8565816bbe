//! Whoever comes from asyncio, or from another runtime, finds kolo's name in the search of its documentation by the name that they know.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

mod sources;

/// Names of asyncio that the map on the front page has no room for.
const MORE_OF_ASYNCIO: &[&str] = &[
    "ALL_COMPLETED",
    "BrokenBarrierError",
    "BrokenProcessPool",
    "ContextVar",
    "FIRST_COMPLETED",
    "FIRST_EXCEPTION",
    "Future",
    "Handle",
    "IncompleteReadError",
    "InvalidStateError",
    "LimitOverrunError",
    "QueueFull",
    "QueueShutDown",
    "Task",
    "TimerHandle",
    "Token",
    "add_done_callback",
    "all_tasks",
    "call_exception_handler",
    "cancelled",
    "cancelling",
    "copy_context",
    "create_future",
    "default_exception_handler",
    "get_context",
    "get_debug",
    "get_event_loop",
    "get_exception_handler",
    "get_loop",
    "get_nowait",
    "get_stack",
    "is_closed",
    "is_running",
    "is_set",
    "join",
    "new_event_loop",
    "notify_all",
    "n_waiting",
    "parties",
    "print_stack",
    "put_nowait",
    "qsize",
    "remove_done_callback",
    "remove_reader",
    "remove_writer",
    "run_coroutine_threadsafe",
    "set_exception",
    "set_name",
    "set_result",
    "shutdown",
    "shutdown_default_executor",
    "slow_callback_duration",
    "sock_recv",
    "sock_sendall",
    "task_done",
    "uncancel",
    "wait_for",
    "when",
];

/// What users of tokio, async-std, smol and `futures` look for.
const OF_OTHERS: &[&str] = &[
    "AsyncFd",
    "CancellationToken",
    "Condvar",
    "FuturesUnordered",
    "JoinError",
    "JoinHandle",
    "JoinSet",
    "LocalExecutor",
    "LocalPool",
    "LocalSet",
    "Mutex",
    "MutexGuard",
    "Notify",
    "Runtime",
    "SemaphorePermit",
    "Timer",
    "abort",
    "block_on",
    "channel",
    "is_finished",
    "join_all",
    "join_next",
    "mpsc",
    "notified",
    "notify_one",
    "oneshot",
    "recv",
    "select",
    "send",
    "sleep",
    "spawn",
    "spawn_local",
    "start_paused",
    "task_local",
    "timeout",
    "timeout_at",
    "try_join_all",
    "try_recv",
    "try_send",
    "yield_now",
];

/// What stands for something in the examples of the map, and what is Python's own.
const NO_NAMES: &[&str] = &[
    "sig",
    "args",
    "functools",
    "target",
    "multiprocessing",
    "pool",
    "mode",
    "futures",
    "concurrent",
    "aiofiles",
    "None",
    "as",
    "async",
    "asyncio",
    "await",
    "awaitable",
    "awaitables",
    "c",
    "cm",
    "contextvars",
    "data",
    "f",
    "False",
    "fd",
    "file",
    "for",
    "group",
    "host",
    "in",
    "line",
    "lock",
    "loop",
    "main",
    "n",
    "port",
    "reader",
    "sep",
    "sock",
    "target",
    "ssl",
    "tasks",
    "True",
    "value",
    "with",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

/// The names of public items and of the variants of public enums, and what else they are found by.
fn findable() -> BTreeSet<String> {
    let mut text = String::new();
    for folder in sources::CRATES.iter().chain(["macros"].iter()) {
        for path in sources::below(&root().join(folder).join("src")) {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    let mut names = BTreeSet::new();
    let mut in_enum = false;
    for line in text.lines() {
        let code = line.trim_start();
        let item = ["fn", "struct", "enum", "trait", "type", "macro_rules!"]
            .iter()
            .find_map(|kind| {
                let (before, after) = code.split_once(&format!("{kind} "))?;
                let public = *kind == "macro_rules!" || before.starts_with("pub ") && !before.contains(['(', '/']);
                words(after).next().filter(|_| public)
            });
        if code.starts_with("pub enum ") {
            in_enum = true;
        } else if line == "}" {
            in_enum = false;
        }
        let variant = words(code).next().filter(|_| in_enum && !code.starts_with(['/', '#']));
        names.extend(item.into_iter().chain(variant).map(str::to_owned));
    }
    // Of one, `#[doc(alias = "...")]`; of several, `#[doc(alias("...", "..."))]`, maybe on lines of their own.
    for aliases in text.split("#[doc(alias").skip(1) {
        let aliases = aliases.split_once(")]").expect("the attribute ends").0;
        names.extend(aliases.split('"').skip(1).step_by(2).map(str::to_owned));
    }
    names
}

/// What stands in code in the first column of the map on the front page.
fn of_the_map() -> BTreeSet<String> {
    let page = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let map = page.split_once("//! | asyncio | kolo |").expect("the map of names").1;
    let rows = map.lines().skip(2).take_while(|line| line.starts_with("//! | "));
    let code = rows.flat_map(|row| row.split(" | ").nth(1).unwrap().split('`').skip(1).step_by(2));
    let names = code
        .flat_map(words)
        .filter(|word| !NO_NAMES.contains(word) && !word.starts_with(char::is_numeric));
    names.map(str::to_owned).collect()
}

#[test]
fn names_of_asyncio_and_of_others_are_found() {
    let map = of_the_map();
    assert!(map.len() > 50, "{map:#?}");
    let findable = findable();
    let listed = MORE_OF_ASYNCIO.iter().chain(OF_OTHERS).map(|name| (*name).to_owned());
    let missing: BTreeSet<String> = map
        .into_iter()
        .chain(listed)
        .filter(|name| !findable.contains(name))
        .collect();
    assert!(missing.is_empty(), "neither an item nor an alias: {missing:#?}");
}

#[test]
fn only_what_is_there_is_found() {
    let findable = findable();
    for name in [
        "Cancelled",
        "create_task",
        "gather",
        "get_running_loop",
        "LocalKey",
        "AbstractEventLoop",
    ] {
        assert!(findable.contains(name), "{name}");
    }
    // Not public, an argument, a word of a comment.
    for name in ["run_callback", "awaitables", "textbook", "subinterpreter", "mysterious"] {
        assert!(!findable.contains(name), "{name}");
    }
}
