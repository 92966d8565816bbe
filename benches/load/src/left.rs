//! What a process has: counted before and after, to see what is left over.

use std::fs;

use kolo::{Error, Result, all_tasks};

#[derive(Clone, Copy)]
pub(crate) struct Had {
    descriptors: usize,
    tasks: usize,
    pub(crate) resident: usize,
}

impl Had {
    /// Within the loop.
    pub(crate) fn now() -> Result<Had> {
        Ok(Had {
            descriptors: fs::read_dir("/proc/self/fd")?.count(),
            tasks: all_tasks().len(),
            resident: resident()?,
        })
    }

    /// # Errors
    /// Runtime, when there are more descriptors or tasks than before.
    pub(crate) fn check(self, before: Had) -> Result<()> {
        if (self.descriptors, self.tasks) == (before.descriptors, before.tasks) {
            return Ok(());
        }
        let of = |had: Had| format!("{} descriptors and {} tasks", had.descriptors, had.tasks);
        Err(Error::runtime(format!("{} before, {} after", of(before), of(self))))
    }
}

/// The bytes of this process that are in memory.
pub(crate) fn resident() -> Result<usize> {
    let text = fs::read_to_string("/proc/self/statm")?;
    let pages = text.split(' ').nth(1).and_then(|word| word.parse::<usize>().ok());
    let pages = pages.ok_or_else(|| Error::runtime("no number of pages in /proc/self/statm"))?;
    Ok(pages * rustix::param::page_size())
}

/// The most that it ever was.
pub(crate) fn most_resident() -> Result<usize> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kilobytes
        .map(|count| count * 1024)
        .ok_or_else(|| Error::runtime("no VmHWM in /proc/self/status"))
}
