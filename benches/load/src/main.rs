//! Servers under load and faults, on loopback. Each trial counts what is left over at its end, and fails when it is anything.
//!
//! The clients are a process of their own, plain and blocking: what is measured is the server's.

mod clients;
mod left;
mod trials;

use std::env;
use std::process::ExitCode;

use self::trials::TRIALS;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["client", kind, port, count] = words[..] {
        return match clients::run(kind, port, count) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("client {kind}: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let unknown = words.iter().find(|word| TRIALS.iter().all(|trial| trial.0 != **word));
    if let Some(unknown) = unknown {
        eprintln!("no trial {unknown}; there are {}", TRIALS.map(|trial| trial.0).join(" "));
        return ExitCode::FAILURE;
    }
    let mut code = ExitCode::SUCCESS;
    for (name, trial) in TRIALS {
        if !words.is_empty() && !words.contains(&name) {
            continue;
        }
        match trial() {
            Ok(told) => println!("{name}: {told}"),
            Err(error) => {
                println!("{name}: FAILED: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
