//! The transport of a pipe that is read from.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::rc::{Rc, Weak};

use kolo_executor::primitive::{Interest, Ready, Source};
use kolo_executor::{Context, Error, EventLoop, ExceptionContext, Promise, Result};
use kolo_net::transports::{Channel, Marks};
use kolo_net::{Protocol, Transport};
use rustix::io::Errno;

use crate::pipe::descriptor::{Descriptor, refused};

/// As many bytes as one read takes at the most.
const MOST: usize = 256 * 1024;

thread_local! {
    /// Where read bytes are before their protocol has them.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

pub(crate) struct ReadPipe {
    this: Weak<ReadPipe>,
    descriptor: RawFd,
    /// `None` once it is lost.
    pipe: RefCell<Option<Descriptor>>,
    source: OnceCell<Source>,
    protocol: RefCell<Option<Rc<dyn Protocol>>>,
    is_closing: Cell<bool>,
    is_paused: Cell<bool>,
    /// In which the protocol is told of what is read.
    context: Context,
}

impl ReadPipe {
    /// A transport of this pipe. In the next iteration its protocol is told that the connection is made, then it begins to read, then `made` is
    /// set.
    ///
    /// # Errors
    /// Value, for a descriptor of another kind; Runtime, when the loop is closed, or the descriptor is watched by another.
    pub(crate) fn start(
        event_loop: &EventLoop,
        pipe: OwnedFd,
        protocol: Rc<dyn Protocol>,
        made: Promise<()>,
    ) -> Result<Transport> {
        let descriptor = pipe.as_raw_fd();
        let pipe = Descriptor::new(pipe, "Pipe transport is for pipes/sockets only.")?;
        let transport = Rc::new_cyclic(|this| ReadPipe {
            this: this.clone(),
            descriptor,
            pipe: RefCell::default(),
            source: OnceCell::new(),
            protocol: RefCell::new(Some(protocol.clone())),
            is_closing: Cell::new(false),
            is_paused: Cell::new(false),
            context: Context::current(),
        });
        let source = Source::new(event_loop, &pipe.fd, transport.clone())?;
        transport.pipe.replace(Some(pipe));
        transport.source.get_or_init(|| source);
        let handle = Transport::new(transport.clone());
        let (made_of, teller, reader) = (handle.clone(), transport.clone(), transport);
        event_loop.call_soon(move || teller.tell(protocol.connection_made(&made_of)));
        event_loop.call_soon(move || {
            if reader.is_reading() {
                reader.watch();
            }
        });
        event_loop.call_soon(move || {
            // Refused when it was cancelled.
            let _ = made.set_result(());
        });
        Ok(handle)
    }

    fn event_loop(&self) -> Option<EventLoop> {
        self.source.get()?.event_loop().filter(|event_loop| !event_loop.is_closed())
    }

    fn watch(&self) {
        if let Some(Err(error)) = self.source.get().map(|source| source.watch(Interest::Read)) {
            self.fail(error);
        }
    }

    fn unwatch(&self) {
        self.source.get().map(|source| source.unwatch(Interest::Read));
    }

    fn read(&self, scratch: &mut [u8]) {
        let received = match &*self.pipe.borrow() {
            Some(pipe) => rustix::io::read(&pipe.fd, &mut *scratch),
            None => return,
        };
        match received {
            Ok(0) => self.end(),
            Ok(count) => {
                let received = self
                    .protocol()
                    .map(|protocol| self.context.run(|| protocol.data_received(&scratch[..count])));
                if let Some(Err(error)) = received {
                    self.report("Exception in callback", error);
                }
            }
            Err(Errno::AGAIN) => {
                if let Some(source) = self.source.get() {
                    source.drained(Interest::Read);
                }
            }
            Err(Errno::INTR) => {}
            Err(errno) => self.fail(refused(errno)),
        }
    }

    /// The other side has closed its end.
    fn end(&self) {
        self.is_closing.set(true);
        self.unwatch();
        if let (Some(event_loop), Some(this)) = (self.event_loop(), self.this.upgrade()) {
            event_loop.call_soon(move || {
                let ended = this.protocol().map(|protocol| protocol.eof_received());
                if let Some(Err(error)) = ended {
                    this.report("Exception in callback", error);
                }
            });
        }
        self.lose_soon(None);
    }

    fn fail(&self, error: Error) {
        // What a terminal says when its other side is gone is no fault.
        if error.errno() != Some(Errno::IO.raw_os_error()) {
            self.report("Fatal read error on pipe transport", error.clone());
        }
        if !self.is_closing.replace(true) {
            self.unwatch();
            self.lose_soon(Some(error));
        }
    }

    fn lose_soon(&self, error: Option<Error>) {
        match (self.event_loop(), self.this.upgrade()) {
            (Some(event_loop), Some(this)) => drop(event_loop.call_soon(move || this.connection_lost(error))),
            // Nobody is there to be told.
            _ => self.release(),
        }
    }

    fn connection_lost(&self, error: Option<Error>) {
        /// Also when the protocol panics.
        struct Released<'a>(&'a ReadPipe);
        impl Drop for Released<'_> {
            fn drop(&mut self) {
                self.0.release();
            }
        }
        let protocol = self.protocol.take();
        let _released = Released(self);
        if let Some(protocol) = protocol {
            self.tell(protocol.connection_lost(error.as_ref()));
        }
    }

    /// Closes the pipe, which the loop does not know any more then.
    fn release(&self) {
        if let Some(source) = self.source.get() {
            source.close();
        }
        drop(self.pipe.take());
        let protocol = self.protocol.take();
        drop(protocol);
    }

    fn tell(&self, outcome: Result<()>) {
        if let Err(error) = outcome {
            self.report("Exception in callback", error);
        }
    }

    fn report(&self, message: &str, error: Error) {
        let Some(event_loop) = self.event_loop() else { return };
        let context = ExceptionContext::new(message).with_error(error);
        event_loop.call_exception_handler(&context.with_detail("transport", self));
    }
}

impl Ready for ReadPipe {
    fn ready(&self, _: Interest) {
        let mut scratch = SCRATCH.try_with(Cell::take).unwrap_or_default();
        if scratch.is_empty() {
            // Not touched before it is written to: it takes no more memory than the longest read.
            scratch = vec![0; MOST];
        }
        self.read(&mut scratch);
        // A thread that is ending keeps nothing.
        let _ = SCRATCH.try_with(|kept| kept.set(scratch));
    }

    fn loop_is_closed(&self) {
        self.is_closing.set(true);
        self.release();
    }
}

impl Channel for ReadPipe {
    fn write(&self, _: &[u8]) -> Result<()> {
        Err(only_read())
    }

    fn write_lines(&self, _: &mut dyn Iterator<Item = &[u8]>) -> Result<()> {
        Err(only_read())
    }

    fn write_eof(&self) -> Result<()> {
        Err(only_read())
    }

    fn can_write_eof(&self) -> bool {
        false
    }

    fn close(&self) {
        if !self.is_closing.replace(true) {
            self.unwatch();
            self.lose_soon(None);
        }
    }

    fn abort(&self) {
        self.close();
    }

    fn is_closing(&self) -> bool {
        self.is_closing.get()
    }

    fn pause_reading(&self) {
        if self.is_reading() {
            self.is_paused.set(true);
            self.unwatch();
        }
    }

    fn resume_reading(&self) {
        if !self.is_closing() && self.is_paused.replace(false) {
            self.watch();
        }
    }

    fn is_reading(&self) -> bool {
        !self.is_closing() && !self.is_paused.get()
    }

    fn buffered(&self) -> usize {
        0
    }

    fn marks(&self) -> Marks {
        Marks { low: 0, high: 0 }
    }

    fn set_marks(&self, _: Marks) {}

    fn protocol(&self) -> Option<Rc<dyn Protocol>> {
        self.protocol.borrow().clone()
    }

    fn set_protocol(&self, protocol: Rc<dyn Protocol>) {
        // One that is lost tells nobody.
        if self.protocol.borrow().is_some() {
            let before = self.protocol.replace(Some(protocol));
            drop(before);
        }
    }
}

fn only_read() -> Error {
    Error::runtime("a pipe that is read from cannot be written to").without_place()
}

impl fmt::Debug for ReadPipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (self.pipe.borrow().is_some(), self.is_closing()) {
            (false, _) => "closed ",
            (true, true) => "closing ",
            (true, false) => "",
        };
        write!(f, "<ReadPipe {state}fd={}>", self.descriptor)
    }
}
