//! The reactor: which descriptors are ready, through mio.
//!
//! asyncio's poll is level-triggered: whoever watches is told in every iteration as long as the descriptor is ready. mio tells of a change only.
//! So before the next look, what was told of is registered anew: if it is still ready, it is heard of again. Whoever knows that he has taken
//! all there was says so ([`Registered::settle`]), and spares the system call.
//!
//! The order is the kernel's: what becomes ready stands in line behind what became ready before, and what stays ready keeps its place. Those
//! that were told of at the last look, and are heard of again, are therefore the first, in the order of then; the others follow as they are heard of.

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::rc::{Rc, Weak};

use mio::unix::SourceFd;
use mio::{Events, Poll, Registry, Token};
use slab::Slab;

use crate::ground::error::{Error, Result};
use crate::ground::ready::Ready as ReadyQueue;
use crate::ground::time::{Nanos, whole_milliseconds};
use crate::wheel::entry::Entry;
use crate::wheel::registered::{Interest, Ready, Registered, Told, Watcher};

/// The inbox's token. Those of descriptors have a generation in their upper half, which is never all ones.
const WAKE: Token = Token(usize::MAX);

/// How many events there can be with this token: the inbox's, and that of Ctrl-C.
const WAKES: usize = 2;

/// There is a look in the next iteration, whoever has only read.
const LOOKS: usize = usize::MAX / 2;

pub(crate) struct Reactor {
    poll: RefCell<Poll>,
    /// What the last wait was told of. It has room for every descriptor: all that is ready is for one iteration.
    told: RefCell<Events>,
    table: RefCell<Table>,
    /// How many of the table are watched by anybody.
    watched: Cell<usize>,
    /// That of the last watcher.
    number: Cell<u64>,
    /// Those that were ready at the last look, in their order; and an empty list, for the next.
    line: RefCell<Vec<Rc<Registered>>>,
    spare: RefCell<Vec<Rc<Registered>>>,
    /// Those that nobody watches, but perhaps somebody again before the next look.
    resting: RefCell<Vec<Rc<Registered>>>,
    /// How many want to know that they can write.
    writers: Cell<usize>,
    /// How many of those whom the last look has queued have not said that they have only read, as long as nothing else is in their iteration.
    still_to_read: Cell<usize>,
    /// Whether a program waits for the poll's descriptor, in the loop's stead.
    is_shown: Cell<bool>,
    /// What that program has borrowed: another descriptor of the same poll, which is borrowed itself while it is waited in.
    shown: OnceCell<Registry>,
}

/// All that is watched or owned.
#[derive(Default)]
struct Table {
    by_token: Slab<Rc<Registered>>,
    by_descriptor: BTreeMap<RawFd, Rc<Registered>>,
    /// How many there have been: what is heard of one that is gone is not taken for news of another in its place.
    generation: usize,
}

impl Table {
    fn next_token(&mut self) -> Token {
        const HALF: u32 = usize::BITS / 2;
        self.generation = (self.generation + 1) % (usize::MAX >> HALF);
        Token(self.generation << HALF | self.by_token.vacant_key())
    }

    fn find(&self, token: Token) -> Option<&Rc<Registered>> {
        let registered = self.by_token.get(index(token))?;
        (registered.token == token).then_some(registered)
    }
}

/// The place of a descriptor in the table.
fn index(token: Token) -> usize {
    token.0 & (usize::MAX >> (usize::BITS / 2))
}

impl Reactor {
    pub(crate) fn new() -> Result<Reactor> {
        Ok(Reactor {
            poll: RefCell::new(Poll::new().map_err(refused)?),
            told: RefCell::new(Events::with_capacity(WAKES + 16)),
            table: RefCell::default(),
            watched: Cell::new(0),
            number: Cell::new(0),
            line: RefCell::default(),
            spare: RefCell::default(),
            resting: RefCell::default(),
            writers: Cell::new(0),
            still_to_read: Cell::new(LOOKS),
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
        self.watched.get() > 0
    }

    /// Whether an iteration after the last look needs none itself: there everybody has only read what had come, and nobody wants to write. So
    /// nothing was done that could have made a descriptor ready; and what comes from elsewhere could as well come a moment later. It is said
    /// once.
    #[inline]
    pub(crate) fn can_do_without_a_look(&self) -> bool {
        self.still_to_read.replace(LOOKS) == 0 && self.writers.get() == 0
    }

    /// One of those whom the last look has queued has only read.
    #[inline]
    pub(crate) fn note_read(&self) {
        self.still_to_read.set(self.still_to_read.get().saturating_sub(1));
    }

    /// Something else is done in this iteration.
    pub(crate) fn note_deed(&self) {
        self.still_to_read.set(LOOKS);
    }

    /// The owner of the descriptor, if it has one.
    pub(crate) fn owner_of(&self, descriptor: RawFd) -> Option<Rc<dyn Ready>> {
        self.find(descriptor)?.owner()
    }

    /// Takes the descriptor up for its owner. Whoever watched it does so no more.
    pub(crate) fn own(&self, descriptor: RawFd, owner: Rc<dyn Ready>) -> Rc<Registered> {
        if let Some(registered) = self.find(descriptor) {
            self.forget(&registered).for_each(Watcher::end);
        }
        self.take_up(descriptor, Some(owner))
    }

    fn find(&self, descriptor: RawFd) -> Option<Rc<Registered>> {
        self.table.borrow().by_descriptor.get(&descriptor).cloned()
    }

    fn take_up(&self, descriptor: RawFd, owner: Option<Rc<dyn Ready>>) -> Rc<Registered> {
        let table = &mut *self.table.borrow_mut();
        let registered = Rc::new(Registered::new(descriptor, table.next_token(), owner));
        table.by_token.insert(registered.clone());
        table.by_descriptor.insert(descriptor, registered.clone());
        registered
    }

    /// Has `watcher` told when the descriptor is ready, instead of the one before, and returns its number. When that fails the descriptor is not
    /// watched at all.
    pub(crate) fn watch(&self, descriptor: RawFd, interest: Interest, watcher: Watcher) -> io::Result<u64> {
        let known = self.find(descriptor).filter(|registered| {
            let is_still = registered.end_rest().is_none() && self.is_still(registered);
            if !is_still {
                // It rests for somebody else, or was closed without a word, and its number perhaps given to another, which nobody watches yet.
                self.forget(registered).for_each(Watcher::end);
            }
            is_still
        });
        let registered = known.unwrap_or_else(|| self.take_up(descriptor, None));
        let outcome = self.set(&registered, interest, Some(watcher));
        if outcome.is_err() {
            self.forget(&registered).for_each(Watcher::end);
        }
        outcome.map(|()| self.number.get())
    }

    /// The same for a socket that rests, and in which nothing was left just now: no system call is made. `None`: it does not rest.
    pub(crate) fn watch_again(
        &self,
        descriptor: RawFd,
        interest: Interest,
        socket: &Rc<dyn Any>,
        watcher: impl FnOnce() -> Watcher,
    ) -> Option<u64> {
        let registered = self.find(descriptor)?;
        let rested_for = registered.end_rest()?;
        // The same socket has been open all the while: so the poll knows it still.
        let is_same = rested_for.upgrade().is_some_and(|rested_for| Rc::ptr_eq(&rested_for, socket));
        if !is_same || registered.listened.get() != Some(mio_interest(interest)) {
            self.forget(&registered).for_each(Watcher::end);
            return None;
        }
        // It is registered as it is wanted, which cannot fail.
        self.set(&registered, interest, Some(watcher())).ok()?;
        Some(self.number.get())
    }

    /// Ends what `watch` began, if it is still the watcher of this number that is told, but leaves the socket with the poll up to the next look:
    /// whoever goes on to wait for the next message spares two system calls.
    ///
    /// Between now and then the poll may hear of something that others take, and have this one in its list too early for what comes after that.
    pub(crate) fn rest_if(&self, descriptor: RawFd, interest: Interest, number: u64, socket: Weak<dyn Any>) {
        let Some(registered) = self
            .find(descriptor)
            .filter(|registered| registered.has_numbered(interest, number))
        else {
            return;
        };
        if registered.interests() != Some(mio_interest(interest)) {
            self.unwatch(descriptor, interest);
            return;
        }
        registered.rest(socket);
        self.resting.borrow_mut().push(registered.clone());
        if let Some(watcher) = registered.replace(interest, None) {
            watcher.end();
        }
    }

    /// Has the poll listen no more to what rests.
    pub(crate) fn end_rests(&self) {
        if self.resting.borrow().is_empty() {
            return;
        }
        let mut resting = self.resting.take();
        for registered in resting.drain(..) {
            if registered.end_rest().is_some() {
                self.forget(&registered).for_each(Watcher::end);
            }
        }
        // With the room that it has.
        self.resting.replace(resting);
    }

    /// Puts the watcher, or none, in the place of the one before.
    pub(crate) fn set(&self, registered: &Registered, interest: Interest, watcher: Option<Watcher>) -> io::Result<()> {
        self.number.set(self.number.get() + 1);
        let replaced = registered.replace(interest, watcher.map(|watcher| (watcher, self.number.get())));
        let outcome = self.register(registered);
        if let Some(replaced) = replaced {
            replaced.end();
        }
        outcome
    }

    /// Whether somebody wants to know this of the descriptor, which is still the one of then.
    pub(crate) fn is_watched(&self, descriptor: RawFd, interest: Interest) -> bool {
        let registered = self.find(descriptor);
        registered.is_some_and(|registered| registered.has(interest) && self.is_still(&registered))
    }

    /// Ends what `watch` began, if it is still the watcher of this number that is told.
    pub(crate) fn unwatch_if(&self, descriptor: RawFd, interest: Interest, number: u64) {
        let registered = self.find(descriptor);
        if registered.is_some_and(|registered| registered.has_numbered(interest, number)) {
            self.unwatch(descriptor, interest);
        }
    }

    /// Spares the watcher of this number the question whether anything is left, if it is still the one that is told.
    pub(crate) fn settle_if(&self, descriptor: RawFd, interest: Interest, number: u64) {
        let registered = self.find(descriptor);
        if let Some(registered) = registered.filter(|registered| registered.has_numbered(interest, number)) {
            registered.settle(interest);
        }
    }

    /// Ends what `watch` began; `false` when there was nothing. What an owner watches is left alone.
    pub(crate) fn unwatch(&self, descriptor: RawFd, interest: Interest) -> bool {
        let is_there = |registered: &Rc<Registered>| registered.has(interest) && registered.owner().is_none();
        let Some(registered) = self.find(descriptor).filter(is_there) else {
            return false;
        };
        // A descriptor that was closed meanwhile is not registered any more, which is what is wanted.
        let _ = self.set(&registered, interest, None);
        if registered.interests().is_none() {
            self.forget(&registered).for_each(Watcher::end);
        }
        true
    }

    /// Forgets the descriptor, and hands back its watchers and its owner, to be ended.
    pub(crate) fn forget(&self, registered: &Registered) -> impl Iterator<Item = Watcher> + use<> {
        {
            let table = &mut *self.table.borrow_mut();
            if table.find(registered.token).is_some() {
                table.by_token.remove(index(registered.token));
                table.by_descriptor.remove(&registered.descriptor);
            }
        }
        let [reader, writer] = [Interest::Read, Interest::Write].map(|interest| registered.replace(interest, None));
        // As in `unwatch`.
        let _ = self.register(registered);
        let owner = registered.take_owner().map(Watcher::Ready);
        [reader, writer, owner].into_iter().flatten()
    }

    /// Has the poll listen to what is wanted of the descriptor now.
    fn register(&self, registered: &Registered) -> io::Result<()> {
        let (listened, wanted) = (registered.listened.get(), registered.interests());
        let writes = |interests: Option<mio::Interest>| usize::from(interests.is_some_and(mio::Interest::is_writable));
        let poll = self.poll.borrow();
        let mut source = SourceFd(&registered.descriptor);
        match (listened, wanted) {
            (None, Some(interests)) => {
                poll.registry().register(&mut source, registered.token, interests)?;
                self.watched.set(self.watched.get() + 1);
                self.make_room(self.watched.get());
            }
            (Some(_), None) => {
                self.writers.set(self.writers.get() - writes(listened));
                self.watched.set(self.watched.get() - 1);
                registered.listened.set(None);
                registered.keeps_place.set(false);
                return poll.registry().deregister(&mut source);
            }
            (Some(_), Some(interests)) if listened != wanted => {
                poll.registry().reregister(&mut source, registered.token, interests)?;
            }
            _ => {}
        }
        self.writers.set(self.writers.get() + writes(wanted) - writes(listened));
        registered.listened.set(wanted);
        Ok(())
    }

    /// Whether the poll knows the descriptor still: it does not when that was closed without being unwatched.
    fn is_still(&self, registered: &Registered) -> bool {
        self.reregister(registered).is_ok()
    }

    /// Has the descriptor heard of again, if it is ready.
    fn reregister(&self, registered: &Registered) -> io::Result<()> {
        let Some(interests) = registered.listened.get() else {
            return Ok(());
        };
        let poll = self.poll.borrow();
        poll.registry()
            .reregister(&mut SourceFd(&registered.descriptor), registered.token, interests)
    }

    fn make_room(&self, descriptors: usize) {
        let told = &mut *self.told.borrow_mut();
        if told.capacity() < descriptors + WAKES {
            *told = Events::with_capacity((descriptors + WAKES).next_power_of_two());
        }
    }

    /// Has all that was told of heard of again, unless nothing is left in it. Before every look, and before the program looks that does so in the
    /// loop's stead.
    pub(crate) fn ask_again(&self) {
        self.end_rests();
        for registered in self.line.borrow().iter() {
            if registered.take_unsettled() {
                // It fails for a descriptor that was closed without being unwatched: that is watched no more.
                let _ = self.reregister(registered);
            }
        }
    }

    /// Waits until something is ready, at the most for so long. A signal ends the wait too.
    pub(crate) fn wait(&self, timeout: Option<Nanos>) -> Result<()> {
        self.ask_again();
        let told = &mut self.told.borrow_mut();
        match self.poll.borrow_mut().poll(told, timeout.map(whole_milliseconds)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            outcome => outcome.map_err(refused),
        }
    }

    /// Queues what the last wait was told of, in the order that is said above: of each descriptor its reader, then its writer.
    pub(crate) fn queue_told(&self, ready: &ReadyQueue<Entry>) {
        self.note_deed();
        let is_alone = ready.is_empty();
        let told = &mut *self.told.borrow_mut();
        let line = &mut *self.line.borrow_mut();
        if told.is_empty() && line.is_empty() {
            return;
        }
        let table = self.table.borrow();
        for event in told.iter() {
            if let Some(registered) = table.find(event.token()) {
                registered.hear(event);
            }
        }
        let next = &mut *self.spare.borrow_mut();
        for registered in line.drain(..) {
            if registered.keeps_place.replace(false) && registered.is_told() {
                queue_one(&registered, ready);
                next.push(registered);
            }
        }
        for event in told.iter() {
            // Those that were in the line have been queued, and are told of nothing more.
            if let Some(registered) = table.find(event.token()).filter(|registered| registered.is_told()) {
                queue_one(registered, ready);
                next.push(registered.clone());
            }
        }
        std::mem::swap(line, next);
        told.clear();
        if is_alone {
            self.still_to_read.set(ready.len());
        }
    }

    /// Any descriptor that is not forgotten yet.
    pub(crate) fn any(&self) -> Option<Rc<Registered>> {
        let table = self.table.borrow();
        table.by_token.iter().next().map(|(_, registered)| registered.clone())
    }
}

/// Queues who is told of this descriptor: its reader, then its writer.
#[inline(always)]
fn queue_one(registered: &Rc<Registered>, ready: &ReadyQueue<Entry>) {
    for interest in [Interest::Read, Interest::Write] {
        match registered.take_told(interest) {
            None => {}
            Some(Told::Ready(told)) => ready.push(|| Entry::Ready(registered.clone(), told)),
            Some(Told::Call(callback)) => ready.push(|| Entry::Call(callback)),
        }
    }
    registered.keeps_place.set(true);
}

fn mio_interest(interest: Interest) -> mio::Interest {
    match interest {
        Interest::Read => mio::Interest::READABLE,
        Interest::Write => mio::Interest::WRITABLE,
    }
}

/// What the system refused to the loop itself: no line of anybody's program.
fn refused(error: io::Error) -> Error {
    Error::from(error).without_place()
}
