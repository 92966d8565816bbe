//! What the figures were taken on.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use crate::competitor::Python;

/// Those whose versions make a difference.
const PACKAGES: [&str; 17] = [
    "tokio",
    "async-executor",
    "async-io",
    "futures",
    "monoio",
    "compio",
    "glommio",
    "rustix",
    "async-channel",
    "async-lock",
    "async-unsync",
    "event-listener",
    "flume",
    "local-sync",
    "kolo-executor",
    "kolo-net",
    "kolo-sync",
];

pub(crate) fn describe(python: Option<&Python>) -> String {
    let mut lines = vec![
        ("processor", processor()),
        (
            "cores",
            available_parallelism().map_or("?".to_owned(), |cores| cores.to_string()),
        ),
        (
            "kernel",
            first_line(fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default()),
        ),
        ("C library", output_of("ldd", "--version")),
        ("compiler", output_of("rustc", "--version")),
    ];
    lines.extend(PACKAGES.iter().filter_map(|&package| Some((package, version_of(package)?))));
    match python {
        Some(python) => lines.extend(python.loops.iter().map(|(name, version)| (name.as_str(), version.clone()))),
        None => lines.push(("asyncio", "no Python was found".to_owned())),
    }
    let rows = lines.iter().map(|(what, value)| format!("| {what} | {value} |\n"));
    format!("| machine | |\n|---|---|\n{}\n", rows.collect::<String>())
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = |key: &str| {
        let line = info.lines().find(|line| line.starts_with(key))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let numbers = ["cpu family", "model\t"].map(|key| named(key).unwrap_or_default());
    let name = named("model name").unwrap_or_else(|| "?".to_owned());
    format!("{name} (family {}, model {})", numbers[0], numbers[1])
}

fn output_of(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    output.map_or("?".to_owned(), |output| {
        first_line(String::from_utf8_lossy(&output.stdout).into_owned())
    })
}

fn first_line(text: String) -> String {
    text.lines().next().unwrap_or("?").to_owned()
}

/// As the lock file of this very build has it; of several versions the last, which is the newest.
fn version_of(package: &str) -> Option<String> {
    let lock = include_str!("../../Cargo.lock");
    let (_, entry) = lock.rsplit_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(entry.split_once('"')?.0.to_owned())
}
