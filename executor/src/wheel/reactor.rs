//! The reactor: which descriptors are ready, through mio.
//!
//! asyncio's readers and writers are level-triggered: a callback is called in every iteration as long as its descriptor is ready. mio
//! tells of a change only, so a descriptor that has been told of is registered anew before the next look, which tells of it again if it
//! is still ready.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::RawFd;
use std::rc::Rc;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Poll, Token};

use crate::block::callback::Scheduled;
use crate::ground::error::Result;
use crate::ground::ready::Ready;
use crate::ground::time::Nanos;
use crate::wheel::entry::Entry;

/// The inbox's token. Descriptors are never negative, so theirs are smaller.
const WAKE: Token = Token(usize::MAX);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    Read,
    Write,
}

pub(crate) struct Reactor {
    poll: RefCell<Poll>,
    events: RefCell<Events>,
    watched: RefCell<BTreeMap<RawFd, Watch>>,
    /// The descriptors that the last look told of.
    told: RefCell<Vec<RawFd>>,
    count: Cell<usize>,
}

#[derive(Default)]
struct Watch {
    reader: Option<Rc<Scheduled>>,
    writer: Option<Rc<Scheduled>>,
}

impl Watch {
    fn callback(&mut self, interest: Interest) -> &mut Option<Rc<Scheduled>> {
        match interest {
            Interest::Read => &mut self.reader,
            Interest::Write => &mut self.writer,
        }
    }

    fn interests(&self) -> Option<mio::Interest> {
        match (&self.reader, &self.writer) {
            (Some(_), Some(_)) => Some(mio::Interest::READABLE | mio::Interest::WRITABLE),
            (Some(_), None) => Some(mio::Interest::READABLE),
            (None, Some(_)) => Some(mio::Interest::WRITABLE),
            (None, None) => None,
        }
    }
}

impl Reactor {
    pub(crate) fn new() -> Result<Reactor> {
        Ok(Reactor {
            poll: RefCell::new(Poll::new()?),
            events: RefCell::new(Events::with_capacity(1024)),
            watched: RefCell::default(),
            told: RefCell::default(),
            count: Cell::new(0),
        })
    }

    pub(crate) fn waker(&self) -> Result<mio::Waker> {
        Ok(mio::Waker::new(self.poll.borrow().registry(), WAKE)?)
    }

    /// Has the wait for events ended by this descriptor too, which does not count as watched.
    pub(crate) fn wake_by(&self, descriptor: RawFd) -> io::Result<()> {
        let poll = self.poll.borrow();
        poll.registry()
            .register(&mut SourceFd(&descriptor), WAKE, mio::Interest::READABLE)
    }

    /// Ends what `wake_by` began.
    pub(crate) fn no_longer_wake_by(&self, descriptor: RawFd) {
        // It fails when `wake_by` has failed.
        let _ = self.poll.borrow().registry().deregister(&mut SourceFd(&descriptor));
    }

    /// Whether any descriptor is watched.
    pub(crate) fn is_watching(&self) -> bool {
        self.count.get() > 0
    }

    /// Has `callback` called when the descriptor is ready, instead of the one before.
    pub(crate) fn watch(&self, descriptor: RawFd, interest: Interest, callback: Rc<Scheduled>) -> Result<()> {
        let mut watched = self.watched.borrow_mut();
        let watch = watched.entry(descriptor).or_default();
        let before = watch.interests();
        let replaced = watch.callback(interest).replace(callback);
        let registered = self.register(descriptor, before, watch.interests());
        let refused = if registered.is_err() {
            watch.callback(interest).take()
        } else {
            None
        };
        if watch.interests().is_none() {
            watched.remove(&descriptor);
        }
        self.count.set(watched.len());
        // What the callbacks own is dropped outside of the borrow.
        drop(watched);
        for callback in replaced.into_iter().chain(refused) {
            drop(callback.revoke());
        }
        Ok(registered?)
    }

    /// Ends what `watch` began; `false` when there was nothing.
    pub(crate) fn unwatch(&self, descriptor: RawFd, interest: Interest) -> bool {
        let removed = {
            let mut watched = self.watched.borrow_mut();
            let Some(watch) = watched.get_mut(&descriptor) else {
                return false;
            };
            let before = watch.interests();
            let removed = watch.callback(interest).take();
            let after = watch.interests();
            // A descriptor that was closed meanwhile is not registered any more, which is what is wanted.
            let _ = self.register(descriptor, before, after);
            if after.is_none() {
                watched.remove(&descriptor);
            }
            self.count.set(watched.len());
            removed
        };
        removed.is_some_and(|callback| {
            drop(callback.revoke());
            true
        })
    }

    fn register(&self, descriptor: RawFd, before: Option<mio::Interest>, after: Option<mio::Interest>) -> io::Result<()> {
        let poll = self.poll.borrow();
        let token = Token(descriptor as usize);
        let mut source = SourceFd(&descriptor);
        match (before, after) {
            (None, Some(interests)) => poll.registry().register(&mut source, token, interests),
            (Some(_), Some(interests)) => poll.registry().reregister(&mut source, token, interests),
            (Some(_), None) => poll.registry().deregister(&mut source),
            (None, None) => Ok(()),
        }
    }

    /// Waits, at the most for so long, and queues the callbacks of what is ready: of each descriptor its reader, then its writer.
    pub(crate) fn poll(&self, timeout: Option<Nanos>, ready: &Ready<Entry>) -> Result<()> {
        self.arm_again();
        let mut events = self.events.borrow_mut();
        match self.poll.borrow_mut().poll(&mut events, timeout.map(whole_milliseconds)) {
            // A signal: the caller looks at what there is and waits again.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            outcome => outcome?,
        }
        let watched = self.watched.borrow();
        for event in events.iter().filter(|event| event.token() != WAKE) {
            let descriptor = event.token().0 as RawFd;
            let Some(watch) = watched.get(&descriptor) else { continue };
            self.told.borrow_mut().push(descriptor);
            // An error or a hang-up concerns both: reading or writing is how it is learnt.
            let failed = event.is_error() || event.is_read_closed() && event.is_write_closed();
            let readable = event.is_readable() || event.is_read_closed() || failed;
            let writable = event.is_writable() || event.is_write_closed() || failed;
            let callbacks = [
                watch.reader.as_ref().filter(|_| readable),
                watch.writer.as_ref().filter(|_| writable),
            ];
            for callback in callbacks.into_iter().flatten() {
                ready.push(|| Entry::Call(callback.clone()));
            }
        }
        Ok(())
    }

    fn arm_again(&self) {
        let told = self.told.take();
        let watched = self.watched.borrow();
        for descriptor in told {
            let interests = watched.get(&descriptor).and_then(Watch::interests);
            // It fails for a descriptor that was closed without being unwatched: such a one is never ready again.
            let _ = self.register(descriptor, interests, interests);
        }
    }

    /// Forgets every descriptor. The callbacks are handed back, to be dropped.
    pub(crate) fn clear(&self) -> impl Iterator<Item = Rc<Scheduled>> {
        let watched = self.watched.take();
        self.count.set(0);
        for (&descriptor, watch) in &watched {
            let _ = self.register(descriptor, watch.interests(), None);
        }
        watched.into_values().flat_map(|watch| [watch.reader, watch.writer]).flatten()
    }
}

/// Rounded up, as asyncio does: a timer never fires early, and many scattered deadlines are a thousand wake-ups a second at the most.
fn whole_milliseconds(timeout: Nanos) -> Duration {
    Duration::from_millis((timeout.max(0) as u64).div_ceil(1_000_000))
}
