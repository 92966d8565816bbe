//! The reactor: which descriptors are ready, through mio.
//!
//! asyncio's readers and writers are level-triggered: a callback is called in every iteration as long as its descriptor is ready. mio
//! tells of a change only. So a descriptor that it has told of is registered anew at once: if it is still ready, the kernel puts it at the
//! end of its list of what to tell of next. That is where a level-triggered poll puts back what it has told of, and nothing can have come
//! between: what stays ready keeps its place before what becomes ready later, and what is found to be ready no more has lost it.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::rc::Rc;

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Poll, Registry, Token};

use crate::block::callback::{CallbackToken, Scheduled};
use crate::ground::error::{Error, Result};
use crate::ground::ready::Ready;
use crate::ground::time::{Nanos, whole_milliseconds};
use crate::wheel::entry::Entry;

/// The inbox's token. Descriptors are never negative, so theirs are smaller.
const WAKE: Token = Token(usize::MAX);

/// How many events there can be with this token: the inbox's, and that of Ctrl-C.
const WAKES: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    Read,
    Write,
}

pub(crate) struct Reactor {
    poll: RefCell<Poll>,
    /// What the last wait was told of. It has room for every descriptor: all that is ready is for one iteration.
    told: RefCell<Events>,
    watched: RefCell<BTreeMap<RawFd, Watch>>,
    /// Whether a program waits for the poll's descriptor, in the loop's stead.
    is_shown: Cell<bool>,
    /// What that program has borrowed: another descriptor of the same poll, which is borrowed itself while it is waited in.
    shown: OnceCell<Registry>,
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

    fn into_callbacks(self) -> impl Iterator<Item = Rc<Scheduled>> {
        [self.reader, self.writer].into_iter().flatten()
    }
}

impl Reactor {
    pub(crate) fn new() -> Result<Reactor> {
        Ok(Reactor {
            poll: RefCell::new(Poll::new().map_err(refused)?),
            told: RefCell::new(Events::with_capacity(WAKES + 16)),
            watched: RefCell::default(),
            is_shown: Cell::new(false),
            shown: OnceCell::new(),
        })
    }

    pub(crate) fn waker(&self) -> Result<mio::Waker> {
        mio::Waker::new(self.poll.borrow().registry(), WAKE).map_err(refused)
    }

    /// The descriptor that can be read from when a wait would end at once, by its number.
    pub(crate) fn show_number(&self) -> RawFd {
        self.is_shown.set(true);
        self.poll.borrow().as_raw_fd()
    }

    /// The same, borrowed. It is made when it is first asked for.
    pub(crate) fn show(&self) -> io::Result<BorrowedFd<'_>> {
        self.is_shown.set(true);
        let registry = match self.shown.get() {
            Some(registry) => registry,
            None => {
                let registry = self.poll.borrow().registry().try_clone()?;
                self.shown.get_or_init(|| registry)
            }
        };
        Ok(registry.as_fd())
    }

    /// Has the descriptor that is shown say nothing any more of nudges that have been heard. Where descriptors are watched, an iteration's look
    /// does that.
    pub(crate) fn quieten(&self) -> Result<()> {
        match self.is_shown.get() && !self.is_watching() {
            true => self.wait(Some(0)),
            false => Ok(()),
        }
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
    #[inline(always)]
    pub(crate) fn is_watching(&self) -> bool {
        !self.watched.borrow().is_empty()
    }

    /// Has `callback` called when the descriptor is ready, instead of the one before. When that fails the descriptor is not watched at all.
    pub(crate) fn watch(&self, descriptor: RawFd, interest: Interest, callback: Rc<Scheduled>) -> io::Result<()> {
        let mut watched = self.watched.borrow_mut();
        let mut watch = watched.remove(&descriptor).unwrap_or_default();
        let before = watch.interests();
        let replaced = watch.callback(interest).replace(callback);
        let mut gone = Watch::default();
        // Also where the interests stay the same, which changes nothing: it tells whether the descriptor is still the one of before.
        let mut outcome = self.register(descriptor, before, watch.interests());
        if before.is_some() && is_not_found(&outcome) {
            // That one was closed without a word, and its number given to another, which nobody watches yet.
            let callback = watch.callback(interest).take();
            gone = std::mem::take(&mut watch);
            *watch.callback(interest) = callback;
            outcome = self.register(descriptor, None, watch.interests());
        }
        let refused = match outcome {
            Ok(()) => {
                watched.insert(descriptor, watch);
                self.make_room(watched.len());
                Watch::default()
            }
            Err(_) => watch,
        };
        // What the callbacks own is dropped outside of the borrow.
        drop(watched);
        let ended = replaced.into_iter().chain(gone.into_callbacks());
        ended
            .chain(refused.into_callbacks())
            .for_each(|callback| drop(callback.revoke()));
        outcome
    }

    /// Whether somebody wants to know this of the descriptor, which is still the one of then.
    pub(crate) fn is_watched(&self, descriptor: RawFd, interest: Interest) -> bool {
        let mut watched = self.watched.borrow_mut();
        let Some(watch) = watched.get_mut(&descriptor) else {
            return false;
        };
        let interests = watch.interests();
        watch.callback(interest).is_some() && !is_not_found(&self.register(descriptor, interests, interests))
    }

    /// Ends what `watch` began, if it is still this callback that is called.
    pub(crate) fn unwatch_if(&self, descriptor: RawFd, interest: Interest, token: CallbackToken) {
        let is_called = {
            let mut watched = self.watched.borrow_mut();
            let callback = watched
                .get_mut(&descriptor)
                .and_then(|watch| watch.callback(interest).as_ref());
            callback.is_some_and(|callback| callback.token == token)
        };
        if is_called {
            self.unwatch(descriptor, interest);
        }
    }

    /// Ends what `watch` began; `false` when there was nothing.
    pub(crate) fn unwatch(&self, descriptor: RawFd, interest: Interest) -> bool {
        let removed = {
            let mut watched = self.watched.borrow_mut();
            let Some(watch) = watched.get_mut(&descriptor) else {
                return false;
            };
            let before = watch.interests();
            let Some(removed) = watch.callback(interest).take() else {
                return false;
            };
            let after = watch.interests();
            // A descriptor that was closed meanwhile is not registered any more, which is what is wanted.
            let _ = self.register(descriptor, before, after);
            if after.is_none() {
                watched.remove(&descriptor);
            }
            removed
        };
        drop(removed.revoke());
        true
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

    fn make_room(&self, descriptors: usize) {
        let told = &mut *self.told.borrow_mut();
        if told.capacity() < descriptors + WAKES {
            *told = Events::with_capacity((descriptors + WAKES).next_power_of_two());
        }
    }

    /// Waits until something is ready, at the most for so long. A signal ends the wait too.
    pub(crate) fn wait(&self, timeout: Option<Nanos>) -> Result<()> {
        let told = &mut self.told.borrow_mut();
        match self.poll.borrow_mut().poll(told, timeout.map(whole_milliseconds)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => outcome.map_err(refused)?,
        }
        let watched = self.watched.borrow();
        for descriptor in told.iter().filter_map(descriptor_of) {
            let interests = watched.get(&descriptor).and_then(Watch::interests);
            // It fails for a descriptor that was closed without being unwatched while a copy of it lives on: that is watched no more.
            let _ = self.register(descriptor, interests, interests);
        }
        Ok(())
    }

    /// Queues the callbacks of what the last wait was told of: of each descriptor its reader, then its writer.
    pub(crate) fn queue_told(&self, ready: &Ready<Entry>) {
        let told = &mut *self.told.borrow_mut();
        let watched = self.watched.borrow();
        for event in told.iter() {
            let watch = descriptor_of(event).and_then(|descriptor| watched.get(&descriptor));
            let Some(watch) = watch else { continue };
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
        told.clear();
    }

    /// Forgets every descriptor. The callbacks are handed back, to be dropped.
    pub(crate) fn clear(&self) -> impl Iterator<Item = Rc<Scheduled>> {
        let watched = self.watched.take();
        for (&descriptor, watch) in &watched {
            let _ = self.register(descriptor, watch.interests(), None);
        }
        watched.into_values().flat_map(Watch::into_callbacks)
    }
}

fn descriptor_of(event: &Event) -> Option<RawFd> {
    let token = event.token();
    (token != WAKE).then_some(token.0 as RawFd)
}

/// What the system refused to the loop itself: no line of anybody's program.
fn refused(error: io::Error) -> Error {
    Error::from(error).without_place()
}

fn is_not_found(outcome: &io::Result<()>) -> bool {
    outcome.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}
