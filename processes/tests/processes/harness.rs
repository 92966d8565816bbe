//! Runs cases, one after the other, and this program anew for those that need one of their own.

use std::env;
use std::panic::catch_unwind;
use std::process::{Command, ExitCode};

pub(crate) type Case = (&'static str, fn());

/// Before the name of a single case, for a process of its own.
const ALONE: &str = "--alone";

/// `alone` are not run as cases: they are what some cases run in processes of their own.
pub(crate) fn run(all: &[&[Case]], alone: &[&[Case]]) -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let cases = all.iter().copied().flatten();
    if let [word, name] = &arguments[..]
        && word == ALONE
    {
        let (_, body) = alone
            .iter()
            .copied()
            .flatten()
            .find(|(known, _)| known == name)
            .expect("a case of this name");
        body();
        return ExitCode::SUCCESS;
    }
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let is_meant = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(&**filter));
    let (mut ran, mut failed) = (0, Vec::new());
    for (name, body) in cases.filter(|(name, _)| is_meant(name)) {
        println!("test {name}");
        ran += 1;
        if catch_unwind(body).is_err() {
            failed.push(*name);
        }
    }
    println!("\n{ran} cases, failed: {failed:?}");
    ExitCode::from(u8::from(!failed.is_empty()))
}

/// This program, as the process of a case of its own.
pub(crate) fn alone(name: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("the path of this program"));
    command.args([ALONE, name]);
    command
}
