//! `RemoteHandle`: how other threads reach a loop.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::block::coroutine::Coroutine;
use crate::block::exception::ExceptionContext;
use crate::block::identity::Serial;
use crate::ground::caught::catch;
use crate::ground::error::{Error, Result};
use crate::ground::ticket::Ticket;
use crate::handle::event_loop::running_loop;
use crate::handle::task::create_task;
use crate::wheel::core::EventLoop;
use crate::wheel::current;
use crate::wheel::inbox::{Inbox, Letter};

/// A handle of a loop for other threads; from [`EventLoop::remote`](crate::EventLoop::remote).
///
/// While one exists the loop never counts as deadlocked, and its virtual clock does not jump: something may still come through it.
///
/// It carries closures, which find in the loop's thread only what they bring along. To use something there that cannot be brought, a promise or a
/// queue, see [`EventLoop::remote_ref`](crate::EventLoop::remote_ref); for one value from one thread,
/// [`EventLoop::remote_promise`](crate::EventLoop::remote_promise).
///
/// ```
/// use std::thread;
///
/// use kolo::{run, running_loop, sleep};
///
/// let sum = run(async {
///     let remote = running_loop().remote();
///     let (completer, sum) = running_loop().remote_promise();
///     thread::spawn(move || completer.complete(remote.spawn(|| async { sleep(0.001).await.map(|()| 42) }).wait()));
///     sum.await
/// });
/// assert_eq!(sum.unwrap(), 42);
/// ```
///
/// # Futures of other crates
///
/// A task that awaits a future of another crate needs no handle: it is woken from any thread by the [`Waker`](std::task::Waker) which that
/// future keeps, as its contract says. So the channels of `futures`, `async-channel`, `flume` and `tokio::sync` work across threads as they are, and
/// so does whatever is written by hand in this way. What does not work is what needs a reactor of its own that does not run here, such as
/// tokio's timers and sockets.
///
/// ```
/// use std::thread;
///
/// use futures_channel::oneshot;
/// use kolo::run;
///
/// let answer = run(async {
///     let (sender, receiver) = oneshot::channel();
///     thread::spawn(move || sender.send(42));
///     Ok(receiver.await.expect("the thread sends"))
/// });
/// assert_eq!(answer.unwrap(), 42);
/// ```
///
/// A run waits for such a future, for its waker may be woken at any time; that nothing ever will is not proved. The virtual clock does jump
/// meanwhile, to the next timer there is: [`EventLoop::keep_alive`](crate::EventLoop::keep_alive) holds it. And a cancellation drops the task
/// there, unless the future is wrapped in [`cancellable`](crate::cancellable()).
#[doc(alias = "Spawner")]
#[derive(Clone)]
pub struct RemoteHandle {
    sender: Sender,
    loop_id: u16,
    thread: ThreadId,
}

/// Whoever may still post a letter, and is waited for.
struct Sender(Arc<Inbox>);

impl Sender {
    fn of(inbox: &Arc<Inbox>) -> Sender {
        inbox.add_sender();
        Sender(inbox.clone())
    }
}

impl Clone for Sender {
    fn clone(&self) -> Sender {
        Sender::of(&self.0)
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.remove_sender();
    }
}

// The whole point of it.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<RemoteHandle>();
    shared::<std::task::Waker>();
};

impl RemoteHandle {
    /// Calls `callback` in the loop's thread, soon: in the order of the calls of this and of
    /// [`EventLoop::call_soon`](crate::EventLoop::call_soon). Mirrors `loop.call_soon_threadsafe`.
    ///
    /// # Errors
    /// Runtime, when the loop is closed; the callback is dropped here.
    #[doc(alias = "call_soon_threadsafe")]
    #[track_caller]
    pub fn call_soon(&self, callback: impl FnOnce() + Send + 'static) -> Result<()> {
        if self.sender.0.post(Letter::Call(Box::new(callback))).is_err() {
            return Err(Error::runtime("Event loop is closed"));
        }
        if self.is_in_own_thread() {
            current::with_loop_of(self.loop_id, |event_loop| event_loop.0.let_letters_go_first());
        }
        Ok(())
    }

    fn is_in_own_thread(&self) -> bool {
        thread::current().id() == self.thread
    }

    /// Makes a task in the loop's thread of the coroutine that `make` makes there, and returns a handle to wait for its outcome in this
    /// thread. Mirrors `asyncio.run_coroutine_threadsafe`.
    ///
    /// # Errors
    /// They come out of the handle's [`wait`](RemoteTask::wait): the task's own; Runtime, on a closed loop, which drops `make`; Panic, when `make`
    /// panics, of which the loop's exception handler is told too.
    #[doc(alias = "run_coroutine_threadsafe")]
    #[track_caller]
    pub fn spawn<T, C>(&self, make: impl FnOnce() -> C + Send + 'static) -> RemoteTask<T>
    where
        T: Send + 'static,
        C: Coroutine<Value = T> + 'static,
    {
        let shared = Arc::new(Shared {
            state: Mutex::new(State::default()),
            done: Condvar::new(),
        });
        let outlet = Outlet(shared.clone());
        // When the loop is closed the closure, and with it the outlet, is dropped, which tells the waiting thread.
        let _ = self.call_soon(move || match catch(make) {
            Ok(coroutine) => {
                let task = create_task(coroutine);
                let head = task.as_any_task().head();
                outlet.0.lock().task = Some((head.ticket.get(), head.serial()));
                task.add_done_callback(move |task| outlet.send(task.take_result()));
            }
            // Both threads learn of it: it is a callback's panic here, and the outcome there.
            Err(payload) => {
                let error = Error::panic(payload);
                outlet.send(Err(error.clone()));
                let report = ExceptionContext::of_callback(error);
                running_loop().call_exception_handler(&report);
            }
        });
        RemoteTask {
            shared,
            remote: self.clone(),
        }
    }
}

/// [`call_soon`](RemoteHandle::call_soon), with the owner of a handle, which goes along: afterwards nothing of it is left in this thread of whose
/// end the loop would have to be told.
pub(crate) fn call_last<O>(owner: O, callback: impl FnOnce(O) + Send + 'static) -> Result<()>
where
    O: AsRef<RemoteHandle> + Send + 'static,
{
    let remote = owner.as_ref();
    let (inbox, loop_id, is_in_own_thread) = (remote.sender.0.clone(), remote.loop_id, remote.is_in_own_thread());
    if inbox.post(Letter::Call(Box::new(move || callback(owner)))).is_err() {
        return Err(Error::runtime("Event loop is closed").without_place());
    }
    if is_in_own_thread {
        current::with_loop_of(loop_id, |event_loop| event_loop.0.let_letters_go_first());
    }
    Ok(())
}

impl fmt::Debug for RemoteHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<RemoteHandle>")
    }
}

impl EventLoop {
    /// A handle for other threads, see [`RemoteHandle`].
    ///
    /// ```
    /// use kolo::{EventLoop, Turn};
    ///
    /// let event_loop = EventLoop::new()?;
    /// let remote = event_loop.remote();
    /// std::thread::spawn(move || remote.call_soon(|| println!("in the loop's thread"))).join().unwrap()?;
    /// while event_loop.turn()? != Turn::Done {}
    /// # Ok::<(), kolo::Error>(())
    /// ```
    #[doc(alias("call_soon_threadsafe", "run_coroutine_threadsafe"))]
    pub fn remote(&self) -> RemoteHandle {
        RemoteHandle {
            sender: Sender::of(&self.0.inbox),
            loop_id: self.0.id,
            thread: thread::current().id(),
        }
    }
}

/// The outcome of a task in another thread's loop; from [`RemoteHandle::spawn`]. Mirrors the `concurrent.futures.Future` that
/// `run_coroutine_threadsafe` returns.
///
/// A handle: dropping it leaves the task alone.
///
/// ```
/// use std::thread;
/// use std::time::Duration;
///
/// use kolo::{Kind, RemoteTask, run, running_loop, sleep};
///
/// run(async {
///     let remote = running_loop().remote();
///     let (completer, outcome) = running_loop().remote_promise();
///     thread::spawn(move || {
///         let task: RemoteTask<()> = remote.spawn(|| sleep(3600));
///         let late = task.wait_timeout(Duration::from_millis(1)).unwrap_err();
///         assert_eq!(late.kind(), Kind::Timeout);
///         task.cancel();
///         completer.complete(task.wait())
///     });
///     assert!(outcome.await.unwrap_err().is_cancelled());
///     Ok(())
/// })
/// .unwrap();
/// ```
#[doc(alias("concurrent.futures.Future", "JoinHandle"))]
pub struct RemoteTask<T> {
    shared: Arc<Shared<T>>,
    remote: RemoteHandle,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    done: Condvar,
}

struct State<T> {
    outcome: Option<Result<T>>,
    taken: bool,
    /// Known once the loop has made the task. By its ticket alone another one could be found that has the same a few million tasks later.
    task: Option<(Ticket, Serial)>,
}

impl<T> Default for State<T> {
    fn default() -> Self {
        State {
            outcome: None,
            taken: false,
            task: None,
        }
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No user code runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end in the loop's thread. Dropped unused, it tells that there will be no outcome.
struct Outlet<T>(Arc<Shared<T>>);

impl<T> Outlet<T> {
    fn send(&self, outcome: Result<T>) {
        self.0.lock().outcome = Some(outcome);
        self.0.done.notify_all();
    }
}

impl<T> Drop for Outlet<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if state.outcome.is_none() && !state.taken {
            let closed = Error::runtime("the event loop was closed before the task was done");
            state.outcome = Some(Err(closed.without_place()));
            self.0.done.notify_all();
        }
    }
}

impl<T> RemoteTask<T> {
    /// Blocks this thread until the task is done, and returns its outcome. Mirrors `Future.result()`.
    ///
    /// The loop must be free to run meanwhile. To `join` such a thread in the loop's own would have each wait for the other: let the thread
    /// complete a promise at its end, see [`EventLoop::remote_promise`](crate::EventLoop::remote_promise).
    ///
    /// # Errors
    /// The task's own; Runtime, when the loop was closed before, and in the loop's own thread, which would wait for itself.
    #[doc(alias("result", "join"))]
    #[track_caller]
    pub fn wait(self) -> Result<T> {
        self.wait_until(None)
    }

    /// [`wait`](RemoteTask::wait), for so long at the most.
    ///
    /// # Errors
    /// As `wait`; Timeout, when the task is not done in time. It goes on.
    #[track_caller]
    pub fn wait_timeout(&self, timeout: Duration) -> Result<T> {
        self.wait_until(Instant::now().checked_add(timeout))
    }

    #[track_caller]
    fn wait_until(&self, deadline: Option<Instant>) -> Result<T> {
        if self.remote.is_in_own_thread() {
            return Err(Error::runtime(
                "RemoteTask::wait in the loop's own thread would wait for itself",
            ));
        }
        let mut state = self.shared.lock();
        loop {
            if let Some(outcome) = state.outcome.take() {
                state.taken = true;
                return outcome;
            }
            if state.taken {
                return Err(Error::invalid_state("the outcome was taken already"));
            }
            state = match deadline {
                None => self.shared.done.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Error::timeout());
                    }
                    self.shared
                        .done
                        .wait_timeout(state, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
            };
        }
    }

    /// Whether the outcome is there.
    ///
    /// ```
    /// use std::thread;
    ///
    /// use kolo::{EventLoop, sleep_with};
    ///
    /// let event_loop = EventLoop::new()?;
    /// let remote = event_loop.remote();
    /// let thread = thread::spawn(move || {
    ///     let task = remote.spawn(|| sleep_with(0.01, 42));
    ///     while !task.done() {
    ///         thread::yield_now(); // or something useful
    ///     }
    ///     remote.call_soon(|| kolo::running_loop().stop())?;
    ///     task.wait()
    /// });
    /// event_loop.run_forever()?;
    /// assert_eq!(thread.join().unwrap()?, 42);
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn done(&self) -> bool {
        let state = self.shared.lock();
        state.outcome.is_some() || state.taken
    }
}

impl<T: Send + 'static> RemoteTask<T> {
    /// Asks the loop to cancel the task. Mirrors `Future.cancel()`.
    pub fn cancel(&self) {
        let shared = self.shared.clone();
        // A loop that is closed has no task to cancel.
        let _ = self.remote.call_soon(move || {
            let Some((ticket, serial)) = shared.lock().task else { return };
            let find = |event_loop: EventLoop| event_loop.0.tasks.borrow().get(ticket).cloned();
            let task = current::running().and_then(find);
            if let Some(task) = task.filter(|task| task.serial() == serial) {
                task.cancel(Error::cancelled());
            }
        });
    }
}

impl<T> fmt::Debug for RemoteTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.done() {
            "<RemoteTask finished>"
        } else {
            "<RemoteTask pending>"
        })
    }
}
