//! The transport of a socket, as its users ask it.

use std::fs::File;
use std::rc::Rc;
use std::sync::Arc;

use kolo_executor::primitive::Interest;
use kolo_executor::{Error, Promise, Result};

use crate::address::Address;
use crate::protocol::Protocol;
use crate::transport::Channel;
use crate::transport::marks::Marks;
use crate::transport::sendfile::Part;
use crate::transport::socket::SocketTransport;
use crate::transport::socket::told::Told;

impl Channel for SocketTransport {
    fn write(&self, data: &[u8]) -> Result<()> {
        if self.has_eof.get() {
            return Err(Error::runtime("Cannot call write() after write_eof()"));
        }
        if self.is_sending() {
            return Err(Error::runtime("unable to write; sendfile is in progress"));
        }
        if data.is_empty() {
            return Ok(());
        }
        if self.footing.is_lost() {
            self.footing.swallow("socket.send() raised exception.");
            return Ok(());
        }
        let mut rest = data;
        if self.outgoing.borrow().is_empty() {
            match self.send(data) {
                Some(count) if count < data.len() => rest = &data[count..],
                // All of it, or nobody is there to read it.
                _ => return Ok(()),
            }
            self.watch_writing();
        }
        self.outgoing.borrow_mut().push(rest);
        self.pause_protocol();
        Ok(())
    }

    fn write_lines(&self, lines: &mut dyn Iterator<Item = &[u8]>) -> Result<()> {
        if self.has_eof.get() {
            return Err(Error::runtime("Cannot call writelines() after write_eof()"));
        }
        if self.is_sending() {
            return Err(Error::runtime("unable to writelines; sendfile is in progress"));
        }
        // What is closing sends what it has, and no more of these.
        if self.is_closing() {
            return Ok(());
        }
        let count = {
            let outgoing = &mut *self.outgoing.borrow_mut();
            let lines = lines.filter(|line| !line.is_empty());
            lines.map(|line| outgoing.push(line)).count()
        };
        if count > 0 {
            self.write_ready();
            if !self.outgoing.borrow().is_empty() {
                self.watch_writing();
            }
        }
        Ok(())
    }

    fn write_eof(&self) -> Result<()> {
        if self.is_closing() || self.has_eof.replace(true) {
            return Ok(());
        }
        if self.outgoing.borrow().is_empty() {
            return self.shut();
        }
        Ok(())
    }

    fn can_write_eof(&self) -> bool {
        true
    }

    fn close(&self) {
        if self.is_closing.replace(true) {
            return;
        }
        self.footing.unwatch(Interest::Read);
        if self.outgoing.borrow().is_empty() {
            self.footing.unwatch(Interest::Write);
            self.lose_soon(None);
        }
    }

    fn abort(&self) {
        self.lose(None);
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
            self.watch(Interest::Read);
        }
    }

    fn is_reading(&self) -> bool {
        !self.is_closing() && !self.is_paused.get()
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
        self.protocol.borrow().as_ref().map(Told::protocol)
    }

    #[cfg(target_os = "linux")]
    fn send_file(&self, file: &Arc<File>, offset: u64, count: Option<u64>) -> Option<Result<Promise<u64>>> {
        Some(self.begin_sending(file.clone(), Part { offset, count }))
    }

    fn set_protocol(&self, protocol: Rc<dyn Protocol>) {
        // One that is lost tells nobody.
        if self.protocol.borrow().is_some() {
            let before = self.protocol.replace(Some(Told::new(protocol)));
            drop(before);
        }
    }

    fn local_address(&self) -> Option<Address> {
        self.addresses[0].clone()
    }

    fn peer_address(&self) -> Option<Address> {
        self.addresses[1].clone()
    }
}
