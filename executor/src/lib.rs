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

mod block;
mod edge;
mod ground;
mod handle;
mod insight;
mod leaf;
mod together;
mod wheel;

pub use block::callback::CallbackToken;
pub use block::exception::{ExceptionContext, ExceptionHandler};
pub use block::head::AnyPromise;
pub use block::holders::Holder;
pub use block::observer::Observer;
pub use block::task::AnyTask;
pub use edge::drive::Turn;
pub use edge::remote::{RemoteHandle, RemoteTask};
pub use edge::runner::{Runner, RunnerBuilder, run};
pub use edge::testing;
pub use ground::clock::Clock;
pub use ground::context::Context;
pub use ground::error::{Error, Kind, Result};
pub use ground::time::{Delay, Limit};
pub use handle::any_task::{all_tasks, current_task};
pub use handle::callback_handle::{Handle, TimerHandle};
pub use handle::event_loop::{KeepAlive, running_loop, try_running_loop};
pub use handle::promise::Promise;
pub use handle::queue_view::QueueView;
pub use handle::task::{Builder, Task, create_task};
pub use handle::waits::Waits;
pub use leaf::await_promise::{Cloned, Taken};
pub use leaf::cancellable::{Cancellable, cancellable};
pub use leaf::claim::{Claim, Claiming};
pub use leaf::parking::Parking;
pub use leaf::sleep::{Sleep, sleep, sleep_with};
pub use leaf::wait_queue::WaitQueue;
pub use leaf::waiter::Waiter;
pub use together::as_completed::{AsCompleted, as_completed};
pub use together::ensure::{Awaitable, EnsureFuture, ensure_future};
pub use together::gather::{Children, Gather, GatherOutcomes, Many, One, Tuple, gather, gather_tuple};
pub use together::shield::shield;
pub use together::task_group::{TaskGroup, task_group};
pub use together::timeout::{Timeout, timeout, timeout_at};
pub use together::wait::{ReturnWhen, Wait, wait};
pub use together::wait_for::{WaitFor, wait_for};
pub use wheel::core::EventLoop;
pub use wheel::current_context::{ContextToken, ContextVar};
