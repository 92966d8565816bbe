//! A loop inside another program, turn by turn, and what that program waits for in between.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::ground::error::Result;
use crate::ground::time::sealed::Delay;
use crate::ground::time::{Nanos, seconds, whole_milliseconds};
use crate::wheel::core::EventLoop;

/// When to run a loop again that is driven by [`EventLoop::turn`].
///
/// ```
/// use kolo::{EventLoop, Turn};
///
/// let event_loop = EventLoop::new()?;
/// event_loop.call_soon(|| println!("in a turn"));
/// match event_loop.turn()? {
///     Turn::Now => println!("take the next turn soon"),
///     Turn::At(time) => println!("nothing to do before {time}"),
///     Turn::Io => println!("nothing to do until something comes from outside"),
///     Turn::Done => println!("that was all"),
/// }
/// # Ok::<(), kolo::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn {
    /// At once: something is ready.
    Now,
    /// At this time of the loop's clock in seconds, or when a watched descriptor or another thread has something.
    At(f64),
    /// When a watched descriptor or another thread has something.
    Io,
    /// Never: nothing is left that could happen.
    Done,
}

impl Turn {
    /// For how long a program may wait at the most before it takes the next turn; `None` if time alone is no reason for one. In whole
    /// milliseconds, rounded up, as `poll(2)` counts: it does not come back too early.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use kolo::{EventLoop, Turn, sleep};
    ///
    /// let event_loop = EventLoop::new()?;
    /// assert_eq!(event_loop.turn()?.timeout(&event_loop), None);
    /// let task = event_loop.create_task(sleep(60));
    /// assert_eq!(Turn::Now.timeout(&event_loop), Some(Duration::ZERO));
    /// let turn = event_loop.turn()?;
    /// assert!(turn.timeout(&event_loop) <= Some(Duration::from_secs(60)));
    /// # task.cancel();
    /// # while event_loop.turn()? == Turn::Now {}
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn timeout(self, event_loop: &EventLoop) -> Option<Duration> {
        match self {
            Turn::Now => Some(Duration::ZERO),
            Turn::At(time) => time.nanos().map(|deadline| whole_milliseconds(event_loop.left(deadline))),
            Turn::Io | Turn::Done => None,
        }
    }
}

impl EventLoop {
    /// Runs one iteration without ever waiting, for a program with a main loop of its own, and says when to come back.
    ///
    /// What other threads do and what happens to watched descriptors can be waited for meanwhile, together with the program's own things: by
    /// the loop's descriptor, see [`as_fd`](EventLoop::as_fd), or by a callback, see [`on_wake`](EventLoop::on_wake). What this thread itself
    /// does with the loop between two turns (a new task, a promise that is set) tells nobody: take a turn after it.
    ///
    /// Several loops may take turns in one thread. A virtual clock moves on at the beginning of a turn: when nothing is ready and nothing can
    /// come from outside, or when the program has really waited as long as it was told.
    ///
    /// Ctrl-C is left to the program whose main loop it is: between two turns, where nearly all of them come, there is nothing here to cancel.
    /// A program that wants to end in good order cancels its tasks, and goes on until [`Turn::Done`].
    ///
    /// ```
    /// use kolo::{EventLoop, Turn, sleep};
    ///
    /// let event_loop = EventLoop::new()?;
    /// let task = event_loop.create_task(async { sleep(0.01).await });
    /// loop {
    ///     match event_loop.turn()? {
    ///         Turn::Done => break,
    ///         turn => std::thread::sleep(turn.timeout(&event_loop).expect("nothing to wait for but time")),
    ///     }
    /// }
    /// assert!(task.done());
    /// # Ok::<(), kolo::Error>(())
    /// ```
    ///
    /// # Errors
    /// Runtime, when the loop is closed, or a loop runs on this thread already; KeyboardInterrupt, from a task.
    #[doc(alias("_run_once", "try_tick", "run_until_stalled"))]
    #[track_caller]
    pub fn turn(&self) -> Result<Turn> {
        let _running = self.enter()?;
        self.0.reactor.quieten()?;
        // Whether one of them is ready is found out in the iteration, and then it is too late for the clock to move.
        if !self.0.reactor.is_watching() {
            self.0.jump();
        }
        self.let_time_pass();
        // A pending stop is what makes an iteration not wait.
        self.stop();
        // With a stop that is pending it does not come to a standstill.
        self.0.run(&|| Ok(()))?;
        self.0.reactor.ask_again();
        Ok(self.next_turn())
    }

    /// What to come back for, after a turn.
    fn next_turn(&self) -> Turn {
        let core = &*self.0;
        if !core.ready.is_empty() || core.inbox.has_letters() {
            return Turn::Now;
        }
        core.timers.borrow_mut().drop_cancelled();
        let earliest = core.timers.borrow().earliest();
        self.await_deadline(earliest);
        match earliest {
            Some(deadline) => Turn::At(seconds(deadline)),
            None if core.is_idle_for_ever() && core.tasks.borrow().len() == 0 => Turn::Done,
            None => Turn::Io,
        }
    }

    /// Remembers since when the program waits for its next deadline.
    fn await_deadline(&self, deadline: Option<Nanos>) {
        let awaited = &self.0.awaited;
        if awaited.get().map(|(deadline, _)| deadline) != deadline {
            awaited.set(deadline.map(|deadline| (deadline, Instant::now())));
        }
    }

    /// Moves the virtual clock to the deadline for which the program has really waited.
    fn let_time_pass(&self) {
        let earliest = self.0.timers.borrow().earliest();
        if let Some((deadline, _)) = self.0.awaited.get()
            && earliest == Some(deadline)
            && self.left(deadline) == 0
        {
            self.0.time.jump(deadline);
        }
    }

    /// How long it is to this deadline.
    fn left(&self, deadline: Nanos) -> Nanos {
        let since = self.0.awaited.get().map_or_else(Instant::now, |(_, since)| since);
        self.0.time.left(deadline, since)
    }

    /// Has `on_wake` called whenever another thread has something for the loop while that is not running, or waits; `None` ends that. There is
    /// one such callback: this one takes the place of the one before.
    ///
    /// For a program whose own main loop is woken by a function, as those of windowing libraries are: let `on_wake` call that function, and
    /// take a [`turn`](EventLoop::turn) when it has woken. After the first wake-up there are no more calls before that turn, however many follow.
    /// Timers are no wake-ups: [`Turn::At`] says when to come back for them. Nor are watched descriptors, which tell by the loop's own
    /// descriptor, see [`as_fd`](EventLoop::as_fd).
    ///
    /// It is called in whichever thread the wake-up came from, the loop's own included, and should only pass the news on. When it panics, that
    /// is told of on standard error. It is dropped when the loop is closed.
    ///
    /// ```
    /// use std::sync::{Arc, mpsc};
    ///
    /// use kolo::{EventLoop, Turn};
    ///
    /// let event_loop = EventLoop::new()?;
    /// let (sends, wakes) = mpsc::channel();
    /// event_loop.on_wake(Some(Arc::new(move || drop(sends.send(())))));
    ///
    /// let (completer, promise) = event_loop.remote_promise();
    /// let task = event_loop.create_task(async { promise.await });
    /// let thread = std::thread::spawn(move || completer.set_result(42));
    /// loop {
    ///     match event_loop.turn()? {
    ///         Turn::Done => break,
    ///         Turn::Now => {}
    ///         // What else the program waits for comes through this channel too.
    ///         Turn::At(_) | Turn::Io => wakes.recv().expect("somebody is left who sends"),
    ///     }
    /// }
    /// assert_eq!(task.result()?, 42);
    /// # thread.join().unwrap()?;
    /// # Ok::<(), kolo::Error>(())
    /// ```
    #[doc(alias = "set_wakeup_fd")]
    pub fn on_wake(&self, on_wake: Option<Arc<dyn Fn() + Send + Sync>>) {
        if !self.is_closed() {
            self.0.set_on_wake(on_wake);
        }
    }
}

/// The loop's descriptor, for a program that waits in its stead, by `poll(2)` or whatever else waits for descriptors.
///
/// It can be read from when a [`turn`](EventLoop::turn) is due: when a watched descriptor is ready, or another thread has something for the
/// loop. It is the kernel's own (an `epoll` or a `kqueue`), only to be waited for. Timers do not show in it: [`Turn::timeout`] is how long to
/// wait at the most.
///
/// ```
/// use std::os::fd::AsFd;
///
/// use kolo::EventLoop;
///
/// let event_loop = EventLoop::new()?;
/// event_loop.turn()?;
/// let descriptor = event_loop.as_fd(); // for poll(2), together with the program's own
/// # let _ = descriptor;
/// # Ok::<(), kolo::Error>(())
/// ```
///
/// # Panics
/// When the system gives no more descriptors: the first call makes one of its own for this, a copy. [`AsRawFd`] needs none, and never panics.
impl AsFd for EventLoop {
    #[track_caller]
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self.0.reactor.show() {
            Ok(shown) => shown,
            Err(error) => panic!("EventLoop::as_fd: {error}; close some descriptors, or use as_raw_fd, which needs none"),
        }
    }
}

/// The number of the loop's descriptor, valid for as long as the loop lives; what it is for says its [`AsFd`].
impl AsRawFd for EventLoop {
    fn as_raw_fd(&self) -> RawFd {
        self.0.reactor.show_number()
    }
}
