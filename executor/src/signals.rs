//! Ctrl-C while a loop runs. With a runner, as `asyncio.Runner` has it: the first one cancels the main task, the second one ends the run.
//! With the loop alone, the first one ends it.

use std::cell::Cell;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::SIGINT;
use signal_hook::{SigId, flag, low_level};

use crate::core::Core;
use crate::error::{Error, Kind, Result};
use crate::task::AnyTask;

/// Set while Ctrl-C does what it does by default: outside of a run, and when the one before it was not noticed yet. So a loop that is
/// stuck in somebody's code can be ended by the second.
///
/// `None`: somebody else handles or ignores Ctrl-C, and goes on doing so.
fn deadly() -> Option<&'static Arc<AtomicBool>> {
    static DEADLY: OnceLock<Option<Arc<AtomicBool>>> = OnceLock::new();
    let install = || {
        let deadly = Arc::new(AtomicBool::new(true));
        // The actions run in this order: only the next Ctrl-C finds what this one has set.
        flag::register_conditional_default(SIGINT, deadly.clone()).ok()?;
        flag::register(SIGINT, deadly.clone()).ok()?;
        Some(deadly)
    };
    DEADLY.get_or_init(|| is_default(SIGINT).then(install).flatten()).as_ref()
}

/// Whether nobody handles or ignores the signal. Where the system does not say, that is taken for granted.
fn is_default(signal: i32) -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return true;
    };
    let contains = |set: &str| {
        let mask = status.lines().find_map(|line| line.strip_prefix(set));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
    };
    !contains("SigIgn:") && !contains("SigCgt:")
}

/// Takes Ctrl-C for one run, until it is dropped.
pub(crate) struct Interrupts {
    core: Rc<Core>,
    state: Rc<State>,
    actions: Vec<SigId>,
    /// What ends the loop's wait.
    wakes: UnixStream,
}

/// What the loop needs to know to act on a Ctrl-C.
pub(crate) struct State {
    unnoticed: &'static AtomicBool,
    /// The task to cancel first; none where the loop runs without a runner.
    main: Option<AnyTask>,
    count: Cell<u32>,
}

impl Interrupts {
    /// `None` outside of the main thread, and when Ctrl-C cannot be taken: then it stays what it is.
    pub(crate) fn take(core: &Rc<Core>, main: Option<AnyTask>) -> Option<Interrupts> {
        if std::thread::current().name() != Some("main") {
            return None;
        }
        let unnoticed = deadly()?;
        let (wakes, waker) = UnixStream::pair().ok()?;
        let mut interrupts = Interrupts {
            core: core.clone(),
            state: Rc::new(State {
                unnoticed,
                main,
                count: Cell::new(0),
            }),
            actions: Vec::new(),
            wakes,
        };
        interrupts.install(waker).ok()?;
        Some(interrupts)
    }

    fn install(&mut self, waker: UnixStream) -> io::Result<()> {
        self.core.reactor.wake_by(self.wakes.as_raw_fd())?;
        // A loop that is awake sees that its inbox is full; one that is asleep is woken, and so the flag must be set before.
        self.actions.push(flag::register(SIGINT, self.core.inbox.flag())?);
        self.actions.push(low_level::pipe::register(SIGINT, waker)?);
        self.core.interrupts.replace(Some(self.state.clone()));
        self.state.unnoticed.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// What the run ends with, if the main task ended with `outcome`.
    pub(crate) fn settle<T>(self, outcome: Result<T>) -> Result<T> {
        // One that came too late for the loop to notice is not lost.
        self.core.notice_interrupt()?;
        match (outcome, &self.state.main) {
            // Whoever else has cancelled the main task gets to see that it was.
            (Err(error), Some(main)) if error.is_cancelled() && self.state.count.get() > 0 && main.uncancel() == 0 => {
                Err(interrupted())
            }
            (outcome, _) => outcome,
        }
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        self.state.unnoticed.store(true, Ordering::SeqCst);
        for action in self.actions.drain(..) {
            low_level::unregister(action);
        }
        self.core.reactor.no_longer_wake_by(self.wakes.as_raw_fd());
        let state = self.core.interrupts.take();
        drop(state);
    }
}

fn interrupted() -> Error {
    Error::new(Kind::KeyboardInterrupt, "")
}

impl Core {
    /// Acts on a Ctrl-C, if there was one.
    ///
    /// # Errors
    /// KeyboardInterrupt, which ends the run: it was the second, or there is no main task any more to be cancelled.
    pub(crate) fn notice_interrupt(&self) -> Result<()> {
        let state = self.interrupts.borrow().clone();
        let Some(state) = state.filter(|state| state.unnoticed.swap(false, Ordering::SeqCst)) else {
            return Ok(());
        };
        state.count.set(state.count.get() + 1);
        match &state.main {
            Some(main) if state.count.get() == 1 && !main.done() => {
                main.cancel();
                Ok(())
            }
            _ => Err(interrupted()),
        }
    }
}
