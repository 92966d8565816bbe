//! The transport of a pipe that is read from.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::rc::{Rc, Weak};

use kolo_executor::primitive::{Interest, Ready, Source};
use kolo_executor::{Context, Error, EventLoop, Promise, Result};
use kolo_net::transports::{Channel, Footing, Marks, with_scratch};
use kolo_net::{Protocol, Transport};
use rustix::buffer::spare_capacity;
use rustix::io::Errno;

use crate::pipe::descriptor::{Descriptor, refused};

pub(crate) struct ReadPipe {
    this: Weak<ReadPipe>,
    descriptor: RawFd,
    /// `None` once it is lost.
    pipe: RefCell<Option<Descriptor>>,
    footing: Footing,
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
            footing: Footing::default(),
            protocol: RefCell::new(Some(protocol.clone())),
            is_closing: Cell::new(false),
            is_paused: Cell::new(false),
            context: Context::current(),
        });
        let source = Source::new(event_loop, &pipe.fd, transport.clone())?;
        transport.pipe.replace(Some(pipe));
        transport.footing.stand(source);
        let handle = Transport::new(transport.clone());
        let (made_of, teller, reader) = (handle.clone(), transport.clone(), transport);
        let tell_made = move || teller.footing.tell(&*teller, protocol.connection_made(&made_of));
        let read = move || {
            if reader.is_reading() {
                reader.watch();
            }
        };
        Footing::begin(event_loop, tell_made, Some(read), Some(made));
        Ok(handle)
    }

    fn watch(&self) {
        if let Err(error) = self.footing.watch(Interest::Read) {
            self.fail(error);
        }
    }

    fn read(&self, scratch: &mut Vec<u8>) {
        let received = match &*self.pipe.borrow() {
            Some(pipe) => rustix::io::read(&pipe.fd, spare_capacity(scratch)),
            None => return,
        };
        match received {
            Ok(0) => self.end(),
            Ok(_) => {
                let received = self
                    .protocol()
                    .map(|protocol| self.context.run(|| protocol.data_received(scratch)));
                self.footing.tell(self, received.unwrap_or(Ok(())));
            }
            Err(Errno::AGAIN) => self.footing.drained(Interest::Read),
            Err(Errno::INTR) => {}
            Err(errno) => self.fail(refused(errno)),
        }
    }

    /// The other side has closed its end.
    fn end(&self) {
        self.is_closing.set(true);
        self.footing.unwatch(Interest::Read);
        if let (Some(event_loop), Some(this)) = (self.footing.event_loop(), self.this.upgrade()) {
            event_loop.call_soon(move || {
                let ended = this.protocol().map_or(Ok(false), |protocol| protocol.eof_received());
                this.footing.tell(&*this, ended.map(drop));
            });
        }
        self.lose_soon(None);
    }

    fn fail(&self, error: Error) {
        // What a terminal says when its other side is gone is no fault.
        if error.errno() != Some(Errno::IO.raw_os_error()) {
            self.footing.report(self, "Fatal read error on pipe transport", error.clone());
        }
        if !self.is_closing.replace(true) {
            self.footing.unwatch(Interest::Read);
            self.lose_soon(Some(error));
        }
    }

    fn lose_soon(&self, error: Option<Error>) {
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
}

impl Ready for ReadPipe {
    fn ready(&self, _: Interest) {
        with_scratch(|scratch| self.read(scratch));
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
            self.footing.unwatch(Interest::Read);
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
            self.footing.unwatch(Interest::Read);
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
