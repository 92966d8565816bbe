//! A text file: all of its methods. Notes: in prose, on `aiofiles`.

mod utils;

use std::fs;
use std::io::SeekFrom;

use futures_util::TryStreamExt;
use kolo::{Result, open, run};
use utils::Repr;

fn main() -> Result<()> {
    run(async {
        let folder = std::env::temp_dir().join(format!("kolo-text-{}", std::process::id()));
        fs::create_dir(&folder)?;
        let path = folder.join("file.txt");

        let f = open(&path, "w").await?;
        println!("write: {}", f.write("строка 1\n").await?);
        println!(
            "writelines: {}",
            f.write_lines(["строка 2\n", "строка 3\n", "конец"]).await?.repr()
        );
        println!("writable: {}", f.writable().await?.repr());
        println!("flush: {}", f.flush().await?.repr());
        println!("size: {}", fs::metadata(&path)?.len());
        println!("isatty: {}", f.is_terminal().await?.repr());
        println!("seekable: {}", f.seekable().await?.repr());
        println!("tell: {}", f.tell().await?);
        f.close().await?;

        let f = open(&path, "r").await?;
        println!("writable: {}", f.writable().await?.repr());
        println!("read(4): {}", f.read(4).await?.repr());
        println!("tell: {}", f.tell().await?);
        println!("readline: {}", f.read_line().await?.repr());
        println!("readline(3): {}", f.read_line_up_to(3).await?.repr());
        println!("readlines(1): {}", f.read_lines_up_to(1).await?.repr());
        println!("readlines: {}", f.read_lines().await?.repr());
        println!("readline at the end: {}", f.read_line().await?.repr());
        println!("seek: {}", f.seek(SeekFrom::Start(0)).await?);
        println!("read: {}", f.read_to_end().await?.repr());
        f.seek(SeekFrom::Start(0)).await?;
        let mut lines = f.lines();
        while let Some(line) = lines.try_next().await? {
            println!("async for: {}", line.repr());
        }

        let f = open(&path, "r").await?;
        println!("close: {}", f.close().await?.repr());
        if let Err(error) = f.read_to_end().await {
            println!("ValueError: {error}");
        }
        fs::remove_dir_all(folder)?;
        Ok(())
    })
}
