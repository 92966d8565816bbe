//! The transport of a pipe that is written to.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::io::{IoSlice, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::rc::{Rc, Weak};

use kolo_executor::primitive::{Interest, Ready, Source};
use kolo_executor::{Context, Error, EventLoop, ExceptionContext, Promise, Result};
use kolo_net::transports::{Channel, Marks};
use kolo_net::{Protocol, Transport};
use rustix::fs::FileType;
use rustix::io::Errno;

use crate::pipe::descriptor::{Descriptor, refused};

/// After so many writes to a pipe that is lost, one is told of them.
const LOST_WRITES_UNTOLD: usize = 5;

/// asyncio's marks.
const MARKS: Marks = Marks {
    low: 16 * 1024,
    high: 64 * 1024,
};

pub(crate) struct WritePipe {
    this: Weak<WritePipe>,
    descriptor: RawFd,
    /// `None` once it is lost.
    pipe: RefCell<Option<Descriptor>>,
    source: OnceCell<Source>,
    protocol: RefCell<Option<Rc<dyn Protocol>>>,
    outgoing: RefCell<VecDeque<u8>>,
    marks: Cell<Marks>,
    is_closing: Cell<bool>,
    is_protocol_paused: Cell<bool>,
    /// Its protocol is told, or about to be, that it is lost.
    is_losing: Cell<bool>,
    /// How often it was written to all the same.
    lost_writes: Cell<usize>,
    /// In which the protocol is told of what was written when it came to be buffered.
    context: RefCell<Context>,
}

impl WritePipe {
    /// A transport of this pipe. In the next iteration its protocol is told that the connection is made, then it begins to look whether somebody
    /// reads, then `made` is set.
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
        let pipe = Descriptor::new(pipe, "Pipe transport is only for pipes, sockets and character devices")?;
        let tells_of_its_end = pipe.kind != FileType::CharacterDevice;
        let transport = Rc::new_cyclic(|this| WritePipe {
            this: this.clone(),
            descriptor,
            pipe: RefCell::default(),
            source: OnceCell::new(),
            protocol: RefCell::new(Some(protocol.clone())),
            outgoing: RefCell::default(),
            marks: Cell::new(MARKS),
            is_closing: Cell::new(false),
            is_protocol_paused: Cell::new(false),
            is_losing: Cell::new(false),
            lost_writes: Cell::new(0),
            context: RefCell::new(Context::new()),
        });
        let source = Source::new(event_loop, &pipe.fd, transport.clone())?;
        transport.pipe.replace(Some(pipe));
        transport.source.get_or_init(|| source);
        let handle = Transport::new(transport.clone());
        let (made_of, teller, watcher) = (handle.clone(), transport.clone(), transport);
        event_loop.call_soon(move || teller.tell(protocol.connection_made(&made_of)));
        if tells_of_its_end {
            event_loop.call_soon(move || watcher.watch(Interest::Read));
        }
        event_loop.call_soon(move || {
            // Refused when it was cancelled.
            let _ = made.set_result(());
        });
        Ok(handle)
    }

    fn event_loop(&self) -> Option<EventLoop> {
        self.source.get()?.event_loop().filter(|event_loop| !event_loop.is_closed())
    }

    fn watch(&self, interest: Interest) {
        if let Some(Err(error)) = self.source.get().map(|source| source.watch(interest)) {
            self.lose(Some(error));
        }
    }

    fn unwatch(&self, interest: Interest) {
        self.source.get().map(|source| source.unwatch(interest));
    }

    /// Whether nothing is written any more.
    fn swallows(&self) -> bool {
        if !self.is_closing() {
            return false;
        }
        let count = self.lost_writes.get();
        if count >= LOST_WRITES_UNTOLD {
            // Whether anybody reads standard error is not ours to know.
            let text = "pipe closed by peer or os.write(pipe, data) raised exception.";
            let _ = writeln!(std::io::stderr(), "{text}");
        }
        self.lost_writes.set(count.saturating_add(1));
        true
    }

    /// Writes as far as there is room.
    fn attempt(&self, slices: &[IoSlice<'_>]) -> rustix::io::Result<usize> {
        let written = match &*self.pipe.borrow() {
            Some(pipe) => rustix::io::writev(&pipe.fd, slices),
            None => return Ok(0),
        };
        match (written, self.source.get()) {
            (Err(Errno::AGAIN), Some(source)) => source.drained(Interest::Write),
            (Err(Errno::INTR), _) => {}
            (other, _) => return other,
        }
        Ok(0)
    }

    fn fail(&self, errno: Errno) {
        self.lost_writes.set(self.lost_writes.get() + 1);
        self.lose(Some(refused(errno)));
    }

    fn write_ready(&self) {
        let written = {
            let outgoing = self.outgoing.borrow();
            let (first, second) = outgoing.as_slices();
            self.attempt(&[IoSlice::new(first), IoSlice::new(second)])
        };
        match written {
            Ok(count) => {
                self.outgoing.borrow_mut().drain(..count);
                if self.outgoing.borrow().is_empty() {
                    self.all_is_written();
                }
            }
            Err(errno) => self.fail(errno),
        }
    }

    fn all_is_written(&self) {
        self.outgoing.borrow_mut().shrink_to(MARKS.high);
        self.unwatch(Interest::Write);
        self.resume_protocol();
        // The protocol may have written more.
        if self.is_closing() && self.outgoing.borrow().is_empty() && !self.is_losing.replace(true) {
            self.unwatch(Interest::Read);
            self.connection_lost(None);
        }
    }

    /// The pipe is lost, whatever is buffered; its protocol is told in the next iteration.
    fn lose(&self, error: Option<Error>) {
        self.is_closing.set(true);
        self.unwatch(Interest::Write);
        self.outgoing.borrow_mut().clear();
        self.lose_soon(error);
    }

    fn lose_soon(&self, error: Option<Error>) {
        self.unwatch(Interest::Read);
        if self.is_losing.replace(true) {
            return;
        }
        match (self.event_loop(), self.this.upgrade()) {
            (Some(event_loop), Some(this)) => drop(event_loop.call_soon(move || this.connection_lost(error))),
            // Nobody is there to be told.
            _ => self.release(),
        }
    }

    fn connection_lost(&self, error: Option<Error>) {
        /// Also when the protocol panics.
        struct Released<'a>(&'a WritePipe);
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

    fn pause_protocol(&self) {
        if self.buffered() > self.marks.get().high && !self.is_protocol_paused.replace(true) {
            let outcome = self.protocol().map_or(Ok(()), |protocol| protocol.pause_writing());
            if let Err(error) = outcome {
                self.report("protocol.pause_writing() failed", error);
            }
        }
    }

    fn resume_protocol(&self) {
        if self.buffered() <= self.marks.get().low && self.is_protocol_paused.replace(false) {
            let outcome = self.protocol().map_or(Ok(()), |protocol| protocol.resume_writing());
            if let Err(error) = outcome {
                self.report("protocol.resume_writing() failed", error);
            }
        }
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

impl Ready for WritePipe {
    fn ready(&self, interest: Interest) {
        match interest {
            // Nothing is ever read: nobody reads at the other end any more.
            Interest::Read => {
                let is_broken = !self.outgoing.borrow().is_empty();
                self.lose(is_broken.then(|| refused(Errno::PIPE)));
            }
            Interest::Write => {
                let context = self.context.borrow().clone();
                context.run(|| self.write_ready());
            }
        }
    }

    fn loop_is_closed(&self) {
        self.is_closing.set(true);
        self.is_losing.set(true);
        self.release();
    }
}

impl Channel for WritePipe {
    fn write(&self, data: &[u8]) -> Result<()> {
        if data.is_empty() || self.swallows() {
            return Ok(());
        }
        let mut rest = data;
        if self.outgoing.borrow().is_empty() {
            match self.attempt(&[IoSlice::new(data)]) {
                Ok(count) if count == data.len() => return Ok(()),
                Ok(count) => rest = &data[count..],
                Err(errno) => {
                    self.fail(errno);
                    return Ok(());
                }
            }
            self.context.replace(Context::current());
            self.watch(Interest::Write);
        }
        self.outgoing.borrow_mut().extend(rest);
        self.pause_protocol();
        Ok(())
    }

    fn write_lines(&self, lines: &mut dyn Iterator<Item = &[u8]>) -> Result<()> {
        let lines: Vec<&[u8]> = lines.collect();
        self.write(&lines.concat())
    }

    fn write_eof(&self) -> Result<()> {
        self.close();
        Ok(())
    }

    fn can_write_eof(&self) -> bool {
        true
    }

    fn close(&self) {
        if !self.is_closing.replace(true) && self.outgoing.borrow().is_empty() {
            self.lose_soon(None);
        }
    }

    fn abort(&self) {
        self.lose(None);
    }

    fn is_closing(&self) -> bool {
        self.is_closing.get()
    }

    fn pause_reading(&self) {}

    fn resume_reading(&self) {}

    fn is_reading(&self) -> bool {
        false
    }

    fn buffered(&self) -> usize {
        self.outgoing.borrow().len()
    }

    fn marks(&self) -> Marks {
        self.marks.get()
    }

    fn set_marks(&self, marks: Marks) {
        self.marks.set(marks);
        self.pause_protocol();
    }

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

impl fmt::Debug for WritePipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (self.pipe.borrow().is_some(), self.is_closing()) {
            (false, _) => "closed ",
            (true, true) => "closing ",
            (true, false) => "",
        };
        write!(f, "<WritePipe {state}fd={} bufsize={}>", self.descriptor, self.buffered())
    }
}
