//! A child as its transport knows it: the process, its pipes, and who waits for its end.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::rc::{Rc, Weak};
use std::thread;

use kolo_executor::primitive::say;
use kolo_executor::{Error, EventLoop, KeepAlive, Promise, Result, try_running_loop};
use kolo_net::transports::StreamProtocol;
use kolo_net::{Protocol, StreamReader, Transport};
use rustix::process::{Pid, Signal, kill_process};

/// One of the standard streams, by its number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stream {
    Stdin = 0,
    Stdout = 1,
    Stderr = 2,
}

/// What the exit of a child that somebody else has reaped counts as.
const REAPED_BY_OTHERS: i32 = 255;

type Call = Box<dyn FnOnce(&Rc<Child>)>;

pub(crate) struct Child {
    this: Weak<Child>,
    pub(crate) pid: Pid,
    /// `None` once it is reaped: its number may be another's then.
    process: RefCell<Option<std::process::Child>>,
    returncode: Cell<Option<i32>>,
    pipes: [Pipe; 3],
    /// What is told before all pipes are connected, held back until then; `None` afterwards.
    held_back: RefCell<Option<Vec<Call>>>,
    waiters: RefCell<Vec<Promise<i32>>>,
    is_closed: Cell<bool>,
    has_exited: Cell<bool>,
    /// It has exited, and its pipes are closed.
    is_finished: Cell<bool>,
    pub(crate) stdin_protocol: Rc<StreamProtocol>,
    limit: usize,
    /// While it runs the loop never counts as deadlocked, and its virtual clock does not jump.
    under_way: Cell<Option<KeepAlive>>,
}

/// One of the three pipes.
#[derive(Default)]
struct Pipe {
    is_wanted: Cell<bool>,
    transport: OnceCell<Transport>,
    reader: OnceCell<StreamReader>,
    is_lost: Cell<bool>,
    /// Its reader has been told.
    has_ended: Cell<bool>,
}

impl Child {
    pub(crate) fn new(event_loop: &EventLoop, process: std::process::Child, wanted: [bool; 3], limit: usize) -> Rc<Child> {
        let pipes = wanted.map(|is_wanted| Pipe {
            is_wanted: Cell::new(is_wanted),
            ..Pipe::default()
        });
        Rc::new_cyclic(|this| Child {
            this: this.clone(),
            pid: Pid::from_child(&process),
            process: RefCell::new(Some(process)),
            returncode: Cell::new(None),
            pipes,
            held_back: RefCell::new(Some(Vec::new())),
            waiters: RefCell::default(),
            is_closed: Cell::new(false),
            has_exited: Cell::new(false),
            is_finished: Cell::new(false),
            stdin_protocol: StreamProtocol::of_writer(event_loop),
            limit,
            under_way: Cell::new(Some(event_loop.keep_alive())),
        })
    }

    fn pipe(&self, stream: Stream) -> &Pipe {
        &self.pipes[stream as usize]
    }

    pub(crate) fn transport(&self, stream: Stream) -> Option<&Transport> {
        self.pipe(stream).transport.get()
    }

    pub(crate) fn reader(&self, stream: Stream) -> Option<StreamReader> {
        self.pipe(stream).reader.get().cloned()
    }

    pub(crate) fn set_transport(&self, stream: Stream, transport: Transport) {
        self.pipe(stream).transport.get_or_init(|| transport);
    }

    pub(crate) fn returncode(&self) -> Option<i32> {
        self.returncode.get()
    }

    /// All pipes are there: what was held back is told.
    pub(crate) fn pipes_are_connected(&self) {
        let held_back = self.held_back.take();
        self.call(|child| child.connection_made());
        held_back.into_iter().flatten().for_each(|call| self.call(call));
    }

    fn connection_made(&self) {
        for pipe in &self.pipes[1..] {
            if let Some(transport) = pipe.transport.get() {
                let reader = pipe
                    .reader
                    .get_or_init(|| StreamReader::with_limit(self.limit).unwrap_or_default());
                reader.set_transport(transport.clone());
            }
        }
    }

    fn call(&self, call: impl FnOnce(&Rc<Child>) + 'static) {
        if let Some(held_back) = &mut *self.held_back.borrow_mut() {
            return held_back.push(Box::new(call));
        }
        if let (Some(this), Ok(event_loop)) = (self.this.upgrade(), try_running_loop()) {
            event_loop.call_soon(move || call(&this));
        }
    }

    pub(crate) fn pipe_data_received(&self, stream: Stream, data: Vec<u8>) {
        self.call(move |child| {
            if let Some(reader) = child.pipe(stream).reader.get() {
                reader.feed_data(data);
            }
        });
    }

    pub(crate) fn pipe_connection_lost(&self, stream: Stream, error: Option<Error>) {
        self.pipe(stream).is_lost.set(true);
        self.call(move |child| child.pipe_has_ended(stream, error));
        self.try_finish();
    }

    fn pipe_has_ended(&self, stream: Stream, error: Option<Error>) {
        if stream == Stream::Stdin {
            // It tells whoever drains or waits for the close, and cannot fail.
            let _ = self.stdin_protocol.connection_lost(error.as_ref());
            return;
        }
        match (self.pipe(stream).reader.get(), error) {
            (Some(reader), None) => reader.feed_eof(),
            (Some(reader), Some(error)) => reader.set_error(error),
            (None, _) => {}
        }
        self.pipe(stream).has_ended.set(true);
        self.close_if_over();
    }

    fn close_if_over(&self) {
        let output = &self.pipes[1..];
        let have_ended = output.iter().all(|pipe| pipe.reader.get().is_none() || pipe.has_ended.get());
        if have_ended && self.has_exited.get() {
            self.close();
        }
    }

    /// The child has exited: its status is fetched, and its number free for others.
    pub(crate) fn reap(&self) {
        let Some(mut process) = self.process.take() else { return };
        let returncode = match process.wait() {
            Ok(status) => returncode_of(status),
            Err(_) => {
                let pid = self.pid.as_raw_nonzero();
                // Whether anybody reads standard error is not ours to know.
                say(format_args!(
                    "child process pid {pid} exit status already read:  will report returncode 255"
                ));
                REAPED_BY_OTHERS
            }
        };
        if let (Some(this), Ok(event_loop)) = (self.this.upgrade(), try_running_loop()) {
            event_loop.call_soon(move || this.exited(returncode));
        }
    }

    fn exited(&self, returncode: i32) {
        self.returncode.set(Some(returncode));
        self.under_way.take();
        self.call(|child| {
            child.has_exited.set(true);
            child.close_if_over();
        });
        self.try_finish();
    }

    fn try_finish(&self) {
        let are_lost = self.pipes.iter().all(|pipe| !pipe.is_wanted.get() || pipe.is_lost.get());
        if self.returncode.get().is_some() && are_lost {
            self.call(|child| child.finish());
        }
    }

    fn finish(&self) {
        self.is_finished.set(true);
        let returncode = self.returncode.get().unwrap_or(REAPED_BY_OTHERS);
        for waiter in self.waiters.take() {
            // Refused when it was cancelled.
            let _ = waiter.set_result(returncode);
        }
    }

    /// What is set once it has exited and its pipes are closed.
    pub(crate) fn waiter(&self) -> Promise<i32> {
        let waiter = Promise::new();
        self.waiters.borrow_mut().push(waiter.clone());
        waiter
    }

    /// Nobody has to do with it any more: the pipes are closed, and it is killed if it runs.
    pub(crate) fn close(&self) {
        if self.is_closed.replace(true) {
            return;
        }
        for pipe in &self.pipes {
            pipe.transport.get().inspect(|transport| transport.close());
        }
        // One that runs under another user's rights cannot be killed.
        let _ = self.signal(Signal::KILL);
    }

    /// Sends it a signal; one that has exited gets none.
    ///
    /// # Errors
    /// Io: of a process that is not there, once it has exited and its pipes are closed; or what the system says.
    pub(crate) fn send_signal(&self, signal: Signal) -> Result<()> {
        if self.is_finished.get() {
            return Err(io::Error::from(rustix::io::Errno::SRCH).into());
        }
        Ok(self.signal(signal).map_err(io::Error::from)?)
    }

    fn signal(&self, signal: Signal) -> rustix::io::Result<()> {
        // As long as it is not reaped its number is nobody else's.
        match &*self.process.borrow() {
            Some(_) => match kill_process(self.pid, signal) {
                Err(rustix::io::Errno::SRCH) => Ok(()),
                outcome => outcome,
            },
            None => Ok(()),
        }
    }

    /// The loop is closed: the child is ended and reaped.
    pub(crate) fn abandon(&self) {
        self.close();
        self.under_way.take();
        let Some(mut process) = self.process.take() else { return };
        match process.kill() {
            // One that is killed is gone at once.
            Ok(()) => drop(process.wait()),
            Err(_) => drop(thread::Builder::new().spawn(move || process.wait())),
        }
    }
}

/// The exit code; of a child that a signal has ended, that signal's number, negative.
fn returncode_of(status: ExitStatus) -> i32 {
    let code = status.code().or_else(|| status.signal().map(|signal| -signal));
    code.unwrap_or(REAPED_BY_OTHERS)
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid={}", self.pid.as_raw_nonzero())?;
        match self.returncode.get() {
            Some(returncode) => write!(f, " returncode={returncode}"),
            None => f.write_str(" running"),
        }
    }
}
