//! A program that reads lines and echoes them, with no loop. Notes: "Работа с консольными программами" (Talking to console programs).

use std::io::{BufRead, BufWriter, Write, stdin, stdout};

fn main() -> std::io::Result<()> {
    // As Python has it: what was printed is shown when something is to be typed.
    let mut output = BufWriter::new(stdout());
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
