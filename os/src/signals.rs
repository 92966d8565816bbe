//! Handlers of signals, called by a loop.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::panic::Location;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kolo_executor::primitive::{Interest, Ready, Source};
use kolo_executor::{Context, Error, EventLoop, Result, try_running_loop};
use signal_hook::consts::{FORBIDDEN, SIGINT};
use signal_hook::{SigId, flag, low_level};

thread_local! {
    /// Those of this thread's loop.
    static HANDLERS: RefCell<BTreeMap<i32, Rc<Handler>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Has the running loop call `handler` at each such signal, until [`remove_signal_handler`]. Mirrors `loop.add_signal_handler`.
///
/// It is called as a callback of the loop is, two iterations after the signal, and may do anything; the signal itself interrupts nobody. One given
/// for the same signal before is called no more. A handler of SIGINT is called in place of what a Ctrl-C does in [`run`](kolo_executor::run),
/// until the run ends.
///
/// Loops of several threads may handle the same signal, each of them; asyncio allows only that of the main thread. Of a real-time signal, which has a
/// number from 34 to 64, none is lost: the handler is called for each.
///
/// ```
/// use kolo::{Promise, add_signal_handler, create_subprocess_shell, remove_signal_handler, run};
///
/// const SIGUSR1: i32 = 10;
///
/// run(async {
///     let arrived = Promise::new();
///     let setter = arrived.clone();
///     add_signal_handler(SIGUSR1, move || drop(setter.set_result(())))?;
///     create_subprocess_shell("kill -USR1 $PPID").await?.wait().await?;
///     arrived.await?;
///     assert!(remove_signal_handler(SIGUSR1)?);
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Value, for a number that is no signal's; Runtime, for a signal that cannot be caught (SIGKILL, SIGSTOP, and those that tell of a fault in the
/// program, SIGILL, SIGFPE, SIGSEGV), and without a running loop; Io, when the system refuses.
#[track_caller]
pub fn add_signal_handler(signal: i32, handler: impl FnMut() + 'static) -> Result<()> {
    let site = Location::caller();
    add(signal, Box::new(handler)).map_err(|error| error.at(site))
}

/// Ends what [`add_signal_handler`] began; `false` when there was nothing. The signal does again what it does by default (a real-time signal ends the
/// program with the code 128 and its number), and a Ctrl-C cancels the main task. Mirrors `loop.remove_signal_handler`.
///
/// # Errors
/// Value, for a number that is no signal's.
#[track_caller]
pub fn remove_signal_handler(signal: i32) -> Result<bool> {
    check(signal).map_err(|error| error.at(Location::caller()))?;
    let handler = HANDLERS.with_borrow_mut(|handlers| handlers.remove(&signal));
    Ok(handler.inspect(|handler| handler.end()).is_some())
}

fn add(signal: i32, call: Box<dyn FnMut()>) -> Result<()> {
    check(signal)?;
    let event_loop = try_running_loop()?;
    if FORBIDDEN.contains(&signal) {
        return Err(Error::runtime(format!("sig {signal} cannot be caught")));
    }
    let handler = Handler::start(&event_loop, signal, call)?;
    let before = HANDLERS.with_borrow_mut(|handlers| handlers.insert(signal, handler));
    if let Some(before) = before {
        before.end();
    }
    // One that has ended the handler before has also given Ctrl-C back.
    if signal == SIGINT {
        event_loop.set_interrupted_by_ctrl_c(false);
    }
    Ok(())
}

/// The last number of a signal; two below are used by the C library itself.
const LAST: i32 = 64;
const RESERVED: [i32; 2] = [32, 33];

fn check(signal: i32) -> Result<()> {
    match signal {
        1..=LAST if !RESERVED.contains(&signal) => Ok(()),
        _ => Err(Error::value(format!("invalid signal number {signal}")).without_place()),
    }
}

/// One handler, and the socket through which its signals come: a byte for each.
struct Handler {
    this: Weak<Handler>,
    signal: i32,
    call: RefCell<Option<Box<dyn FnMut()>>>,
    context: Context,
    signals: UnixStream,
    source: OnceCell<Source>,
    action: OnceCell<SigId>,
    default: OnceCell<NoDefault>,
}

impl Handler {
    fn start(event_loop: &EventLoop, signal: i32, call: Box<dyn FnMut()>) -> Result<Rc<Handler>> {
        let (signals, sender) = UnixStream::pair()?;
        signals.set_nonblocking(true)?;
        let handler = Rc::new_cyclic(|this| Handler {
            this: this.clone(),
            signal,
            call: RefCell::new(Some(call)),
            context: Context::current(),
            signals,
            source: OnceCell::new(),
            action: OnceCell::new(),
            default: OnceCell::new(),
        });
        let source = Source::new(event_loop, &handler.signals, handler.clone())?;
        handler.source.get_or_init(|| source).watch(Interest::Read)?;
        let action = low_level::pipe::register(signal, sender).inspect_err(|_| handler.end())?;
        handler.action.get_or_init(|| action);
        // What a Ctrl-C does otherwise is the run's, if the run takes it.
        if signal != SIGINT || !event_loop.set_interrupted_by_ctrl_c(false) {
            handler.default.get_or_init(|| NoDefault::new(signal));
        }
        Ok(handler)
    }

    /// Is called at no later signal.
    fn end(&self) {
        if let Some(action) = self.action.get() {
            low_level::unregister(*action);
        }
        if let Some(default) = self.default.get() {
            default.end();
        }
        let Some(source) = self.source.get() else { return };
        if let Some(event_loop) = source.event_loop().filter(|_| self.signal == SIGINT) {
            event_loop.set_interrupted_by_ctrl_c(true);
        }
        source.close();
    }

    fn call(&self) {
        // Taken out meanwhile: it may run the loop in which it would be called.
        let call = self.call.take();
        if let Some(mut call) = call {
            call();
            self.call.replace(Some(call));
        }
    }
}

impl Ready for Handler {
    fn ready(&self, _: Interest) {
        let mut bytes = [0; 4096];
        let count = match (&self.signals).read(&mut bytes) {
            Ok(count) => count,
            // There is one more look if there is more.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.source.get().inspect(|source| source.drained(Interest::Read));
                return;
            }
            Err(_) => return,
        };
        let (Some(this), Ok(event_loop)) = (self.this.upgrade(), try_running_loop()) else {
            return;
        };
        for _ in 0..count {
            let handler = this.clone();
            event_loop.call_soon_in(self.context.clone(), move || handler.call());
        }
    }

    fn loop_is_closed(&self) {
        // Also when it is dropped at the end of the thread.
        let _ = HANDLERS.try_with(|handlers| {
            let handler = handlers
                .try_borrow_mut()
                .ok()
                .and_then(|mut handlers| handlers.remove(&self.signal));
            drop(handler);
        });
        self.end();
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<SignalHandler sig={}>", self.signal)
    }
}

/// A signal that does not do what it does by default, until the last one of these for it has ended.
struct NoDefault {
    signal: i32,
}

/// Of a signal that was ever handled: whether it does what it does by default, and how many handle it. The system's own setting stays
/// replaced, so that is done in its stead.
struct Default {
    acts: Arc<AtomicBool>,
    handlers: usize,
}

static DEFAULTS: Mutex<BTreeMap<i32, Default>> = Mutex::new(BTreeMap::new());

fn defaults() -> MutexGuard<'static, BTreeMap<i32, Default>> {
    // Nobody's code runs under this lock.
    DEFAULTS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl NoDefault {
    fn new(signal: i32) -> NoDefault {
        let mut defaults = defaults();
        let default = defaults.entry(signal).or_insert_with(|| {
            let acts = Arc::new(AtomicBool::new(false));
            if flag::register_conditional_default(signal, acts.clone()).is_err() {
                // A real-time signal, of which that crate does not know that it ends the program: as a shell says it.
                let _ = flag::register_conditional_shutdown(signal, 128 + signal, acts.clone());
            }
            Default { acts, handlers: 0 }
        });
        default.handlers += 1;
        default.acts.store(false, Ordering::SeqCst);
        NoDefault { signal }
    }

    fn end(&self) {
        if let Some(default) = defaults().get_mut(&self.signal) {
            default.handlers -= 1;
            default.acts.store(default.handlers == 0, Ordering::SeqCst);
        }
    }
}
