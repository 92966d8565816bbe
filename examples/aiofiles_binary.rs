//! A binary file: `read_into`, `read1`, to and fro in it, and its end. Notes: in prose, on `aiofiles`.

use std::fs;
use std::io::SeekFrom;

use kolo::{Result, open_binary, run};

/// As Python writes bytes.
fn repr(bytes: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b'\t' => "\\t".to_owned(),
        b' '..=b'~' => char::from(*byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    };
    format!("b'{}'", bytes.iter().map(one).collect::<String>())
}

fn main() -> Result<()> {
    run(async {
        let folder = std::env::temp_dir().join(format!("kolo-binary-{}", std::process::id()));
        fs::create_dir(&folder)?;
        let path = folder.join("file.bin");
        let size = || fs::metadata(&path).map(|metadata| metadata.len());

        let f = open_binary(&path, "wb").await?;
        println!("write: {}", f.write((0..10).collect::<Vec<u8>>()).await?);
        f.close().await?;

        let f = open_binary(&path, "rb").await?;
        let mut buffer = [0; 4];
        println!("readinto: {} {}", f.read_into(&mut buffer).await?, repr(&buffer));
        println!("read1(3): {}", repr(&f.read1(3).await?));
        println!("tell: {}", f.tell().await?);
        println!("read1(): {}", repr(&f.read1(usize::MAX).await?));
        println!("read1() at the end: {}", repr(&f.read1(usize::MAX).await?));
        println!("readinto at the end: {}", f.read_into(&mut buffer).await?);
        println!("seek(-2, 2): {}", f.seek(SeekFrom::End(-2)).await?);
        println!("read(-1): {}", repr(&f.read_to_end().await?));
        println!("seek(1): {}", f.seek(SeekFrom::Start(1)).await?);
        println!("seek(2, 1): {}", f.seek(SeekFrom::Current(2)).await?);
        println!("read(2): {}", repr(&f.read(2).await?));

        let f = open_binary(&path, "r+b").await?;
        println!("truncate(6): {} {}", f.truncate(Some(6)).await?, size()?);
        f.seek(SeekFrom::Start(3)).await?;
        println!("truncate(): {} {}", f.truncate(None).await?, size()?);
        println!("read(): {}", repr(&f.read_to_end().await?));
        fs::remove_dir_all(folder)?;
        Ok(())
    })
}
