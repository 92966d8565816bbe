//! The event loop of kolo: one thread, one queue, and exactly asyncio's order of events.
//!
//! Users take this crate through the facade `kolo`. This page is for those who read the source: it has the words, the way of one
//! wake-up through the files, and an order in which to read them. An afternoon should do.
//!
//! # Words
//!
//! - A **coroutine** is any future whose output is a [`Result`]. It does nothing until somebody polls it.
//! - A **promise** ([`Promise`], asyncio's Future) is a result that will be there later, and a list of callbacks for then. Everything that
//!   suspends, suspends on a promise, or on something that cannot be told from one.
//! - A **task** ([`Task`]) is a coroutine that runs on its own, and the promise of its outcome.
//! - The **ready queue** holds what is to run next. One trip through it is a **hop**. Hops decide who prints first, so they are part of what
//!   is promised: what costs a hop in asyncio costs a hop here, and nothing else does.
//! - An **iteration** of the loop waits for something to happen, then runs as many entries as were ready at that moment. What these add
//!   runs in the next one.
//! - A task is **parked** where its innermost await stands. To **wake** it is to queue its next **step**, from there to the next suspension.
//! - A **leaf** is the innermost future of an await: [`sleep`], an awaited promise, a wait in a lock's queue. Leaves talk to the loop;
//!   everything above them is plain Rust.
//!
//! # One wake-up, from end to end
//!
//! `let answer = promise.await?;` in task A, and `promise.set_result(42)` in task B:
//!
//! 1. A's step polls its coroutine (`task/step.rs`), and that the leaf (`promise/waiting.rs`). The promise is pending: the leaf puts "A's
//!    next step" among the promise's callbacks, notes in A's head for what and where A waits, and returns `Pending`. The step ends.
//! 2. B calls `set_result` (`promise/mod.rs`). The value goes into the promise's slot, and each callback becomes an entry of the ready
//!    queue, in the order in which they were added (`promise/head.rs`). Nothing runs yet: B goes on.
//! 3. The loop's next iteration (`core.rs`) takes the entry from the queue: it *is* A's step. The leaf is polled again, finds the promise
//!    done, and the await returns 42. That was one hop.
//!
//! Had somebody called `a.cancel()` between 1 and 2, the promise would have been cancelled, and the same three steps would have
//! delivered [`Kind::Cancelled`] instead. Between 2 and 3 it would have been too late for that: the promise is done. Then a flag has A's
//! next step deliver the cancellation *in place of* the value, as asyncio does.
//!
//! # Where the wakers are
//!
//! Nowhere on that way. A leaf of ours knows the task that polls it (`current.rs`) and puts it into the queue directly. The
//! [`Waker`](std::task::Waker) that a poll must hand down is for everybody else's leaves: it is the task's number in the loop's table
//! and owns nothing (`waker.rs`). Woken on another thread, it goes through the `inbox/`, the only state that is shared.
//!
//! # Reading order
//!
//! | file | what |
//! |---|---|
//! | `core.rs` | one iteration on one screen |
//! | `ready.rs`, `timers.rs`, `clock.rs` | the queue, the deadlines, the two clocks |
//! | `promise/` | `head.rs`: state and callbacks; `mod.rs`, `any.rs`: what users hold; `waiting.rs`: the leaf |
//! | `task/` | `mod.rs`: what a task knows, and `cancel`; `flags.rs`, `place.rs`, `identity.rs`: parts of that; `step.rs`: one step; `handle.rs`: what users hold; `raw.rs`: the memory, with all the unsafe code but one line |
//! | `tasks.rs`, `waker.rs`, `current.rs` | the table of tasks, the tickets, who is running |
//! | `park.rs`, `wait_queue.rs` | how a task waits without an allocation; the queue under every primitive |
//! | `sleep.rs`, `timeout.rs`, `gather/`, `wait.rs`, `as_completed.rs`, `shield.rs`, `task_group.rs`, `cancellable.rs` | one concept each, all on the above |
//! | `listener.rs`, `ensure.rs`, `handle.rs`, `weak_list.rs`, `on_drop.rs` | what these share |
//! | `event_loop.rs`, `runner.rs`, `signals.rs` | the loop as users see it; its orderly end; Ctrl-C |
//! | `reactor.rs`, `inbox/`, `remote.rs` | descriptors, other threads |
//! | `context.rs`, `error.rs`, `report.rs`, `observer.rs` | context variables, errors, what is told to whom |
//! | `holders.rs`, `graph.rs`, `deadlock.rs`, `task_tree.rs` | who waits for whom, and what is said of it |

#![deny(unsafe_code)]

mod as_completed;
mod cancellable;
mod clock;
mod context;
mod core;
mod current;
mod deadlock;
mod ensure;
mod error;
mod event_loop;
mod gather;
mod graph;
mod handle;
mod holders;
mod inbox;
mod listener;
mod observer;
mod on_drop;
mod park;
mod promise;
mod reactor;
mod ready;
mod remote;
mod report;
mod runner;
mod shield;
mod signals;
mod sleep;
mod stats;
mod task;
mod task_group;
mod task_tree;
mod tasks;
pub mod testing;
mod timeout;
mod timers;
mod wait;
mod wait_queue;
#[allow(unsafe_code, reason = "a waker is made of raw parts")]
mod waker;
mod weak_list;

pub use as_completed::{AsCompleted, as_completed};
pub use cancellable::{Cancellable, cancellable};
pub use clock::Clock;
pub use context::{Context, ContextToken, ContextVar};
pub use current::{all_tasks, current_task, running_loop, try_running_loop};
pub use ensure::{Awaitable, EnsureFuture, ensure_future};
pub use error::{Error, Kind, Result};
pub use event_loop::{EventLoop, Turn};
pub use gather::{Children, Gather, GatherOutcomes, Many, One, Tuple, gather, gather_tuple};
pub use handle::{CallbackToken, Handle, TimerHandle};
pub use observer::Observer;
pub use park::{Parking, Waiter};
pub use promise::{AnyPromise, Cloned, Promise, Taken};
pub use remote::{RemoteHandle, RemoteTask};
pub use report::{ExceptionContext, ExceptionHandler};
pub use runner::{Runner, RunnerBuilder, run};
pub use shield::shield;
pub use sleep::{Sleep, sleep, sleep_with};
pub use task::{AnyTask, Builder, Task, create_task};
pub use task_group::{TaskGroup, task_group};
pub use timeout::{Limit, Timeout, WaitFor, timeout, timeout_at, wait_for};
pub use timers::Delay;
pub use wait::{ReturnWhen, Wait, wait};
pub use wait_queue::{Claim, Claiming, WaitQueue};
