//! A transport under TLS: the protocol of the transport below, and the transport of the protocol above.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, Read, Write};
use std::rc::{Rc, Weak};

use kolo_executor::{Context, Error, ExceptionContext, OsError, Promise, Result, TimerHandle, try_running_loop};

use crate::address::Address;
use crate::protocol::Protocol;
use crate::tls::refused;
use crate::transport::marks::Marks;
use crate::transport::{Channel, Transport};

/// How long the two ends may take to agree, in seconds.
const HANDSHAKE_TIMEOUT: f64 = 60.0;

/// How many bytes are handed on at a time: as many as one record has.
const RECORD: usize = 16 * 1024;

pub(crate) struct TlsTransport {
    this: Weak<TlsTransport>,
    session: RefCell<rustls::Connection>,
    /// The transport below, once its connection is made.
    below: RefCell<Option<Transport>>,
    /// The protocol above, until it is told that the connection is lost.
    above: RefCell<Option<Rc<dyn Protocol>>>,
    /// Set once the two ends have agreed; `None` from then on.
    made: RefCell<Option<Promise<()>>>,
    /// Whether the protocol above is to be told then that the connection is made.
    tells_made: bool,
    is_closing: Cell<bool>,
    timer: RefCell<Option<TimerHandle>>,
    context: Context,
}

impl TlsTransport {
    pub(crate) fn new(
        mut session: rustls::Connection,
        above: Rc<dyn Protocol>,
        made: Promise<()>,
        tells_made: bool,
    ) -> Rc<TlsTransport> {
        // What is written before they have agreed waits here, however much it is: the marks below bound the rest.
        session.set_buffer_limit(None);
        Rc::new_cyclic(|this| TlsTransport {
            this: this.clone(),
            session: RefCell::new(session),
            below: RefCell::default(),
            above: RefCell::new(Some(above)),
            made: RefCell::new(Some(made)),
            tells_made,
            is_closing: Cell::new(false),
            timer: RefCell::default(),
            context: Context::current(),
        })
    }

    /// A handle as the protocol above has it.
    pub(crate) fn handle(self: &Rc<Self>) -> Transport {
        Transport(self.clone())
    }

    fn below(&self) -> Option<Transport> {
        self.below.borrow().clone()
    }

    fn above(&self) -> Option<Rc<dyn Protocol>> {
        self.above.borrow().clone()
    }

    fn is_agreeing(&self) -> bool {
        self.made.borrow().is_some()
    }

    /// Has the transport below send what the session has to say.
    fn send(&self) -> Result<()> {
        let mut records = Vec::new();
        {
            let session = &mut *self.session.borrow_mut();
            while session.wants_write() {
                session.write_tls(&mut records).map_err(refused)?;
            }
        }
        match self.below() {
            Some(below) if !records.is_empty() => below.write(records),
            _ => Ok(()),
        }
    }

    /// Takes in what has come. `false`: the peer says no more.
    fn receive(&self, mut records: &[u8]) -> Result<bool> {
        while !records.is_empty() {
            let taken_in = {
                let session = &mut *self.session.borrow_mut();
                session.read_tls(&mut records).map_err(refused)?;
                session.process_new_packets().map(drop)
            };
            // What the session answers, also if it is why there is nothing more to say.
            self.send()?;
            taken_in.map_err(refused)?;
            self.agree()?;
            if !self.hand_on()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Tells the protocol above, once the two ends have agreed.
    fn agree(&self) -> Result<()> {
        if self.session.borrow().is_handshaking() {
            return Ok(());
        }
        let Some(made) = self.made.take() else { return Ok(()) };
        self.disarm();
        if self.tells_made
            && let (Some(above), Some(this)) = (self.above(), self.this.upgrade())
        {
            let outcome = self.context.run(|| above.connection_made(&this.handle()));
            outcome.unwrap_or_else(|error| self.report("Exception in callback", error));
        }
        // Refused when it was cancelled.
        let _ = made.set_result(());
        Ok(())
    }

    /// Hands on what was sent in secret. `false`: there is no more to come.
    fn hand_on(&self) -> Result<bool> {
        let mut bytes = [0; RECORD];
        loop {
            let read = self.session.borrow_mut().reader().read(&mut bytes);
            match read {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    if let Some(above) = self.above() {
                        self.context.run(|| above.data_received(&bytes[..count]))?;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(Error::from(error).without_place()),
            }
        }
    }

    fn end_received(&self) -> Result<()> {
        if let Some(above) = self.above() {
            self.context.run(|| above.eof_received())?;
        }
        self.close();
        Ok(())
    }

    /// Ends a connection on which the two ends do not agree.
    fn fail(&self, error: Error) {
        if let Some(made) = self.made.take() {
            // Whoever connects is told by this alone.
            let _ = made.set_error(error);
        } else {
            self.report("Fatal error on SSL protocol", error);
        }
        self.abort();
    }

    fn report(&self, message: &str, error: Error) {
        if let Ok(event_loop) = try_running_loop() {
            let context = ExceptionContext::new(message).with_error(error);
            event_loop.call_exception_handler(&context.with_detail("transport", self));
        }
    }

    fn arm(&self) {
        let (Ok(event_loop), this) = (try_running_loop(), self.this.clone()) else {
            return;
        };
        let timer = event_loop.call_later(HANDSHAKE_TIMEOUT, move || {
            if let Some(this) = this.upgrade().filter(|this| this.is_agreeing()) {
                let text = format!("SSL handshake is taking longer than {HANDSHAKE_TIMEOUT:?} seconds: aborting the connection");
                this.fail(broken(libc_errno::ECONNABORTED, text));
            }
        });
        self.timer.replace(Some(timer));
    }

    fn disarm(&self) {
        if let Some(timer) = self.timer.take() {
            timer.cancel();
        }
    }
}

mod libc_errno {
    pub(super) const ECONNABORTED: i32 = rustix::io::Errno::CONNABORTED.raw_os_error();
    pub(super) const ECONNRESET: i32 = rustix::io::Errno::CONNRESET.raw_os_error();
}

fn broken(errno: i32, text: String) -> Error {
    let text = text.into();
    Error::from(OsError { errno, text }).without_place()
}

impl Protocol for TlsTransport {
    fn connection_made(&self, transport: &Transport) -> Result<()> {
        self.below.replace(Some(transport.clone()));
        self.arm();
        self.send()
    }

    fn data_received(&self, data: &[u8]) -> Result<()> {
        match self.receive(data) {
            Ok(true) => Ok(()),
            Ok(false) => self.end_received(),
            Err(error) => {
                self.fail(error);
                Ok(())
            }
        }
    }

    fn eof_received(&self) -> Result<bool> {
        if self.is_agreeing() {
            self.fail(broken(libc_errno::ECONNRESET, "Connection reset by peer".to_owned()));
        } else if !self.is_closing.get() {
            self.end_received()?;
        }
        Ok(false)
    }

    fn connection_lost(&self, error: Option<&Error>) -> Result<()> {
        self.is_closing.set(true);
        self.disarm();
        if let Some(made) = self.made.take() {
            let reset = || broken(libc_errno::ECONNRESET, "Connection reset by peer".to_owned());
            let _ = made.set_error(error.cloned().unwrap_or_else(reset));
            if self.tells_made {
                // It was never told that there is a connection.
                self.above.take();
            }
        }
        self.below.take();
        let above = self.above.take();
        if let (Some(above), Ok(event_loop)) = (above, try_running_loop()) {
            let (error, this) = (error.cloned(), self.this.upgrade());
            event_loop.call_soon_in(self.context.copy(), move || {
                let outcome = above.connection_lost(error.as_ref());
                if let (Err(error), Some(this)) = (outcome, this) {
                    this.report("Exception in callback", error);
                }
            });
        }
        Ok(())
    }

    fn pause_writing(&self) -> Result<()> {
        self.above().map_or(Ok(()), |above| above.pause_writing())
    }

    fn resume_writing(&self) -> Result<()> {
        self.above().map_or(Ok(()), |above| above.resume_writing())
    }
}

impl Channel for TlsTransport {
    fn write(&self, data: &[u8]) -> Result<()> {
        if self.is_closing() {
            return Ok(());
        }
        self.session.borrow_mut().writer().write_all(data)?;
        self.send()
    }

    fn write_lines(&self, lines: &mut dyn Iterator<Item = &[u8]>) -> Result<()> {
        if self.is_closing() {
            return Ok(());
        }
        for line in lines {
            self.session.borrow_mut().writer().write_all(line)?;
        }
        self.send()
    }

    fn write_eof(&self) -> Result<()> {
        Err(Error::runtime(
            "write_eof: under TLS one direction cannot be closed alone; close the connection",
        ))
    }

    fn can_write_eof(&self) -> bool {
        false
    }

    fn close(&self) {
        if self.is_closing.replace(true) {
            return;
        }
        self.session.borrow_mut().send_close_notify();
        // A transport below that is lost has nobody to say it to.
        let _ = self.send();
        if let Some(below) = self.below() {
            below.close();
        }
    }

    fn abort(&self) {
        self.is_closing.set(true);
        if let Some(below) = self.below() {
            below.abort();
        }
    }

    fn is_closing(&self) -> bool {
        self.is_closing.get() || self.below().is_some_and(|below| below.is_closing())
    }

    fn pause_reading(&self) {
        if let Some(below) = self.below() {
            below.pause_reading();
        }
    }

    fn resume_reading(&self) {
        if let Some(below) = self.below() {
            below.resume_reading();
        }
    }

    fn is_reading(&self) -> bool {
        !self.is_closing() && self.below().is_some_and(|below| below.is_reading())
    }

    fn buffered(&self) -> usize {
        self.below().map_or(0, |below| below.write_buffer_size())
    }

    fn marks(&self) -> Marks {
        self.below().map_or_else(Marks::default, |below| below.0.marks())
    }

    fn set_marks(&self, marks: Marks) {
        if let Some(below) = self.below() {
            below.0.set_marks(marks);
        }
    }

    fn protocol(&self) -> Option<Rc<dyn Protocol>> {
        self.above()
    }

    fn set_protocol(&self, protocol: Rc<dyn Protocol>) {
        let before = self.above.replace(Some(protocol));
        drop(before);
    }

    fn local_address(&self) -> Option<Address> {
        self.below().and_then(|below| below.local_address())
    }

    fn peer_address(&self) -> Option<Address> {
        self.below().and_then(|below| below.peer_address())
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<TlsTransport")?;
        if self.is_closing() {
            f.write_str(" closing")?;
        }
        if let Some(below) = self.below() {
            write!(f, " transport={below:?}")?;
        }
        f.write_str(">")
    }
}
