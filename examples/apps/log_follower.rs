//! A log follower, as `tail -F`: it gives the lines of a file as they are written, also when the file is cut or another takes its place. With
//! `-- path` it follows that file.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use kolo::{File, Queue, Result, Text, create_task, open, run, sleep, timeout, to_thread};

/// Seconds between two looks at a file that has nothing new.
const PAUSE: f64 = 0.01;

/// Which file is at this path, and how long it is; nothing while there is none.
async fn look(path: &Path) -> Result<Option<(u64, u64)>> {
    let path = path.to_owned();
    to_thread(move || match fs::metadata(path) {
        Ok(data) => Ok(Some((data.ino(), data.len()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    })
    .await
}

/// The file at this path, as soon as there is one, and which it is.
async fn open_next(path: &Path) -> Result<(File<Text>, u64)> {
    loop {
        if let Some((before, _)) = look(path).await? {
            let file = open(path, "r").await?;
            // Another may have taken its place meanwhile.
            if look(path).await?.is_some_and(|(now, _)| now == before) {
                return Ok((file, before));
            }
        }
        sleep(PAUSE).await?;
    }
}

/// Gives all complete lines that are there; `rest` is the beginning of the next.
async fn read_new(file: &File<Text>, rest: &mut String, lines: &Queue<String>) -> Result<()> {
    loop {
        let line = file.read_line().await?;
        if line.is_empty() {
            return Ok(());
        }
        rest.push_str(&line);
        if rest.ends_with('\n') {
            lines.put(std::mem::take(rest)).await?;
        }
    }
}

/// Gives the lines of the file for ever, from its beginning.
async fn follow(path: PathBuf, lines: Queue<String>) -> Result<()> {
    loop {
        let (file, number) = open_next(&path).await?;
        let mut rest = String::new();
        loop {
            let is_another = look(&path).await?.is_some_and(|(now, _)| now != number);
            // After the look: what was written before another file took its place is read, too.
            read_new(&file, &mut rest, &lines).await?;
            if is_another {
                break;
            }
            let position = file.tell().await?;
            match look(&path).await? {
                Some((now, length)) if now == number && length < position => {
                    rest.clear();
                    file.seek(SeekFrom::Start(0)).await?;
                }
                _ => sleep(PAUSE).await?,
            }
        }
        file.close().await?;
    }
}

/// Writes a log in a folder of its own, and has it followed.
async fn demonstrate(folder: &Path) -> Result<()> {
    let log = folder.join("log");
    let append = |path: &Path, text: &str| -> Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(file.write_all(text.as_bytes())?)
    };
    let lines = Queue::new(100);
    let following = create_task(follow(log.clone(), lines.clone()));
    let next = async |what: &str| {
        let line = timeout(10, lines.get()).await?;
        println!("{what:>20}: {}", line.trim_end());
        Ok::<(), kolo::Error>(())
    };
    append(&log, "one\ntwo\nthr")?;
    next("there before").await?;
    next("there before").await?;
    append(&log, "ee\n")?;
    next("written in pieces").await?;
    let old = folder.join("log.1");
    fs::rename(&log, &old)?;
    append(&old, "four\n")?;
    next("after the rotation").await?;
    append(&log, "five\n")?;
    next("in the new file").await?;
    OpenOptions::new().write(true).truncate(true).open(&log)?.write_all(b"6\n")?;
    next("after it was cut").await?;
    following.cancel();
    assert!(following.await.is_err_and(|error| error.is_cancelled()));
    println!("{} lines are left", lines.qsize());
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        if let Some(path) = env::args_os().nth(1) {
            let lines = Queue::new(100);
            let _following = create_task(follow(path.into(), lines.clone()));
            loop {
                print!("{}", lines.get().await?);
            }
        }
        let folder = env::temp_dir().join(format!("kolo-log-{}", std::process::id()));
        fs::create_dir(&folder)?;
        let outcome = demonstrate(&folder).await;
        fs::remove_dir_all(&folder)?;
        outcome
    })
}
