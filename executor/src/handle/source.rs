//! `Source`: a descriptor that belongs to somebody who reads and writes by himself.

use std::fmt;
use std::os::fd::{AsFd, AsRawFd};
use std::rc::Rc;

use crate::ground::error::{Error, Result};
use crate::wheel::core::{EventLoop, WeakLoop};
use crate::wheel::registered::{Interest, Ready, Registered, Watcher};

/// A descriptor and its owner, whom the loop tells when it is ready: what a transport stands on.
///
/// [`watch`](Source::watch) and [`unwatch`](Source::unwatch) are asyncio's `loop._add_reader` and so on: an owner is told in every iteration in which the descriptor
/// is ready for what is watched, in the order in which descriptors became ready. In between no system call is made for a descriptor whose
/// owner says that it is [`drained`](Source::drained). While there is a source, nobody else can watch its descriptor.
///
/// The loop owns the owner, and the owner nearly always its source: [`close`](Source::close) cuts that circle, and comes before the descriptor is closed.
///
/// ```
/// use std::cell::{OnceCell, RefCell};
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
/// use std::rc::Rc;
///
/// use kolo::primitive::{Interest, Ready, Source};
/// use kolo::{run, running_loop, sleep};
///
/// #[derive(Debug)]
/// struct Log {
///     socket: UnixStream,
///     text: RefCell<String>,
///     source: OnceCell<Source>,
/// }
///
/// impl Ready for Log {
///     fn ready(&self, _: Interest) {
///         let mut bytes = [0; 64];
///         let n = (&self.socket).read(&mut bytes).unwrap_or(0);
///         self.text.borrow_mut().push_str(&String::from_utf8_lossy(&bytes[..n]));
///     }
/// }
///
/// run(async {
///     let (socket, mut theirs) = UnixStream::pair()?;
///     let log = Rc::new(Log { socket, text: RefCell::default(), source: OnceCell::new() });
///     let source = log.source.get_or_init(|| Source::new(&running_loop(), &log.socket, log.clone()).unwrap());
///     source.watch(Interest::Read)?;
///     theirs.write_all(b"hello")?;
///     sleep(0).await?;
///     sleep(0).await?;
///     assert_eq!(*log.text.borrow(), "hello");
///     source.close();
///     Ok(())
/// })
/// .unwrap();
/// ```
pub struct Source {
    event_loop: WeakLoop,
    registered: Rc<Registered>,
}

impl Source {
    /// Takes the descriptor up, which nobody watches from then on unless the source does. It should not block.
    ///
    /// # Errors
    /// Runtime, when the descriptor has a source, or the loop is closed.
    #[track_caller]
    pub fn new(event_loop: &EventLoop, descriptor: &impl AsFd, owner: Rc<dyn Ready>) -> Result<Source> {
        let descriptor = descriptor.as_fd().as_raw_fd();
        event_loop.check_can_watch("Source::new", descriptor)?;
        Ok(Source {
            event_loop: event_loop.downgrade(),
            registered: event_loop.0.reactor.own(descriptor, owner),
        })
    }

    /// The loop; `None` when that is gone.
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    /// use std::rc::Rc;
    ///
    /// use kolo::primitive::{Interest, Ready, Source};
    /// use kolo::{EventLoop, Result};
    ///
    /// #[derive(Debug)]
    /// struct Deaf;
    ///
    /// impl Ready for Deaf {
    ///     fn ready(&self, _: Interest) {}
    /// }
    ///
    /// let event_loop = EventLoop::new()?;
    /// let (ours, _theirs) = UnixStream::pair()?;
    /// let source = Source::new(&event_loop, &ours, Rc::new(Deaf))?;
    /// source.watch(Interest::Read)?;
    /// assert!(source.is_watched(Interest::Read) && !source.is_watched(Interest::Write));
    /// assert!(source.unwatch(Interest::Read));
    /// assert_eq!(source.event_loop(), Some(event_loop));
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn event_loop(&self) -> Option<EventLoop> {
        self.event_loop.upgrade()
    }

    /// Has the owner told of this from now on. Where it is so already, nothing changes; nor does it once the source or the loop is closed.
    ///
    /// # Errors
    /// Io, when the system cannot watch the descriptor.
    #[track_caller]
    pub fn watch(&self, interest: Interest) -> Result<()> {
        let (Some(event_loop), Some(owner)) = (self.event_loop(), self.registered.owner()) else {
            return Ok(());
        };
        if self.is_watched(interest) {
            return Ok(());
        }
        match event_loop
            .0
            .reactor
            .set(&self.registered, interest, Some(Watcher::Ready(owner)))
        {
            Ok(()) => Ok(()),
            // Not in a closure, which the caller's line would not reach.
            Err(error) => {
                // Nothing is watched then, as before.
                let _ = event_loop.0.reactor.set(&self.registered, interest, None);
                Err(Error::from(error))
            }
        }
    }

    /// Ends what [`watch`](Source::watch) began: the owner is not told of it any more, also if that was about to happen. `false` when it was not
    /// watched.
    pub fn unwatch(&self, interest: Interest) -> bool {
        let is_watched = self.is_watched(interest);
        if let Some(event_loop) = self.event_loop().filter(|_| is_watched) {
            // Refused when the descriptor was closed too early: then it is watched no more, which is what is wanted.
            let _ = event_loop.0.reactor.set(&self.registered, interest, None);
        }
        is_watched
    }

    /// Whether the owner is told of this.
    #[inline]
    pub fn is_watched(&self, interest: Interest) -> bool {
        self.registered.has(interest)
    }

    /// Says that all there was has been taken: the last read found less than it asked for or nothing, the last write could not write all.
    /// A hint that spares a system call in each iteration: without it, the owner is told of what is left in the next one.
    ///
    /// It is true only where the system tells of everything that comes after such a read: of TCP, and of whatever has just said that it would
    /// block. A Unix socket reads no further than to where a descriptor was sent along.
    ///
    /// ```
    /// use std::cell::OnceCell;
    /// use std::io::Read;
    /// use std::net::TcpStream;
    ///
    /// use kolo::primitive::{Interest, Ready, Source};
    ///
    /// #[derive(Debug)]
    /// struct Sink {
    ///     socket: TcpStream,
    ///     source: OnceCell<Source>,
    /// }
    ///
    /// impl Ready for Sink {
    ///     fn ready(&self, interest: Interest) {
    ///         let mut bytes = [0; 1024];
    ///         match (&self.socket).read(&mut bytes) {
    ///             Ok(n) if n < bytes.len() => self.source.get().expect("it is watched").drained(interest),
    ///             _ => {} // there may be more, and the next iteration tells
    ///         }
    ///     }
    /// }
    /// ```
    #[inline]
    pub fn drained(&self, interest: Interest) {
        self.registered.settle(interest);
    }

    /// Says that the owner, told that it can read, does nothing in this call but take all there was ([`drained`](Source::drained)), and give it to
    /// whoever waits for it. A hint that spares a system call: where everybody has said so, and nobody waits to write, the next iteration does not
    /// look at descriptors, because this program has done nothing that could have made one ready.
    ///
    /// ```
    /// use std::cell::{OnceCell, RefCell};
    /// use std::io::Read;
    /// use std::net::TcpStream;
    ///
    /// use kolo::primitive::{Interest, Ready, Source};
    ///
    /// #[derive(Debug)]
    /// struct Mailbox {
    ///     socket: TcpStream,
    ///     source: OnceCell<Source>,
    ///     received: RefCell<Vec<u8>>,
    /// }
    ///
    /// impl Ready for Mailbox {
    ///     fn ready(&self, interest: Interest) {
    ///         let mut bytes = [0; 1024];
    ///         let Ok(n) = (&self.socket).read(&mut bytes) else { return };
    ///         self.received.borrow_mut().extend_from_slice(&bytes[..n]);
    ///         if n > 0 && n < bytes.len() {
    ///             let source = self.source.get().expect("it is watched");
    ///             source.drained(interest);
    ///             source.only_reads();
    ///         }
    ///     }
    /// }
    /// ```
    #[inline]
    pub fn only_reads(&self) {
        self.registered.only_reads.set(true);
    }

    /// Gives the descriptor and the owner up. Nobody is told of anything any more.
    pub fn close(&self) {
        match self.event_loop() {
            Some(event_loop) => event_loop.0.reactor.forget(&self.registered).for_each(Watcher::end),
            None => drop(self.registered.take_owner()),
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Source fd={}", self.registered.descriptor)?;
        if self.is_watched(Interest::Read) {
            f.write_str(" reading")?;
        }
        if self.is_watched(Interest::Write) {
            f.write_str(" writing")?;
        }
        f.write_str(">")
    }
}
