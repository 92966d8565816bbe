//! Ctrl-C while a loop runs. With a runner, as `asyncio.Runner` has it: the first one cancels the main task, the second one ends the run.
//! With the loop alone, the first one ends it.

use std::cell::Cell;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use signal_hook::consts::SIGINT;
use signal_hook::{SigId, flag, low_level};

use crate::block::task::TaskRef;
use crate::ground::error::{Error, Kind, Result};
use crate::wheel::core::EventLoop;
use crate::wheel::ctrl_c::CtrlC;

static DEADLY: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Notes the action that sets the flag at a Ctrl-C; gives the one that did so before.
fn sets_deadly(action: Option<SigId>) -> Option<SigId> {
    static SETTER: Mutex<Option<SigId>> = Mutex::new(None);
    let mut setter = SETTER.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::replace(&mut *setter, action)
}

/// Set while Ctrl-C does what it does by default: outside of a run, and when the one before it was not noticed yet. So a loop that is
/// stuck in somebody's code can be ended by the second.
///
/// `None`: it is not ours. Somebody else handles or ignores Ctrl-C, and goes on doing so; or that cannot be told.
fn deadly() -> Option<&'static Arc<AtomicBool>> {
    if DEADLY.get().is_none() && is_main_thread()? && is_default(SIGINT)? {
        let deadly = Arc::new(AtomicBool::new(true));
        // The actions run in this order: only the next Ctrl-C finds what this one has set.
        flag::register_conditional_default(SIGINT, deadly.clone()).ok()?;
        sets_deadly(Some(flag::register(SIGINT, deadly.clone()).ok()?));
        // It is the main thread that installs, and there is one.
        let _ = DEADLY.set(deadly);
    }
    DEADLY.get().filter(|_| is_main_thread() == Some(true))
}

/// Whether this is the thread with which the process began: the one whose number is that of the process. Its name tells nothing. `None` where
/// the system does not say.
fn is_main_thread() -> Option<bool> {
    let link = std::fs::read_link("/proc/thread-self").ok()?;
    let (process, thread) = link.to_str()?.split_once("/task/")?;
    Some(process == thread)
}

/// Whether nobody handles or ignores the signal. `None` where the system does not say.
fn is_default(signal: i32) -> Option<bool> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let contains = |set: &str| {
        let mask = status.lines().find_map(|line| line.strip_prefix(set))?;
        let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
        Some(mask & (1 << (signal - 1)) != 0)
    };
    Some(!contains("SigIgn:")? && !contains("SigCgt:")?)
}

impl EventLoop {
    /// Whether a Ctrl-C cancels the main task of this run, or ends it, as it does unless it is told otherwise; for whoever handles SIGINT
    /// himself, as `add_signal_handler` does. Until the end of the run. `false`: this run does not take Ctrl-C, and nothing changes.
    ///
    /// ```
    /// use kolo::{run, running_loop};
    ///
    /// run(async {
    ///     // From now on Ctrl-C is whatever a handler of SIGINT makes of it.
    ///     if running_loop().set_interrupted_by_ctrl_c(false) {
    ///         println!("press it");
    ///     }
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn set_interrupted_by_ctrl_c(&self, on: bool) -> bool {
        let ctrl_c = self.0.ctrl_c.borrow().clone();
        let (Some(ctrl_c), Some(deadly)) = (ctrl_c, DEADLY.get()) else {
            return false;
        };
        if ctrl_c.is_handled.replace(!on) == on {
            set_deadly_by_ctrl_c(deadly, on);
        }
        true
    }
}

/// Two in a row are deadly no more while somebody handles them, each of them.
fn set_deadly_by_ctrl_c(deadly: &Arc<AtomicBool>, on: bool) {
    let action = on.then(|| flag::register(SIGINT, deadly.clone()).ok()).flatten();
    if let Some(before) = sets_deadly(action) {
        low_level::unregister(before);
    }
    deadly.store(false, Ordering::SeqCst);
}

/// Takes Ctrl-C for one run, until it is dropped.
pub(crate) struct Interrupts {
    event_loop: EventLoop,
    ctrl_c: Rc<CtrlC>,
    actions: Vec<SigId>,
    /// What ends the loop's wait.
    wakes: UnixStream,
}

impl Interrupts {
    /// `None` outside of the main thread, and when Ctrl-C cannot be taken, or is not ours to take: then it stays what it is.
    pub(crate) fn take(event_loop: &EventLoop, main: Option<TaskRef>) -> Option<Interrupts> {
        let unnoticed = deadly()?;
        let (wakes, waker) = UnixStream::pair().ok()?;
        let mut interrupts = Interrupts {
            event_loop: event_loop.clone(),
            ctrl_c: Rc::new(CtrlC {
                unnoticed,
                main,
                count: Cell::new(0),
                is_handled: Cell::new(false),
            }),
            actions: Vec::new(),
            wakes,
        };
        interrupts.install(waker).ok()?;
        Some(interrupts)
    }

    fn install(&mut self, waker: UnixStream) -> io::Result<()> {
        let core = &self.event_loop.0;
        core.reactor.wake_by(self.wakes.as_raw_fd())?;
        // A loop that is awake sees that its inbox is full; one that is asleep is woken, and so the flag must be set before.
        self.actions.push(flag::register(SIGINT, core.inbox.flag())?);
        self.actions.push(low_level::pipe::register(SIGINT, waker)?);
        core.ctrl_c.replace(Some(self.ctrl_c.clone()));
        self.ctrl_c.unnoticed.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// What the run ends with, if the main task ended with `outcome`.
    pub(crate) fn settle<T>(self, outcome: Result<T>) -> Result<T> {
        // One that came too late for the loop to notice is not lost.
        self.event_loop.0.notice_ctrl_c()?;
        match (outcome, &self.ctrl_c.main) {
            // Whoever else has cancelled the main task gets to see that it was.
            (Err(error), Some(main)) if error.is_cancelled() && self.ctrl_c.count.get() > 0 && main.uncancel() == 0 => {
                Err(Error::new(Kind::KeyboardInterrupt, "").without_place())
            }
            (outcome, _) => outcome,
        }
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        for action in self.actions.drain(..) {
            low_level::unregister(action);
        }
        self.event_loop.0.reactor.no_longer_wake_by(self.wakes.as_raw_fd());
        self.event_loop.set_interrupted_by_ctrl_c(true);
        self.ctrl_c.unnoticed.store(true, Ordering::SeqCst);
        let ctrl_c = self.event_loop.0.ctrl_c.take();
        drop(ctrl_c);
    }
}
