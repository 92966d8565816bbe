//! When nothing can happen any more: what a loop waits for then, and what it says.

use std::fmt;

use crate::wheel::core::{EventLoop, WeakLoop};

impl EventLoop {
    /// Whether a run in which nothing can happen any more ends with an error of kind Deadlock, as it does unless told otherwise, or
    /// waits for ever, as asyncio does.
    ///
    /// ```
    /// use kolo::{EventLoop, Kind, Promise};
    ///
    /// let event_loop = EventLoop::new()?;
    /// let stuck = event_loop.run_until_complete(async { Promise::<()>::new().await });
    /// assert_eq!(stuck.unwrap_err().kind(), Kind::Deadlock);
    /// event_loop.set_deadlock_detection(false); // the same would wait for ever
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn set_deadlock_detection(&self, on: bool) {
        self.0.proves_deadlock.set(on);
    }

    /// Whether a run in which only a watched descriptor could still give something to do waits for it, as it does unless told otherwise: on the
    /// virtual clock, where there is a timer, for two milliseconds before the clock jumps.
    ///
    /// Where all that could happen to the descriptors is done by this loop itself, as with pairs of sockets in a test, there is nothing to
    /// wait for once a look has found none of them ready. Told so, the virtual clock jumps then, and a deadlock is proved.
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    ///
    /// use kolo::{running_loop, sleep, testing};
    ///
    /// testing::run(async {
    ///     running_loop().set_waits_for_descriptors(false);
    ///     let (ours, _theirs) = UnixStream::pair()?;
    ///     running_loop().add_reader(&ours, || unreachable!("nothing was sent"))?;
    ///     sleep(3600).await // takes no time
    /// })
    /// .unwrap();
    /// ```
    pub fn set_waits_for_descriptors(&self, on: bool) {
        self.0.waits_for_descriptors.set(on);
    }

    /// Says that something outside may still happen that this loop is to wait for, until the guard is dropped: meanwhile a run in which
    /// nothing can happen is no deadlock, and the virtual clock does not jump. A watched descriptor, a
    /// [`RemoteHandle`](crate::RemoteHandle), a [`RemoteRef`](crate::RemoteRef) and a [`Completer`](crate::Completer) say so by themselves.
    ///
    /// ```
    /// use kolo::{Promise, run, running_loop};
    ///
    /// let answer = run(async {
    ///     let promise = Promise::new();
    ///     let setter = promise.clone();
    ///     running_loop().call_later(0.01, move || drop(setter.set_result(42)));
    ///     let _alive = running_loop().keep_alive();
    ///     promise.await
    /// });
    /// assert_eq!(answer.unwrap(), 42);
    /// ```
    pub fn keep_alive(&self) -> KeepAlive {
        self.0.kept_alive.set(self.0.kept_alive.get() + 1);
        KeepAlive(self.downgrade())
    }

    /// Whether nothing can ever run again, as far as that is to be told.
    pub(crate) fn standstill(&self) -> Standstill {
        if !self.0.proves_deadlock.get() || !self.0.is_idle_for_ever() {
            Standstill::None
        } else if self.0.any_woken_by_others() {
            Standstill::NotProved
        } else if self.0.is_idle_for_ever() {
            // Looked at once more, after that: the last copy of a waker may have been used in between.
            Standstill::Proved
        } else {
            Standstill::None
        }
    }

    /// The tasks that are left are named in a deadlock's report.
    pub(crate) fn report_stuck(&self) {
        self.0.reported_stuck.set(true);
    }

    /// Whether it is to be said that a standstill is not proved to be a deadlock: in debug mode, once.
    pub(crate) fn reports_doubt(&self) -> bool {
        self.debug() && !self.0.reported_doubt.replace(true)
    }

    pub(crate) fn is_reported_stuck(&self) -> bool {
        self.0.reported_stuck.get()
    }
}

/// Whether a loop has come to a standstill.
pub(crate) enum Standstill {
    /// Something is ready or armed, or can come from outside.
    None,
    /// None of that; but a task waits for something that is not of kolo, or something that is not may have its waker.
    NotProved,
    /// Every task is parked on something of kolo's, which only this thread can complete.
    Proved,
}

/// Says that something outside may still happen, while it lives; from [`EventLoop::keep_alive`].
#[must_use = "nothing is kept alive once it is dropped"]
pub struct KeepAlive(WeakLoop);

impl Drop for KeepAlive {
    fn drop(&mut self) {
        if let Some(event_loop) = self.0.upgrade() {
            let kept_alive = &event_loop.0.kept_alive;
            kept_alive.set(kept_alive.get() - 1);
        }
    }
}

impl fmt::Debug for KeepAlive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<KeepAlive>")
    }
}
