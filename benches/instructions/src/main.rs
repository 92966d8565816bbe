//! Does one workload, and nothing else, under a tool that counts: `scripts/instructions` runs it.

use std::env;
use std::process::ExitCode;

mod workloads;

use self::workloads::{GRAIN, WORKLOADS};

const USAGE: &str = "\
count                 the names of the workloads
count WORKLOAD N      N operations of it; N is a multiple of 100";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *words {
        [] => {
            WORKLOADS.iter().for_each(|workload| println!("{}", workload.0));
            Ok(())
        }
        [name, operations] => count(name, operations),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn count(name: &str, operations: &str) -> Result<(), String> {
    let operations = operations.parse().ok().filter(|n| n % GRAIN == 0).ok_or(USAGE)?;
    let (_, work) = WORKLOADS.iter().find(|workload| workload.0 == name).ok_or(USAGE)?;
    work(operations).map_err(|error| format!("{name}: {error}"))
}
