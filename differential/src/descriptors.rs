//! The operations on sockets that do not wait, and the readers and writers that the loop calls.

use std::cell::Cell;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use kolo::{Error, Result};

use crate::frame::Frame;
use crate::program::{Body, DescriptorOp, Direction, End, Step};
use crate::sockets::{Socket, Usable};
use crate::values::show;
use crate::world::World;

impl World {
    pub(crate) fn perform_on_descriptor(self: &Rc<Self>, frame: &Frame, step: &Step, op: &DescriptorOp) {
        match op {
            DescriptorOp::Watch {
                direction,
                end,
                times,
                acts,
            } => self.with_descriptor(step, *end, |socket, _| {
                let outcome = self.watch(frame, step, (*direction, *end), socket, *times, acts);
                self.log_outcome(step, outcome);
            }),
            DescriptorOp::Unwatch { direction, end } => self.with_descriptor(step, *end, |socket, is_given| {
                match self.unwatch(*direction, socket.descriptor()) {
                    // asyncio raises RuntimeError.
                    false if is_given => self.log(step, "err RuntimeError"),
                    watched => self.log(step, watched),
                }
            }),
            DescriptorOp::Send { end, data } => self.with_end(step, *end, |mut socket| match socket.write(data) {
                Ok(sent) if sent == data.len() => self.log(step, format!("ok {sent}")),
                Ok(_) => self.log(step, "part"),
                Err(error) => self.log_outcome(step, Err(error.into())),
            }),
            DescriptorOp::Receive { end, size } => self.with_end(step, *end, |mut socket| {
                let mut data = vec![0; *size];
                match socket.read(&mut data) {
                    Ok(received) => {
                        frame.register.set(received as i64);
                        self.log(step, format!("ok {}", show(&data[..received])));
                    }
                    Err(error) => self.log_outcome(step, Err(error.into())),
                }
            }),
            DescriptorOp::Shut { end, how } => self.with_end(step, *end, |socket| {
                self.log_outcome(step, socket.shutdown(*how).map_err(Error::from));
            }),
            DescriptorOp::Close(end) => {
                let socket = self.sockets.end(*end);
                self.log(
                    step,
                    socket
                        .and_then(|socket| self.close_socket(&*socket))
                        .map_or_else(|why| why, |()| "ok"),
                );
            }
            DescriptorOp::CloseListener(listener) => {
                let socket = self.sockets.listener(*listener);
                self.log(step, self.close_socket(&*socket).map_or_else(|why| why, |()| "ok"));
            }
        }
    }

    /// Works on the socket that an end names, or writes why it cannot.
    fn with_end(&self, step: &Step, end: End, work: impl FnOnce(&UnixStream)) {
        match self.sockets.end(end).and_then(|socket| socket.open()) {
            Ok(socket) => work(&socket),
            Err(why) => self.log(step, why),
        }
    }

    /// Works on the descriptor of the socket that an end names, or writes why it cannot. Of a stream that is open the loop itself refuses it.
    fn with_descriptor(&self, step: &Step, end: End, work: impl FnOnce(&Rc<Socket<UnixStream>>, bool)) {
        let usable = |socket: Rc<Socket<UnixStream>>| -> Usable<_> {
            let given = socket.given();
            match &given {
                Some(given) => given.descriptor().map(drop)?,
                None => socket.open().map(drop)?,
            }
            Ok((socket, given.is_some()))
        };
        match self.sockets.end(end).and_then(usable) {
            Ok((socket, is_given)) => work(&socket, is_given),
            Err(why) => self.log(step, why),
        }
    }

    fn watch(
        self: &Rc<Self>,
        frame: &Frame,
        step: &Step,
        (direction, end): (Direction, End),
        socket: &Rc<Socket<UnixStream>>,
        times: Option<usize>,
        acts: &Body,
    ) -> Result<()> {
        // Weak: the world keeps the loop, which keeps this.
        let (world, path, acts) = (Rc::downgrade(self), step.path.clone(), Rc::clone(acts));
        let (descriptor, watching) = (socket.descriptor(), socket.watching());
        let (start, left) = (frame.start(), Cell::new(times));
        let fire = move || {
            let Some(world) = world.upgrade() else { return };
            let _ = &watching;
            left.set(left.get().map(|left| left.saturating_sub(1)));
            if left.get() == Some(0) {
                world.unwatch(direction, descriptor);
            }
            world.log_at(&path, direction.name(), end);
            if let Err(error) = world.run_acts(&start.frame(), &acts) {
                world.report_callback_error(error);
            }
        };
        match direction {
            Direction::Read => self.event_loop.add_reader(&descriptor, fire),
            Direction::Write => self.event_loop.add_writer(&descriptor, fire),
        }
    }

    fn unwatch(&self, direction: Direction, descriptor: RawFd) -> bool {
        match direction {
            Direction::Read => self.event_loop.remove_reader(&descriptor),
            Direction::Write => self.event_loop.remove_writer(&descriptor),
        }
    }

    fn close_socket<S: AsRawFd>(&self, socket: &Socket<S>) -> Usable<()> {
        socket.open()?;
        for direction in [Direction::Read, Direction::Write] {
            self.unwatch(direction, socket.descriptor());
        }
        socket.close();
        Ok(())
    }
}
