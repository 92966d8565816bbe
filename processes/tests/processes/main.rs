//! Pools of processes, processes and shared memory.
//!
//! Its processes are this program started again, whose `main` has to begin with `processes!`: so it is its own harness. Cases run one after the
//! other, those of the arguments only, if there are any. Those that CPython's suite has are named as there.

mod calls;
mod deaths;
mod ends;
mod functions;
mod harness;
mod memory;
mod process;

use std::process::ExitCode;

fn main() -> ExitCode {
    deaths::die_if_told_to();
    functions::register();
    harness::run(
        &[calls::CASES, deaths::CASES, ends::CASES, memory::CASES, process::CASES],
        &[deaths::ALONE, ends::ALONE, process::ALONE],
    )
}
