//! Watching descriptors: as asyncio does, and by guards.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::rc::{Rc, Weak};

use crate::block::callback::Scheduled;
use crate::ground::context::Context;
use crate::ground::error::{Error, Result};
use crate::wheel::core::EventLoop;
use crate::wheel::current;
use crate::wheel::registered::{Interest, Ready, Watcher};

impl EventLoop {
    /// Calls `callback` in every iteration in which the descriptor can be read from, or has failed. Mirrors `loop.add_reader`.
    ///
    /// A descriptor has one reader: this one takes the place of the one given before, which is not called any more, even if it was about to
    /// be. Of several descriptors, the one that has been ready for longest comes first. All calls run in one context, a copy of the current
    /// one: what a call sets in a [`ContextVar`](crate::ContextVar) is there at the next.
    ///
    /// [`readable`](crate::readable) awaits it once, and [`watch_reader`](EventLoop::watch_reader) ends by itself. Otherwise
    /// [`remove_reader`](EventLoop::remove_reader) before the descriptor is closed. Of one that was closed all the same nothing is heard any
    /// more, and when its number comes back, `add_reader` and `add_writer` begin anew with it.
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use std::rc::Rc;
    ///
    /// use kolo::{Promise, run, running_loop};
    ///
    /// run(async {
    ///     let (ours, mut theirs) = UnixStream::pair()?;
    ///     let (ours, arrived) = (Rc::new(ours), Promise::new());
    ///     let (source, setter) = (ours.clone(), arrived.clone());
    ///     running_loop().add_reader(&*ours, move || {
    ///         let mut byte = [0];
    ///         let outcome = (&*source).read_exact(&mut byte).map(|()| byte[0]);
    ///         running_loop().remove_reader(&*source);
    ///         setter.set_result(outcome).expect("called once");
    ///     })?;
    ///     theirs.write_all(b"x")?;
    ///     assert_eq!(arrived.await??, b'x');
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// Io, when the descriptor cannot be watched: it is closed, or always ready, as a file on a disk is. It has no reader and no writer then.
    /// Runtime, when a transport uses it, and when the loop is closed.
    #[track_caller]
    pub fn add_reader(&self, descriptor: &impl AsRawFd, callback: impl FnMut() + 'static) -> Result<()> {
        self.watch("add_reader", descriptor.as_raw_fd(), Interest::Read, callback)
            .map(drop)
    }

    /// Calls `callback` in every iteration in which the descriptor can be written to, or has failed. Mirrors `loop.add_writer`.
    ///
    /// All that is said of [`add_reader`](EventLoop::add_reader) holds. A descriptor can have a reader and a writer; the reader is called first.
    ///
    /// ```
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    /// use std::rc::Rc;
    ///
    /// use kolo::{Promise, run, running_loop};
    ///
    /// run(async {
    ///     let (ours, _theirs) = UnixStream::pair()?;
    ///     let ours = Rc::new(ours);
    ///     let (sent, socket) = (Promise::new(), ours.clone());
    ///     let setter = sent.clone();
    ///     running_loop().add_writer(&*ours, move || {
    ///         running_loop().remove_writer(&*socket);
    ///         let written = (&*socket).write_all(b"hello");
    ///         setter.set_result(written).expect("it is called once");
    ///     })?;
    ///     sent.await??;
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// As `add_reader`.
    #[track_caller]
    pub fn add_writer(&self, descriptor: &impl AsRawFd, callback: impl FnMut() + 'static) -> Result<()> {
        self.watch("add_writer", descriptor.as_raw_fd(), Interest::Write, callback)
            .map(drop)
    }

    /// Stops what [`add_reader`](EventLoop::add_reader) began; `false` when it was not there. Mirrors `loop.remove_reader`.
    ///
    /// A descriptor that a transport uses has no reader of yours: `false`, where asyncio raises RuntimeError.
    pub fn remove_reader(&self, descriptor: &impl AsRawFd) -> bool {
        self.0.reactor.unwatch(descriptor.as_raw_fd(), Interest::Read)
    }

    /// Stops what [`add_writer`](EventLoop::add_writer) began; `false` when it was not there. Mirrors `loop.remove_writer`.
    pub fn remove_writer(&self, descriptor: &impl AsRawFd) -> bool {
        self.0.reactor.unwatch(descriptor.as_raw_fd(), Interest::Write)
    }

    /// [`add_reader`](EventLoop::add_reader) until the guard is dropped, and for a descriptor that has no reader: this one takes no other's place.
    /// A later `add_reader` takes its place all the same; then the guard has nothing to end any more.
    ///
    /// Drop the guard before the descriptor is closed; a field before it, in a struct that has both.
    ///
    /// ```
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    ///
    /// use kolo::{Promise, run, running_loop};
    ///
    /// run(async {
    ///     let (ours, mut theirs) = UnixStream::pair()?;
    ///     let arrived = Promise::new();
    ///     let setter = arrived.clone();
    ///     let watching = running_loop().watch_reader(&ours, move || drop(setter.set_result(())))?;
    ///     theirs.write_all(b"x")?;
    ///     arrived.await?;
    ///     drop(watching); // from now on it is not called any more
    ///     assert!(!running_loop().remove_reader(&ours));
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// As `add_reader`; Runtime, when the descriptor has a reader.
    #[track_caller]
    pub fn watch_reader(&self, descriptor: &impl AsFd, callback: impl FnMut() + 'static) -> Result<Watching> {
        self.watch_alone("watch_reader", descriptor.as_fd().as_raw_fd(), Interest::Read, callback)
    }

    /// [`add_writer`](EventLoop::add_writer) until the guard is dropped. All that is said of [`watch_reader`](EventLoop::watch_reader) holds.
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    ///
    /// use kolo::{Promise, run, running_loop};
    ///
    /// run(async {
    ///     let (ours, _theirs) = UnixStream::pair()?;
    ///     let free = Promise::new();
    ///     let setter = free.clone();
    ///     let _watching = running_loop().watch_writer(&ours, move || drop(setter.set_result(())))?;
    ///     free.await
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// As `add_writer`; Runtime, when the descriptor has a writer.
    #[track_caller]
    pub fn watch_writer(&self, descriptor: &impl AsFd, callback: impl FnMut() + 'static) -> Result<Watching> {
        self.watch_alone("watch_writer", descriptor.as_fd().as_raw_fd(), Interest::Write, callback)
    }

    /// Watches a descriptor of which nobody else wants to know the same.
    #[track_caller]
    pub(crate) fn watch_alone(
        &self,
        call: &str,
        descriptor: RawFd,
        interest: Interest,
        callback: impl FnMut() + 'static,
    ) -> Result<Watching> {
        if self.0.reactor.is_watched(descriptor, interest) {
            let (who, remedy) = match interest {
                Interest::Read => ("reader", "remove_reader"),
                Interest::Write => ("writer", "remove_writer"),
            };
            return Err(Error::runtime(format!(
                "{call}: descriptor {descriptor} has a {who} already; end that first, by {remedy} or by dropping what waits for it"
            )));
        }
        let number = self.watch(call, descriptor, interest, callback)?;
        Ok(self.watching(descriptor, interest, number))
    }

    fn watching(&self, descriptor: RawFd, interest: Interest, number: u64) -> Watching {
        Watching {
            loop_id: self.0.id,
            descriptor,
            interest,
            number,
            has_rested: false,
            not_send: PhantomData,
        }
    }

    #[track_caller]
    fn watch(&self, call: &str, descriptor: RawFd, interest: Interest, callback: impl FnMut() + 'static) -> Result<u64> {
        self.check_can_watch(call, descriptor)?;
        let scheduled = Scheduled::repeatedly(self.0.id, Context::current(), callback);
        self.0.observe_scheduled(scheduled.token);
        self.watch_by(call, descriptor, interest, Watcher::Call(scheduled))
    }

    /// Has `ready` told in every iteration in which the descriptor is ready, until the guard is dropped: what [`add_reader`](EventLoop::add_reader)
    /// does, for authors of leaves, without a closure and a context. It takes the place of the descriptor's reader or writer, and another may
    /// take its: then it is dropped, and told no more.
    ///
    /// ```
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    /// use std::rc::Rc;
    ///
    /// use kolo::primitive::{Interest, Ready};
    /// use kolo::{Promise, run, running_loop};
    ///
    /// #[derive(Debug)]
    /// struct Arrival(Promise<()>);
    ///
    /// impl Ready for Arrival {
    ///     fn ready(&self, _: Interest) {
    ///         let _ = self.0.set_result(());
    ///     }
    /// }
    ///
    /// run(async {
    ///     let (ours, mut theirs) = UnixStream::pair()?;
    ///     let ours = Rc::new(ours);
    ///     theirs.write_all(b"hello")?;
    ///     for _ in 0..2 {
    ///         let arrival = Rc::new(Arrival(Promise::new()));
    ///         let watching = running_loop().tell_again(&ours, Interest::Read, arrival.clone())?;
    ///         assert!(!watching.has_rested());
    ///         (&arrival.0).await?;
    ///         watching.drained(); // nothing is wanted of it until it is waited for again
    ///     }
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    ///
    /// # Errors
    /// As `add_reader`; Runtime, when the loop is closed, or the descriptor has a [`Source`](crate::primitive::Source).
    #[track_caller]
    pub fn tell(&self, descriptor: &impl AsFd, interest: Interest, ready: Rc<dyn Ready>) -> Result<Watching> {
        let descriptor = descriptor.as_fd().as_raw_fd();
        self.check_can_watch("tell", descriptor)?;
        let number = self.watch_by("tell", descriptor, interest, Watcher::Ready(ready))?;
        Ok(self.watching(descriptor, interest, number))
    }

    /// [`tell`](EventLoop::tell) for a socket that may have [rested](Watching::rest) since a wait of the same step, and which has just said that it
    /// would block: then no system call is made.
    ///
    /// # Errors
    /// As `tell`.
    #[track_caller]
    pub fn tell_again<S: AsFd + 'static>(&self, socket: &Rc<S>, interest: Interest, ready: Rc<dyn Ready>) -> Result<Watching> {
        let descriptor = socket.as_fd().as_raw_fd();
        let (same, again): (Rc<dyn Any>, _) = (socket.clone(), ready.clone());
        let number = self
            .0
            .reactor
            .watch_again(descriptor, interest, &same, || Watcher::Ready(again));
        let Some(number) = number else {
            return self.tell(&**socket, interest, ready);
        };
        let mut watching = self.watching(descriptor, interest, number);
        watching.has_rested = true;
        Ok(watching)
    }

    #[track_caller]
    pub(crate) fn check_can_watch(&self, call: &str, descriptor: RawFd) -> Result<()> {
        if self.is_closed() {
            return Err(Error::runtime("Event loop is closed"));
        }
        match self.0.reactor.owner_of(descriptor) {
            None => Ok(()),
            Some(owner) => Err(Error::runtime(format!(
                "{call}: File descriptor {descriptor} is used by transport {owner:?}"
            ))),
        }
    }

    #[track_caller]
    fn watch_by(&self, call: &str, descriptor: RawFd, interest: Interest, watcher: Watcher) -> Result<u64> {
        match self.0.reactor.watch(descriptor, interest, watcher) {
            Ok(number) => Ok(number),
            // Not in a closure, which the caller's line would not reach.
            Err(error) => Err(Error::from(error).about(&format!("{call}: descriptor {descriptor}"))),
        }
    }
}

/// Has a descriptor watched while it lives; from [`EventLoop::watch_reader`] and [`EventLoop::watch_writer`].
#[must_use = "the descriptor is watched no more once it is dropped"]
pub struct Watching {
    loop_id: u16,
    descriptor: RawFd,
    interest: Interest,
    /// The watcher's: another one may have taken its place.
    number: u64,
    has_rested: bool,
    not_send: PhantomData<Rc<()>>,
}

impl Watching {
    /// Whether no system call had to be made for it, because the socket had [rested](Watching::rest).
    pub fn has_rested(&self) -> bool {
        self.has_rested
    }

    /// Ends it, but in such a way that a wait for the same `socket` that begins before the loop looks at descriptors again, by
    /// [`EventLoop::tell_again`], spares the system calls that would end one and begin another.
    ///
    /// It is for sockets that nobody else reads from by other means in between: of what others take, the place in the order of descriptors would
    /// remain.
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    /// use std::rc::Rc;
    ///
    /// use kolo::primitive::{Interest, Ready};
    /// use kolo::{run, running_loop};
    ///
    /// #[derive(Debug)]
    /// struct Nobody;
    ///
    /// impl Ready for Nobody {
    ///     fn ready(&self, _: Interest) {}
    /// }
    ///
    /// run(async {
    ///     let (ours, _theirs) = UnixStream::pair()?;
    ///     let ours = Rc::new(ours);
    ///     let watching = running_loop().tell(&*ours, Interest::Read, Rc::new(Nobody))?;
    ///     watching.rest(Rc::downgrade(&ours));
    ///     let watching = running_loop().tell_again(&ours, Interest::Read, Rc::new(Nobody))?;
    ///     assert!(watching.has_rested());
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn rest<S: 'static>(self, socket: Weak<S>) {
        if let Some(event_loop) = current::loop_of(self.loop_id) {
            let reactor = &event_loop.0.reactor;
            reactor.rest_if(self.descriptor, self.interest, self.number, socket);
        }
    }

    /// Says that nothing is left of what was told: all there was has been taken, or the guard will be dropped before more is wanted. A hint that
    /// spares a system call, as [`Source::drained`](crate::primitive::Source::drained) does.
    pub fn drained(&self) {
        if let Some(event_loop) = current::loop_of(self.loop_id) {
            event_loop.0.reactor.settle_if(self.descriptor, self.interest, self.number);
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // A loop that is gone watches nothing. One that has its number now has another callback there, or none.
        if let Some(event_loop) = current::loop_of(self.loop_id) {
            event_loop.0.reactor.unwatch_if(self.descriptor, self.interest, self.number);
        }
    }
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Watching descriptor={}>", self.descriptor)
    }
}
