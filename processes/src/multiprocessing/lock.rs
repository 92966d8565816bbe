//! `Lock`: of memory that several processes see.

use std::fmt;
use std::fs::File;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use kolo_executor::{Error, Result};
use rustix::fs::{FlockOperation, flock};
use rustix::io::retry_on_intr;

/// The lock of a shared [`Value`](crate::multiprocessing::Value) or [`Array`](crate::multiprocessing::Array), which excludes other processes and other
/// threads of this one. A handle: clones are the same lock. Mirrors `multiprocessing.RLock`: a thread that has it may take it again, and gives it back
/// as often. Taken by a process that dies, it is free again.
///
/// It blocks the thread. It is not `kolo::Lock`, which belongs to the tasks of one thread.
///
/// ```
/// use kolo::multiprocessing::Value;
///
/// let shared = Value::new(1)?;
/// {
///     let _held = shared.get_lock().hold()?; // with shared.get_lock():
///     shared.set(shared.get()? + 1)?;
/// }
/// assert_eq!(shared.get()?, 2);
/// # Ok::<(), kolo::Error>(())
/// ```
#[derive(Clone)]
pub struct Lock(Arc<Shared>);

struct Shared {
    /// This process's own opening: those of other processes, and others of this one, are excluded by the kernel.
    file: File,
    holder: Mutex<Holder>,
    free: Condvar,
}

/// Which of this process's threads has it, and how often.
#[derive(Default)]
struct Holder {
    thread: Option<ThreadId>,
    depth: usize,
}

impl Lock {
    pub(crate) fn of(file: &File) -> io::Result<Lock> {
        Ok(Lock(Arc::new(Shared {
            file: file.try_clone()?,
            holder: Mutex::default(),
            free: Condvar::new(),
        })))
    }

    fn holder(&self) -> MutexGuard<'_, Holder> {
        self.0.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes it, and blocks until that is possible. Mirrors `lock.acquire()`.
    ///
    /// ```
    /// use kolo::multiprocessing::Value;
    ///
    /// let shared = Value::new(0)?;
    /// let lock = shared.get_lock();
    /// lock.acquire()?;
    /// lock.acquire()?; // the same thread may take it again
    /// lock.release()?;
    /// lock.release()?;
    /// assert!(lock.release().is_err()); // it is not held
    /// # Ok::<(), kolo::Error>(())
    /// ```
    ///
    /// # Errors
    /// Io, when the system refuses it.
    pub fn acquire(&self) -> Result<()> {
        Ok(self.take()?)
    }

    /// Gives it back, once. Mirrors `lock.release()`.
    ///
    /// # Errors
    /// Runtime, when this thread does not have it.
    #[track_caller]
    pub fn release(&self) -> Result<()> {
        if self.holder().thread != Some(thread::current().id()) {
            return Err(Error::runtime("attempt to release recursive lock not owned by thread"));
        }
        Ok(self.give_back()?)
    }

    /// Takes it, until the guard is dropped. Mirrors `with lock:`.
    ///
    /// # Errors
    /// Io, when the system refuses it.
    pub fn hold(&self) -> io::Result<HeldLock> {
        self.take()?;
        Ok(HeldLock(self.clone()))
    }

    fn take(&self) -> io::Result<()> {
        let here = Some(thread::current().id());
        let mut holder = self.holder();
        if holder.thread == here {
            holder.depth += 1;
            return Ok(());
        }
        while holder.thread.is_some() {
            holder = self.0.free.wait(holder).unwrap_or_else(PoisonError::into_inner);
        }
        // From now on other threads wait here, and one of them at the most for another process.
        *holder = Holder { thread: here, depth: 1 };
        drop(holder);
        let taken = retry_on_intr(|| flock(&self.0.file, FlockOperation::LockExclusive));
        if taken.is_err() {
            self.leave();
        }
        Ok(taken?)
    }

    fn give_back(&self) -> io::Result<()> {
        let mut holder = self.holder();
        holder.depth -= 1;
        if holder.depth > 0 {
            return Ok(());
        }
        drop(holder);
        let given_back = flock(&self.0.file, FlockOperation::Unlock);
        self.leave();
        Ok(given_back?)
    }

    fn leave(&self) {
        *self.holder() = Holder::default();
        self.0.free.notify_one();
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Lock depth={}>", self.holder().depth)
    }
}

/// A lock that is held; from [`Lock::hold`]. Dropped, it is given back.
#[must_use = "dropped, it is given back at once"]
#[derive(Debug)]
pub struct HeldLock(Lock);

impl Drop for HeldLock {
    fn drop(&mut self) {
        // The file is open, and it is locked.
        let _ = self.0.give_back();
    }
}
