//! The kinds of errors.

/// What kind of error it is: asyncio's exceptions, and kolo's own two (`Panic`, `Deadlock`).
///
/// ```
/// use kolo::{Kind, Queue, run};
///
/// run(async {
///     let queue = Queue::<u32>::new(1);
///     match queue.get_nowait() {
///         Err(error) if error.kind() == Kind::QueueEmpty => println!("nothing there"), // except asyncio.QueueEmpty
///         outcome => println!("{}", outcome?),
///     }
///     Ok(())
/// })
/// .unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The task was asked to stop (`asyncio.CancelledError`).
    #[doc(alias = "CancelledError")]
    Cancelled,
    /// A deadline passed (`TimeoutError`).
    #[doc(alias("TimeoutError", "Elapsed"))]
    Timeout,
    /// An operation that the state of a promise does not allow (`asyncio.InvalidStateError`).
    #[doc(alias = "InvalidStateError")]
    InvalidState,
    /// A misuse of the loop or of a primitive (`RuntimeError`).
    #[doc(alias = "RuntimeError")]
    Runtime,
    /// A value out of range (`ValueError`).
    #[doc(alias = "ValueError")]
    Value,
    /// `get_nowait` on an empty queue (`asyncio.QueueEmpty`).
    #[doc(alias = "TryRecvError")]
    QueueEmpty,
    /// `put_nowait` on a full queue (`asyncio.QueueFull`).
    #[doc(alias = "TrySendError")]
    QueueFull,
    /// A queue that was shut down (`asyncio.QueueShutDown`).
    #[doc(alias("RecvError", "SendError"))]
    QueueShutDown,
    /// A barrier that was aborted or reset (`asyncio.BrokenBarrierError`).
    #[doc(alias = "BrokenBarrierError")]
    BrokenBarrier,
    /// A pool whose threads or processes cannot be used any more, because one has died (`concurrent.futures.BrokenExecutor`, `BrokenProcessPool`).
    #[doc(alias("BrokenExecutor", "BrokenProcessPool"))]
    BrokenPool,
    /// A stream ended in the middle of what was asked for (`asyncio.IncompleteReadError`); see [`IncompleteRead`](crate::IncompleteRead).
    #[doc(alias = "IncompleteReadError")]
    IncompleteRead,
    /// A stream's buffer limit was reached (`asyncio.LimitOverrunError`); see [`LimitOverrun`](crate::LimitOverrun).
    #[doc(alias = "LimitOverrunError")]
    LimitOverrun,
    /// Several errors together (`ExceptionGroup`); see [`Error::errors`](crate::Error::errors).
    #[doc(alias("ExceptionGroup", "BaseExceptionGroup"))]
    Group,
    /// Ctrl-C (`KeyboardInterrupt`). It ends the run at once instead of being handed to whoever awaits the task.
    KeyboardInterrupt,
    /// A panic in a task or a callback, caught and carried.
    #[doc(alias = "JoinError")]
    Panic,
    /// Nothing can ever run again: every task waits for another.
    Deadlock,
    /// The system refused something (`OSError`): an [`std::io::Error`], or an [`OsError`](crate::OsError).
    #[doc(alias = "OSError")]
    Io,
    /// Any other error.
    #[doc(alias = "Exception")]
    Other,
}
