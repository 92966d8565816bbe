//! Sockets, the operations on them that do not wait, and the readers and writers that the loop calls.

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kolo::{Error, Result};

use crate::frame::Frame;
use crate::program::{Body, DescriptorOp, Direction, End, Resources, Step};
use crate::values::show;
use crate::world::World;

/// The sockets of one run. `None`: closed.
pub(crate) struct Sockets {
    pairs: Vec<[RefCell<Option<UnixStream>>; 2]>,
    listeners: Vec<RefCell<Option<UnixListener>>>,
}

impl Sockets {
    pub(crate) fn new(resources: &Resources) -> Result<Sockets> {
        let pairs = (0..resources.pairs).map(|_| new_pair());
        let listeners = (0..resources.listeners).map(|_| new_listener().map(Some).map(RefCell::new));
        Ok(Sockets {
            pairs: pairs.collect::<Result<_>>()?,
            listeners: listeners.collect::<Result<_>>()?,
        })
    }
}

fn new_pair() -> Result<[RefCell<Option<UnixStream>>; 2]> {
    let (a, b) = UnixStream::pair()?;
    for end in [&a, &b] {
        end.set_nonblocking(true)?;
    }
    Ok([a, b].map(Some).map(RefCell::new))
}

/// Nothing connects to a listener so far: its path is removed at once.
fn new_listener() -> Result<UnixListener> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("kolo-differential-{}-{number}", std::process::id()));
    let listener = UnixListener::bind(&path)?;
    std::fs::remove_file(path)?;
    Ok(listener)
}

impl World {
    pub(crate) fn perform_on_descriptor(self: &Rc<Self>, frame: &Frame, step: &Step, op: &DescriptorOp) {
        match op {
            DescriptorOp::Watch {
                direction,
                end,
                times,
                acts,
            } => self.with_end(step, *end, |socket| {
                let outcome = self.watch(frame, step, (*direction, *end), socket.as_raw_fd(), *times, acts);
                self.log_outcome(step, outcome);
            }),
            DescriptorOp::Unwatch { direction, end } => self.with_end(step, *end, |socket| {
                self.log(step, self.unwatch(*direction, socket.as_raw_fd()));
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
            DescriptorOp::Close(end) => match end {
                End::Pair(pair, side) => self.close_socket(step, &self.sockets.pairs[*pair][*side]),
                End::Slot(_) => self.log(step, "none"),
            },
            DescriptorOp::CloseListener(listener) => self.close_socket(step, &self.sockets.listeners[*listener]),
        }
    }

    /// Works on the socket that an end names, or writes why it cannot.
    fn with_end(&self, step: &Step, end: End, work: impl FnOnce(&UnixStream)) {
        let End::Pair(pair, side) = end else {
            // Nothing fills such a slot so far.
            return self.log(step, "none");
        };
        match &*self.sockets.pairs[pair][side].borrow() {
            Some(socket) => work(socket),
            None => self.log(step, "closed"),
        }
    }

    fn watch(
        self: &Rc<Self>,
        frame: &Frame,
        step: &Step,
        (direction, end): (Direction, End),
        descriptor: RawFd,
        times: Option<usize>,
        acts: &Body,
    ) -> Result<()> {
        // Weak: the world keeps the loop, which keeps this.
        let (world, path, acts) = (Rc::downgrade(self), step.path.clone(), Rc::clone(acts));
        let (register, left) = (frame.register.get(), Cell::new(times));
        let fire = move || {
            let Some(world) = world.upgrade() else { return };
            left.set(left.get().map(|left| left.saturating_sub(1)));
            if left.get() == Some(0) {
                world.unwatch(direction, descriptor);
            }
            world.log_at(&path, direction.name(), end);
            if let Err(error) = world.run_acts(&Frame::with_register(register), &acts) {
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

    fn close_socket(&self, step: &Step, place: &RefCell<Option<impl AsRawFd>>) {
        let Some(socket) = place.take() else {
            return self.log(step, "closed");
        };
        for direction in [Direction::Read, Direction::Write] {
            self.unwatch(direction, socket.as_raw_fd());
        }
        drop(socket);
        self.log(step, "ok");
    }
}
