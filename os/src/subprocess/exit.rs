//! How the loop learns that a child has exited: by a descriptor that becomes ready, or else from a thread.

use std::cell::RefCell;
use std::fmt;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use kolo_executor::primitive::{Interest, Ready, Source};
use kolo_executor::{Error, EventLoop, Result};
use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions};

use crate::subprocess::child::Child;

/// Watches for the exit of one child. The loop owns it, and it the child, until then.
struct Watch {
    child: Rc<Child>,
    /// The source goes before its descriptor.
    watched: RefCell<Option<(Source, OwnedFd)>>,
}

impl Watch {
    fn end(&self) {
        let watched = self.watched.take();
        if let Some((source, _pidfd)) = &watched {
            source.close();
        }
    }
}

impl Ready for Watch {
    fn ready(&self, _: Interest) {
        self.end();
        self.child.reap();
    }

    fn loop_is_closed(&self) {
        self.end();
        self.child.abandon();
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.child.fmt(f)
    }
}

/// Has the child reaped once it has exited.
pub(crate) fn watch(event_loop: &EventLoop, child: &Rc<Child>) -> Result<()> {
    match pidfd_of(child.pid) {
        Some(pidfd) => watch_pidfd(event_loop, child, pidfd),
        None => wait_on_thread(event_loop, child),
    }
}

fn watch_pidfd(event_loop: &EventLoop, child: &Rc<Child>, pidfd: OwnedFd) -> Result<()> {
    let watch = Rc::new(Watch {
        child: child.clone(),
        watched: RefCell::default(),
    });
    let source = Source::new(event_loop, &pidfd, watch.clone())?;
    let watching = source.watch(Interest::Read);
    watch.watched.replace(Some((source, pidfd)));
    watching.inspect_err(|_| watch.end())
}

#[cfg(target_os = "linux")]
fn pidfd_of(pid: Pid) -> Option<OwnedFd> {
    // Kernels before 5.3 have none, and some sandboxes.
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn pidfd_of(_: Pid) -> Option<OwnedFd> {
    None
}

/// The thread waits and reaps nothing: that is done in the loop's, where its number is used for signals.
fn wait_on_thread(event_loop: &EventLoop, child: &Rc<Child>) -> Result<()> {
    /// When the loop is closed before, the child is ended with it.
    struct Owned(Rc<Child>);
    impl Drop for Owned {
        fn drop(&mut self) {
            self.0.abandon();
        }
    }
    let owned = event_loop.remote_ref(Owned(child.clone()));
    let pid = child.pid;
    let wait = move || {
        let exited = || rustix::process::waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        while exited().is_err_and(|errno| errno == Errno::INTR) {}
        // A loop that is closed has reaped it.
        let _ = owned.call(|owned| owned.0.reap());
    };
    match std::thread::Builder::new().name("waitpid".into()).spawn(wait) {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::runtime(format!("can't start new thread: {error}"))),
    }
}
