//! The descriptor of a pipe: what kinds can be watched, and that it must not block.

use std::os::fd::OwnedFd;

use kolo_executor::{Error, Result};
use rustix::fs::{FileType, OFlags, fcntl_getfl, fcntl_setfl, fstat};

/// A descriptor that does not block while it is here. Others may share it, as they do a terminal: at the end it is as it was.
pub(crate) struct Descriptor {
    pub(crate) fd: OwnedFd,
    pub(crate) kind: FileType,
    /// Its flags, if they had to be changed.
    before: Option<OFlags>,
}

impl Descriptor {
    /// # Errors
    /// Value, for anything that is no pipe, no socket and no character device; `refusal` says so.
    pub(crate) fn new(fd: OwnedFd, refusal: &'static str) -> Result<Descriptor> {
        let kind = FileType::from_raw_mode(fstat(&fd).map_err(refused)?.st_mode);
        if !matches!(kind, FileType::Fifo | FileType::Socket | FileType::CharacterDevice) {
            return Err(Error::value(refusal).without_place());
        }
        let flags = fcntl_getfl(&fd).map_err(refused)?;
        let before = (!flags.contains(OFlags::NONBLOCK)).then_some(flags);
        fcntl_setfl(&fd, flags | OFlags::NONBLOCK).map_err(refused)?;
        Ok(Descriptor { fd, kind, before })
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        if let Some(flags) = self.before {
            // It is closed next; who shares it has it as it was, if that is possible.
            let _ = fcntl_setfl(&self.fd, flags);
        }
    }
}

/// The system's error in the system's words.
#[cold]
pub(crate) fn refused(errno: rustix::io::Errno) -> Error {
    Error::from(std::io::Error::from(errno)).without_place()
}
