//! Prints the trace of a program of the trace language, run on kolo.
//!
//! `kolo-trace PROGRAM.json`, or with the program on standard input. A line of a corpus will do as well.

use std::io::{Read, Write};
use std::process::ExitCode;

use kolo_differential::{parse, trace};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("kolo-trace: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let mut arguments = std::env::args_os().skip(1);
    let text = match (arguments.next(), arguments.next()) {
        (Some(path), None) => std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?,
        (None, _) => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| format!("standard input: {error}"))?;
            text
        }
        (Some(_), Some(_)) => return Err("one program at a time, or one on standard input".into()),
    };
    let program = serde_json::from_str(&text).map_err(|error| format!("not JSON: {error}"))?;
    let program = parse(&program).map_err(|error| error.to_string())?;
    let lines = trace(program).map_err(|error| error.to_string())?;
    let mut output = lines.join("\n");
    output.push('\n');
    std::io::stdout()
        .write_all(output.as_bytes())
        .map_err(|error| format!("standard output: {error}"))
}
