//! Talking to a child process through pipes. Notes: "Работа с консольными программами" (Talking to console programs).

mod utils;

use kolo::{PIPE, Result, StreamReader, StreamWriter, create_subprocess_exec, gather, run};
use utils::bytes_repr;

async fn consume_and_send(text_list: &[&str], stdout: StreamReader, stdin: StreamWriter) -> Result<()> {
    for text in text_list {
        let line = stdout.read(2048).await?;
        println!("{}", bytes_repr(&line));
        stdin.write(text)?;
        stdin.drain().await?;
    }
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let program = std::env::current_exe()?.with_file_name("input_echo");
        let process = create_subprocess_exec([program]).stdout(PIPE).stdin(PIPE).await?;
        let text_input = ["one\n", "two\n", "three\n", "four\n", "quit\n"];
        let (stdout, stdin) = (
            process.stdout.clone().expect("a pipe"),
            process.stdin.clone().expect("a pipe"),
        );
        gather!(
            async move { consume_and_send(&text_input, stdout, stdin).await },
            process.wait()
        )
        .await?;
        Ok(())
    })
}
