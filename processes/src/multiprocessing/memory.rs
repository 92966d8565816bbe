//! `Memory`: bytes that several processes see, and the lock around them.
//!
//! They are those of a file that is in memory only. Who has the file open finds it in `/proc`, and opens it a second time: so each process has
//! an opening of its own, and the kernel's lock on it, which ends with its process. Mapped into memory it would take unsafe code to read.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::multiprocessing::lock::Lock;

pub(crate) struct Memory {
    pub(crate) lock: Lock,
    file: File,
    path: PathBuf,
    /// Nothing else removes it.
    #[cfg(not(target_os = "linux"))]
    is_ours: bool,
}

impl Memory {
    pub(crate) fn new(bytes: &[u8]) -> io::Result<Memory> {
        let (file, path) = create()?;
        file.write_all_at(bytes, 0)?;
        Ok(Memory {
            lock: Lock::of(&file)?,
            file,
            path,
            #[cfg(not(target_os = "linux"))]
            is_ours: true,
        })
    }

    /// That of another process, which has said how it is found.
    pub(crate) fn open(path: PathBuf) -> io::Result<Memory> {
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        Ok(Memory {
            lock: Lock::of(&file)?,
            #[cfg(target_os = "linux")]
            path: here(&file),
            #[cfg(not(target_os = "linux"))]
            path,
            file,
            #[cfg(not(target_os = "linux"))]
            is_ours: false,
        })
    }

    /// How other processes find it, as long as this lives.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Reads what is at that place, with the lock.
    pub(crate) fn read(&self, bytes: &mut [u8], place: u64) -> io::Result<()> {
        let _held = self.lock.hold()?;
        self.file.read_exact_at(bytes, place)
    }

    /// Writes to that place, with the lock.
    pub(crate) fn write(&self, bytes: &[u8], place: u64) -> io::Result<()> {
        let _held = self.lock.hold()?;
        self.file.write_all_at(bytes, place)
    }
}

#[cfg(target_os = "linux")]
fn create() -> io::Result<(File, PathBuf)> {
    let file = File::from(rustix::fs::memfd_create("kolo", rustix::fs::MemfdFlags::CLOEXEC)?);
    let path = here(&file);
    Ok((file, path))
}

#[cfg(target_os = "linux")]
fn here(file: &File) -> PathBuf {
    use std::os::fd::AsRawFd;
    format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()).into()
}

#[cfg(not(target_os = "linux"))]
fn create() -> io::Result<(File, PathBuf)> {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static LAST: AtomicUsize = AtomicUsize::new(0);
    loop {
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("kolo-{}-{number}", std::process::id()));
        match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return Ok((created?, path)),
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl Drop for Memory {
    fn drop(&mut self) {
        if self.is_ours {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
