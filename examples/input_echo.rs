//! A program that reads lines and echoes them, with no loop. Notes: "Работа с консольными программами" (Talking to console programs).

use std::fs::File;
use std::io::{BufRead, BufWriter, Write, stdin, stdout};
use std::os::fd::AsFd;

fn main() -> std::io::Result<()> {
    // As Python has it: what was printed is shown when something is to be typed, and in one write, so that whoever
    // reads from a pipe finds both together. (Rust's own `stdout` writes every line apart.)
    let mut output = BufWriter::new(File::from(stdout().as_fd().try_clone_to_owned()?));
    let mut input = String::new();
    while input != "quit" {
        write!(output, "Введите текст: ")?;
        output.flush()?;
        input.clear();
        stdin().lock().read_line(&mut input)?;
        input.truncate(input.trim_end().len());
        writeln!(output, "{input}")?;
    }
    output.flush()
}
