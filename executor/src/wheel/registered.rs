//! A descriptor as the loop knows it: who is told when it is ready, and what is known of it.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::os::fd::RawFd;
use std::rc::{Rc, Weak};

use mio::Token;
use mio::event::Event;

use crate::block::callback::Scheduled;

/// What somebody may want to know of a descriptor: [`Source`](crate::primitive::Source) has an example.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interest {
    /// That it can be read from, has ended, or has failed.
    Read,
    /// That it can be written to, or has failed.
    Write,
}

/// Is told by the loop that a descriptor is ready: of a [`Source`](crate::primitive::Source) its owner, and whoever was given to
/// [`EventLoop::tell`](crate::EventLoop::tell).
///
/// Its [`Debug`](fmt::Debug) says in errors who it is.
pub trait Ready: fmt::Debug {
    /// The descriptor is ready. It is told in every iteration in which that is so, in the loop's thread, outside of tasks, and in no context of
    /// its own: one that calls code of users does so [in the context](crate::Context::run) that they expect.
    fn ready(&self, interest: Interest);

    /// The loop was closed: an owner hears no more. What it owns that owns it in turn, it gives up now.
    fn loop_is_closed(&self) {}
}

/// A descriptor that is watched, or will be: one of these for each time that it is taken up.
pub(crate) struct Registered {
    pub(crate) descriptor: RawFd,
    pub(crate) token: Token,
    /// The one who alone may watch it.
    owner: RefCell<Option<Rc<dyn Ready>>>,
    reading: Direction,
    writing: Direction,
    /// What the poll listens to.
    pub(crate) listened: Cell<Option<mio::Interest>>,
    /// Nobody watches it, but the poll listens still, for whoever may watch it again before the next look: the socket is this one.
    rests: RefCell<Option<Weak<dyn Any>>>,
    /// It was ready at the last look, and has been registered since: it keeps its place before what becomes ready later.
    pub(crate) keeps_place: Cell<bool>,
    /// Whoever is being told of it does nothing but read.
    pub(crate) only_reads: Cell<bool>,
    /// There is no more to come, or it has failed: all that is left is to be told without anything new happening.
    has_ended: Cell<bool>,
}

/// One of the two directions of a descriptor.
#[derive(Default)]
struct Direction {
    watcher: RefCell<Option<Watcher>>,
    /// The watcher's own: of those that are told in an iteration, one may have been replaced before its turn. 0 without a watcher.
    number: Cell<u64>,
    /// It is ready, by what the last look said.
    is_told: Cell<bool>,
    /// It may be ready still, although nothing more will be heard of it: its watcher has not said that everything was taken.
    is_unsettled: Cell<bool>,
}

#[derive(Clone)]
pub(crate) enum Watcher {
    Call(Rc<Scheduled>),
    Ready(Rc<dyn Ready>),
}

impl Watcher {
    /// It is called no more, also if it was about to be. What it owns goes with it: outside of every borrow.
    pub(crate) fn end(self) {
        match self {
            Watcher::Call(callback) => drop(callback.revoke()),
            Watcher::Ready(ready) => drop(ready),
        }
    }
}

impl Registered {
    pub(crate) fn new(descriptor: RawFd, token: Token, owner: Option<Rc<dyn Ready>>) -> Registered {
        Registered {
            descriptor,
            token,
            owner: RefCell::new(owner),
            reading: Direction::default(),
            writing: Direction::default(),
            listened: Cell::new(None),
            rests: RefCell::new(None),
            keeps_place: Cell::new(false),
            only_reads: Cell::new(false),
            has_ended: Cell::new(false),
        }
    }

    /// Has it rest: what becomes ready now stands behind what was ready before, also if it is this.
    pub(crate) fn rest(&self, socket: Weak<dyn Any>) {
        self.rests.replace(Some(socket));
        self.keeps_place.set(false);
    }

    /// Ends its rest; for which socket it was.
    pub(crate) fn end_rest(&self) -> Option<Weak<dyn Any>> {
        self.rests.take()
    }

    fn direction(&self, interest: Interest) -> &Direction {
        match interest {
            Interest::Read => &self.reading,
            Interest::Write => &self.writing,
        }
    }

    pub(crate) fn owner(&self) -> Option<Rc<dyn Ready>> {
        self.owner.borrow().clone()
    }

    /// Its owner, who is that no more; to be dropped outside of every borrow.
    pub(crate) fn take_owner(&self) -> Option<Rc<dyn Ready>> {
        self.owner.borrow_mut().take()
    }

    #[inline]
    pub(crate) fn has(&self, interest: Interest) -> bool {
        self.direction(interest).number.get() != 0
    }

    /// Whether the watcher is the one with this number.
    pub(crate) fn has_numbered(&self, interest: Interest, number: u64) -> bool {
        self.direction(interest).number.get() == number
    }

    /// Puts this watcher, with its number, in the place of the one before, which is handed back.
    pub(crate) fn replace(&self, interest: Interest, watcher: Option<(Watcher, u64)>) -> Option<Watcher> {
        let direction = self.direction(interest);
        let (watcher, number) = watcher.unzip();
        direction.number.set(number.unwrap_or(0));
        direction.watcher.replace(watcher)
    }

    /// What is to be heard of it.
    pub(crate) fn interests(&self) -> Option<mio::Interest> {
        match (self.has(Interest::Read), self.has(Interest::Write)) {
            (true, true) => Some(mio::Interest::READABLE | mio::Interest::WRITABLE),
            (true, false) => Some(mio::Interest::READABLE),
            (false, true) => Some(mio::Interest::WRITABLE),
            (false, false) => None,
        }
    }

    /// Notes what an event says of it.
    #[inline]
    pub(crate) fn hear(&self, event: &Event) {
        // An error or a hang-up concerns both: reading or writing is how it is learnt.
        let failed = event.is_error() || event.is_read_closed() && event.is_write_closed();
        let readable = event.is_readable() || event.is_read_closed() || failed;
        let writable = event.is_writable() || event.is_write_closed() || failed;
        self.reading.is_told.set(readable && self.has(Interest::Read));
        self.writing.is_told.set(writable && self.has(Interest::Write));
        if failed || event.is_read_closed() {
            self.has_ended.set(true);
        }
    }

    pub(crate) fn is_told(&self) -> bool {
        self.reading.is_told.get() || self.writing.is_told.get()
    }

    /// Hands out who is told of what was heard, once.
    #[inline(always)]
    pub(crate) fn take_told(&self, interest: Interest) -> Option<Told> {
        let direction = self.direction(interest);
        if !direction.is_told.replace(false) {
            return None;
        }
        direction.is_unsettled.set(true);
        match &*direction.watcher.borrow() {
            Some(Watcher::Call(callback)) => Some(Told::Call(callback.clone())),
            Some(Watcher::Ready(_)) => Some(Told::Ready(told(interest, direction.number.get()))),
            None => None,
        }
    }

    /// Tells the watcher that this names, if it still watches. Whether it has only read.
    pub(crate) fn run(&self, told: usize) -> bool {
        let interest = if told & 1 == 0 { Interest::Read } else { Interest::Write };
        let direction = self.direction(interest);
        if self::told(interest, direction.number.get()) != told {
            return false;
        }
        let watcher = direction.watcher.borrow().clone();
        if let Some(Watcher::Ready(ready)) = watcher {
            ready.ready(interest);
        }
        // What has ended is told of once more: that is in the next iteration.
        self.only_reads.take() && !direction.is_unsettled.get()
    }

    /// All that was there has been taken: it is ready again when something new is heard. Of a descriptor that has ended that cannot be known.
    pub(crate) fn settle(&self, interest: Interest) {
        if !self.has_ended.get() {
            self.direction(interest).is_unsettled.set(false);
        }
    }

    /// Whether it has to be asked for again if anything that is there already is to be heard of; asked once.
    pub(crate) fn take_unsettled(&self) -> bool {
        let reading = self.reading.is_unsettled.take() && self.has(Interest::Read);
        let writing = self.writing.is_unsettled.take() && self.has(Interest::Write);
        reading || writing
    }
}

/// Who is told.
pub(crate) enum Told {
    Call(Rc<Scheduled>),
    /// By [`Registered::run`].
    Ready(usize),
}

/// What names a watcher: which direction, and which of its watchers. It is used within one iteration, so a number that is cut short does.
fn told(interest: Interest, number: u64) -> usize {
    (number as usize) << 1 | (interest == Interest::Write) as usize
}
