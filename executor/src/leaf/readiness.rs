//! `readable` and `writable`: a wait for any descriptor.

use std::fmt;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::ground::error::{Error, Result};
use crate::handle::descriptors::Watching;
use crate::handle::promise::Promise;
use crate::leaf::await_promise::Taken;
use crate::wheel::current;
use crate::wheel::registered::Interest;

/// Suspends the task until the descriptor can be read from, or has failed; reading is how that is learnt. What asyncio's `sock_recv` and the
/// like do when there is nothing to read yet.
///
/// The descriptor is watched from the first poll on, until the await ends: then nothing of it is left. It takes at least two iterations, also
/// when there is something to read at once; whoever wants to know at once tries to read first. The descriptor should not block: what was there
/// may be gone when the task runs, if others read from it too.
///
/// ```
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// use kolo::{create_task, readable, run, sleep};
///
/// run(async {
///     let (mut ours, mut theirs) = UnixStream::pair()?;
///     let reader = create_task(async move {
///         readable(&ours).await?;
///         let mut bytes = [0; 5];
///         ours.read_exact(&mut bytes)?;
///         Ok(bytes)
///     });
///     sleep(0.01).await?;
///     theirs.write_all(b"hello")?;
///     assert_eq!(&reader.await?, b"hello");
///     Ok(())
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// Cancelled; Io, when the descriptor cannot be watched, as [`EventLoop::add_reader`](crate::EventLoop::add_reader) says; Runtime, when it has a
/// reader already, when somebody takes this one's place by `add_reader` or ends it by `remove_reader`, and without a running loop.
///
/// # Cancel safety
/// Nothing has been read. A wait that was cancelled or dropped watches nothing any more.
#[doc(alias("sock_recv", "sock_accept", "AsyncFd", "Async"))]
#[track_caller]
pub fn readable<F: AsFd + ?Sized>(descriptor: &F) -> Readiness<'_> {
    Readiness::new(descriptor.as_fd(), Interest::Read)
}

/// Suspends the task until the descriptor can be written to, or has failed. All that is said of [`readable`] holds, of writers instead of
/// readers; a descriptor can be waited for in both ways at once.
///
/// ```
/// use std::os::unix::net::UnixStream;
///
/// use kolo::{run, writable};
///
/// run(async {
///     let (ours, _theirs) = UnixStream::pair()?;
///     writable(&ours).await
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// As `readable`.
///
/// # Cancel safety
/// Nothing has been written. A wait that was cancelled or dropped watches nothing any more.
#[doc(alias("sock_sendall", "sock_connect", "AsyncFd", "Async"))]
#[track_caller]
pub fn writable<F: AsFd + ?Sized>(descriptor: &F) -> Readiness<'_> {
    Readiness::new(descriptor.as_fd(), Interest::Write)
}

/// The future of [`readable`] and [`writable`].
#[must_use = "futures do nothing unless awaited"]
pub struct Readiness<'a> {
    descriptor: BorrowedFd<'a>,
    interest: Interest,
    site: &'static Location<'static>,
    wait: Option<Wait>,
}

struct Wait {
    watching: Watching,
    told: Promise<()>,
    leaf: Taken<()>,
}

impl<'a> Readiness<'a> {
    #[track_caller]
    fn new(descriptor: BorrowedFd<'a>, interest: Interest) -> Readiness<'a> {
        Readiness {
            descriptor,
            interest,
            site: Location::caller(),
            wait: None,
        }
    }

    fn begin(&self) -> Result<Wait> {
        let (name, descriptor) = (name(self.interest), self.descriptor.as_raw_fd());
        let event_loop = current::demand()?;
        let told = Promise::new();
        let teller = Teller {
            name,
            descriptor,
            told: told.clone(),
        };
        let watching = event_loop.watch_alone(name, descriptor, self.interest, move || teller.tell());
        // A teller that was refused has failed the promise, of which nobody knows.
        let watching = watching.inspect_err(|_| drop(told.error()))?;
        let leaf = told.clone().await_at(self.site);
        Ok(Wait { watching, told, leaf })
    }

    fn end(&mut self) {
        let Some(Wait { watching, told, leaf }) = self.wait.take() else {
            return;
        };
        // In this order: nobody waits any more, and so there is nothing to tell to anybody.
        drop(leaf);
        told.cancel();
        drop(watching);
    }
}

fn name(interest: Interest) -> &'static str {
    match interest {
        Interest::Read => "readable",
        Interest::Write => "writable",
    }
}

impl Future for Readiness<'_> {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        let wait = match &mut this.wait {
            Some(wait) => wait,
            None => {
                let wait = this.begin()?;
                this.wait.insert(wait)
            }
        };
        let outcome = Pin::new(&mut wait.leaf).poll(context);
        if outcome.is_ready() {
            this.end();
        }
        outcome
    }
}

impl Drop for Readiness<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

/// What the loop calls, and drops when another is called in its place.
struct Teller {
    name: &'static str,
    descriptor: RawFd,
    told: Promise<()>,
}

impl Teller {
    fn tell(&self) {
        // Refused when it was told before, or the task was cancelled.
        let _ = self.told.set_result(());
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        if !self.told.done() {
            let _ = self.told.set_error(Error::runtime(format!(
                "{}: descriptor {} is not watched any more: another callback was added in its place, or this one removed",
                self.name, self.descriptor
            )));
        }
    }
}

impl fmt::Debug for Readiness<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<Readiness {} descriptor={}>",
            name(self.interest),
            self.descriptor.as_raw_fd()
        )
    }
}
