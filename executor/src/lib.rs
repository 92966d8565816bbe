//! The event loop of kolo: one thread, one queue, and exactly asyncio's order of events.
//!
//! Users take this crate through the facade `kolo`. This page is for those who read the source: the floors of the house, the words, the way
//! of one wake-up through the files, what the marks for the compiler are for, and ten pages to read first.
//!
//! # The house
//!
//! ```text
//!   edge       running a loop; Ctrl-C, other threads
//!   insight    who waits for whom, and what is said of it
//!   together   several at once, and limits: gather, wait, shield, groups, timeouts
//!   leaf       where a coroutine stands still: await, park, queue, sleep
//!   handle     what users hold: promises, tasks, the loop
//!   wheel      the loop: what is queued, who runs, one turn
//!   block      what promises and tasks are made of
//!   ground     data structures that know nothing of kolo
//! ```
//!
//! A file knows its own floor and those below, and imports a name from the file that defines it; a test keeps it so. **Nouns stand low, verbs
//! with their concept**: a type stands where all can know it that must, and what is done to it in the file that is about doing it. So the
//! tasks of the wheel can be cancelled, stepped and woken, each in a file of that name; `EventLoop` stands in `wheel/core.rs`, but what users
//! ask of it in `handle/`, and how it is run in `edge/`.
//!
//! # Words
//!
//! - A **coroutine** is any future whose output is a [`Result`]. It does nothing until somebody polls it.
//! - A **promise** ([`Promise`], asyncio's Future) is a result that will be there later, and a list of **callbacks** for then. Everything that
//!   suspends, suspends on a promise, or on something that cannot be told from one.
//! - A **task** ([`Task`]) is a coroutine that runs on its own, and the promise of its outcome. Both are one **block** of memory.
//! - The **ready queue** holds what is to run next, its **entries**. One trip through it is a **hop**. Hops decide who prints first, so they
//!   are part of what is promised: what costs a hop in asyncio costs a hop here, and nothing else does.
//! - An **iteration**, or turn, of the loop waits for something to happen, then runs as many entries as were ready at that moment. What these
//!   add runs in the next one. A **burst** is what is ready beyond what one list holds.
//! - A **step** runs a task up to its next suspension. A task is **parked** where its innermost await stands, whose line of source is the
//!   **site**. To **wake** it is to queue its next step.
//! - A **leaf** is the innermost future of an await: [`sleep`], an awaited promise, a wait in a lock's queue. Leaves talk to the loop;
//!   everything above them is plain Rust. A **direct** poll comes from the task itself, an **indirect** one from a combinator within it that
//!   has wakers of its own.
//! - A **berth** is the parking place that every task has of its own: a promise of nothing without an allocation. A **waiter** ([`Waiter`](primitive::Waiter)) is
//!   one wait as it stands in a queue, in a berth or with a promise of its own. A **claim** ([`Claim`](primitive::Claim)) is what a task wants that waits in a
//!   queue.
//! - A **listener** is told of the ends of several promises: a gather, a group. A **scope** is a stretch
//!   of a task that ends its body by itself, a deadline or a group. What the task stands on there is a **part** of it.
//! - A **ticket** is the number by which a task can be found again, if it still exists. A **letter** is what another thread asks of the loop.
//!
//! # One wake-up, from end to end
//!
//! `let answer = promise.await?;` in task A, and `promise.set_result(42)` in task B:
//!
//! 1. A's step polls its coroutine, and that the leaf (`leaf/await_promise.rs`). The promise is pending: the leaf puts "A's next step" among the
//!    promise's callbacks, notes in A's head for what and where A waits, and returns `Pending`. The step ends.
//! 2. B calls `set_result` (`handle/promise.rs`). The value goes into the promise's slot (`block/raw.rs`), and each callback becomes an entry of
//!    the ready queue, in the order in which they were added (`wheel/complete.rs`). A's is A's next step (`wheel/wake.rs`, `ground/ready.rs`).
//!    Nothing runs yet: B goes on.
//! 3. The loop's next iteration (`wheel/run.rs`) takes the entry from the queue: it *is* A's step (`wheel/step.rs`). The coroutine is polled
//!    (`block/raw.rs`), and with it the leaf (`leaf/await_promise.rs`), which finds the promise done: the await returns 42
//!    (`handle/promise.rs`, `block/raw.rs`). That was one hop.
//!
//! Down to the queue, and from the queue down into the block and up through the user's code: ten changes of file. Had somebody called
//! `a.cancel()` between 1 and 2, the promise would have been cancelled, and the same three steps would have delivered [`Kind::Cancelled`]
//! instead. Between 2 and 3 it would have been too late for that: the promise is done. Then A's next step delivers the cancellation *in place
//! of* the value, as asyncio does: a flag of the task says so, and the leaf that was the last to park it takes it (`block/stand.rs`).
//!
//! # Where the wakers are
//!
//! Not on that way, and yet at hand. A leaf looks by whom it is polled (`leaf/polled.rs`): which task runs is known to the thread
//! (`wheel/current.rs`), and whether that task polls the leaf directly is told by the [`Waker`](std::task::Waker) in the poll's context, which
//! then is the task's own. Polled so, the leaf leaves the *task* where it will be woken from, and uses no waker. Polled indirectly, it leaves
//! the waker, because only that leads back to it. The waker of a task is its ticket and owns nothing (`wheel/waker.rs`);
//! its copies are counted (`wheel/copies.rs`), because who has one may end a standstill. Woken on another
//! thread, it becomes a letter (`wheel/inbox.rs`, `ground/mailbox.rs`), the only state that is shared.
//!
//! # Marks for the compiler
//!
//! A step takes some three hundred instructions, so a call that is not inlined, or a register that is saved for a case that never comes, can be
//! seen. Without any mark a yield takes 41 % more. `inline(always)` stands on what is on the way of every hop and small, or generic and called
//! across crates. `cold` stands on what is seldom needed (observers, bursts, foreign combinators, the second waiter), which is then a function
//! of its own, so that the usual way does not pay for its registers; `inline(never)` on the few functions that are called from many places on
//! that way. They were put where callgrind showed a difference (`scripts/instructions`), and nowhere else.
//!
//! # Reading order
//!
//! The executor has some 18,700 lines. These ten pages, about 2,200 lines, are the core; the rest is one concept
//! a page, on top of them, and can be read in any order.
//!
//! | page | what |
//! |---|---|
//! | `wheel/run.rs` | one turn of the loop |
//! | `ground/ready.rs` | the queue |
//! | `block/head.rs` | what every promise has: a state and callbacks |
//! | `wheel/complete.rs` | a promise is done: its callbacks are queued |
//! | `block/task.rs` | what a task knows besides |
//! | `wheel/step.rs` | one step |
//! | `wheel/wake.rs` | the next step is queued |
//! | `leaf/await_promise.rs` | one await of one promise |
//! | `handle/promise.rs` | what users hold |
//! | `wheel/cancel/mod.rs` | a promise, and a task, is cancelled |
//!
//! After these: `block/raw.rs` for the memory and the unsafe code, `leaf/parking.rs` and `leaf/wait_queue.rs` for what locks and queues stand on,
//! `together/gather/` for how several are one, `insight/deadlock.rs` for how a deadlock is proved.

#![deny(unsafe_code)]
// Elsewhere `kolo` says so, and there is nothing else to say.
#![cfg(unix)]

mod block;
mod edge;
mod ground;
mod handle;
mod insight;
mod leaf;
mod together;
mod wheel;

pub use block::callback::CallbackToken;
pub use block::coroutine::Coroutine;
pub use block::exception::{ExceptionContext, ExceptionHandler};
pub use block::head::AnyPromise;
pub use block::observer::Observer;
pub use block::task::AnyTask;
#[doc(hidden)]
pub use edge::attributes;
pub use edge::completer::Completer;
pub use edge::remote::{RemoteHandle, RemoteTask};
pub use edge::remote_ref::{CallOutcome, RemoteRef};
pub use edge::runner::{Runner, RunnerBuilder, run};
pub use edge::testing;
pub use edge::turn::Turn;
pub use ground::clock::Clock;
pub use ground::context::Context;
pub use ground::error::{Error, IncompleteRead, Kind, LimitOverrun, OsError, Passage, Result};
pub use ground::time::{Delay, Limit};
pub use handle::any_task::{all_tasks, current_task};
pub use handle::callback_handle::{Handle, TimerHandle};
pub use handle::descriptors::Watching;
pub use handle::event_loop::{running_loop, try_running_loop};
pub use handle::promise::Promise;
pub use handle::standstill::KeepAlive;
pub use handle::task::{Builder, Task, create_task};
pub use handle::waits::Waits;
pub use leaf::cancellable::{Cancellable, cancellable};
pub use leaf::readiness::{Readiness, readable, writable};
pub use leaf::sleep::{Sleep, sleep, sleep_with};
pub use together::as_completed::{AsCompleted, as_completed};
pub use together::ensure::{Awaitable, EnsureFuture, ensure_future};
pub use together::gather::{Gather, GatherOutcomes, gather, gather_tuple};
pub use together::several::Several;
pub use together::shield::shield;
pub use together::task_group::{TaskGroup, task_group};
pub use together::timeout::{Timeout, timeout, timeout_at};
pub use together::wait::{ReturnWhen, Wait, wait};
pub use together::wait_for::{WaitFor, wait_for};
pub use wheel::core::EventLoop;
pub use wheel::current_context::{ContextToken, ContextVar};

pub mod primitive {
    //! For authors of primitives: what kolo's own locks and queues stand on. Programs that only use them need nothing of it.
    //!
    //! A primitive is a few cells of state and a [`WaitQueue`], in which tasks stand in line. For each kind of wait it has a [`Claim`], which says
    //! what a task wants that waits there, how it is taken, and how it is passed on when the task is cancelled or dropped. The example of
    //! [`WaitQueue`] is a whole primitive. What is built so wakes in asyncio's order, loses no grant, and is shown in
    //! [`task_tree`](crate::EventLoop::task_tree) and in the reports of deadlocks as kolo's own is: with its [`Holder`]s, if it
    //! [notes](WaitQueue::note_taken) them.
    //!
    //! What waits in no queue is made of a [`Promise`](crate::Promise); a leaf of another shape (a future that also does something else while it
    //! waits) of a [`Parking`], which hands out a [`Waiter`].
    //!
    //! What reads and writes by itself, as a transport does, has a [`Source`]: its descriptor, and a [`Ready`] that the loop tells of it.

    pub use crate::block::holders::Holder;
    pub use crate::ground::stderr::say;
    pub use crate::handle::queue_view::QueueView;
    pub use crate::handle::source::Source;
    pub use crate::leaf::claim::{Claim, Claiming, Giving};
    pub use crate::leaf::parking::Parking;
    pub use crate::leaf::wait_queue::WaitQueue;
    pub use crate::leaf::waiter::Waiter;
    pub use crate::wheel::registered::{Interest, Ready};
}

pub mod types {
    //! The names of types that come out of kolo's functions, for the fields and signatures in which they have to be written.
    //!
    //! A struct that keeps a gather of coroutines has a field of type `Gather<Many<Task<T>, T>>`; one that keeps an await of a task under way, to
    //! be polled by hand, has a [`Taken<T>`](Taken).

    pub use crate::leaf::await_promise::{Cloned, Settled, Taken};
    pub use crate::together::gather::{Children, Gathering, Many, One, Tuple};
}
