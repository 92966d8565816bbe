//! The transport of a pipe that is written to.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::io::IoSlice;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::rc::{Rc, Weak};

use kolo_executor::primitive::{Interest, Ready, Source};
use kolo_executor::{Context, Error, EventLoop, Promise, Result};
use kolo_net::transports::{Channel, Flow, Footing, Marks};
use kolo_net::{Protocol, Transport};
use rustix::fs::FileType;
use rustix::io::Errno;

use crate::pipe::descriptor::{Descriptor, refused};

pub(crate) struct WritePipe {
    this: Weak<WritePipe>,
    descriptor: RawFd,
    /// `None` once it is lost.
    pipe: RefCell<Option<Descriptor>>,
    footing: Footing,
    protocol: RefCell<Option<Rc<dyn Protocol>>>,
    outgoing: RefCell<VecDeque<u8>>,
    flow: Flow,
    is_closing: Cell<bool>,
    /// Its protocol is told, or about to be, that it is lost.
    is_losing: Cell<bool>,
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
            footing: Footing::default(),
            protocol: RefCell::new(Some(protocol.clone())),
            outgoing: RefCell::default(),
            flow: Flow::default(),
            is_closing: Cell::new(false),
            is_losing: Cell::new(false),
            context: RefCell::new(Context::new()),
        });
        let source = Source::new(event_loop, &pipe.fd, transport.clone())?;
        transport.pipe.replace(Some(pipe));
        transport.footing.stand(source);
        let handle = Transport::new(transport.clone());
        let (made_of, teller, watcher) = (handle.clone(), transport.clone(), transport);
        let tell_made = move || teller.footing.tell(&*teller, protocol.connection_made(&made_of));
        let look = tells_of_its_end.then_some(move || watcher.watch(Interest::Read));
        Footing::begin(event_loop, tell_made, look, Some(made));
        Ok(handle)
    }

    fn watch(&self, interest: Interest) {
        if let Err(error) = self.footing.watch(interest) {
            self.lose(Some(error));
        }
    }

    /// Writes as far as there is room.
    fn attempt(&self, slices: &[IoSlice<'_>]) -> rustix::io::Result<usize> {
        let written = match &*self.pipe.borrow() {
            Some(pipe) => rustix::io::writev(&pipe.fd, slices),
            None => return Ok(0),
        };
        match written {
            Err(Errno::AGAIN) => self.footing.drained(Interest::Write),
            Err(Errno::INTR) => {}
            other => return other,
        }
        Ok(0)
    }

    fn fail(&self, errno: Errno) {
        self.footing.count_lost();
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
        self.outgoing.borrow_mut().shrink_to(Marks::default().high);
        self.footing.unwatch(Interest::Write);
        self.resume_protocol();
        // The protocol may have written more.
        if self.is_closing() && self.outgoing.borrow().is_empty() && !self.is_losing.replace(true) {
            self.footing.unwatch(Interest::Read);
            self.connection_lost(None);
        }
    }

    /// The pipe is lost, whatever is buffered; its protocol is told in the next iteration.
    fn lose(&self, error: Option<Error>) {
        self.is_closing.set(true);
        self.footing.unwatch(Interest::Write);
        self.outgoing.borrow_mut().clear();
        self.lose_soon(error);
    }

    fn lose_soon(&self, error: Option<Error>) {
        self.footing.unwatch(Interest::Read);
        if self.is_losing.replace(true) {
            return;
        }
        let lose = self.this.upgrade().map(|this| move || this.connection_lost(error));
        if !self.footing.lose_soon(lose) {
            // Nobody is there to be told.
            self.release();
        }
    }

    fn connection_lost(&self, error: Option<Error>) {
        let protocol = self.protocol.take();
        let lost = || protocol.map_or(Ok(()), |protocol| protocol.connection_lost(error.as_ref()));
        Footing::lose(|| self.footing.tell(self, lost()), || self.release());
    }

    /// Closes the pipe, which the loop does not know any more then.
    fn release(&self) {
        self.footing.close();
        drop(self.pipe.take());
        let protocol = self.protocol.take();
        drop(protocol);
    }

    fn pause_protocol(&self) {
        if self.flow.pauses(self.buffered()) {
            let outcome = self.protocol().map_or(Ok(()), |protocol| protocol.pause_writing());
            self.footing.report_failed(self, "protocol.pause_writing() failed", outcome);
        }
    }

    fn resume_protocol(&self) {
        if self.flow.resumes(self.buffered()) {
            let outcome = self.protocol().map_or(Ok(()), |protocol| protocol.resume_writing());
            self.footing.report_failed(self, "protocol.resume_writing() failed", outcome);
        }
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
        if data.is_empty() {
            return Ok(());
        }
        if self.is_closing() {
            self.footing
                .swallow("pipe closed by peer or os.write(pipe, data) raised exception.");
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
        self.flow.marks()
    }

    fn set_marks(&self, marks: Marks) {
        self.flow.set_marks(marks);
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
