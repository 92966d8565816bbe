//! kolo: a single-threaded event loop that behaves exactly like CPython's asyncio: the same events, in the same order, with the same
//! cancellation. One thread, no `Send` bounds; and where asyncio would hang for ever, kolo says who waits for whom.
//!
//! ```
//! use kolo::{Result, create_task, run, sleep};
//!
//! async fn say_after(delay: f64, what: &str) -> Result<()> {
//!     sleep(delay).await?;
//!     println!("{what}");
//!     Ok(())
//! }
//!
//! fn main() -> Result<()> {
//!     run(async {
//!         let hello = create_task(say_after(0.01, "hello"));
//!         let world = create_task(say_after(0.02, "world"));
//!         hello.await?;
//!         world.await
//!     })
//! }
//! ```
//!
//! In a checkout, two commands; no other set-up is needed:
//!
//! ```text
//! cargo run --example say_after_tasks      # run an example of the notes
//! cargo test --workspace                   # run the tests
//! ```
//!
//! A **coroutine** ([`Coroutine`]) is any future whose output is a [`Result`]. Every await that may suspend gives one, because each is a point where a
//! cancellation can arrive: `?` lets it through, `if let Err(error)` is `except`. Times are seconds, as `1`, `0.5` or a
//! [`Duration`](std::time::Duration).
//!
//! # From asyncio
//!
//! Names are asyncio's, less `get_`. Handles (tasks, promises, locks, queues, loops) are cheap to clone: clones are the same thing.
//!
//! | asyncio | kolo |
//! |---|---|
//! | `asyncio.run(main())`, `asyncio.Runner` | [`run`], [`Runner`] |
//! | `asyncio.create_task(c)`, with `name=`, `context=` | [`create_task`], [`Task::builder`] |
//! | `asyncio.Task`: `cancel()`, `done()`, `result()`, `exception()`, `get_name()` | [`Task`]: [`cancel`](Promise::cancel), [`done`](Promise::done), [`result`](Promise::result), [`error`](Promise::error), [`name`](Task::name) |
//! | `asyncio.Future`, `loop.create_future()` | [`Promise`], [`EventLoop::create_promise`] |
//! | `asyncio.sleep(1)`, `sleep(1, value)` | [`sleep`], [`sleep_with`] |
//! | `asyncio.gather(*awaitables)`, of different types, `return_exceptions=True` | [`gather()`], [`gather!`], [`return_exceptions`](Gather::return_exceptions) |
//! | `asyncio.wait(tasks, return_when=...)` | [`wait()`] |
//! | `asyncio.wait_for(awaitable, 1)`; without a limit | [`wait_for`]; with `None` |
//! | `async with asyncio.timeout(1):`, `timeout_at`, `cm.reschedule(...)` | [`timeout`], [`timeout_at`], [`Timeout`] |
//! | `asyncio.shield(awaitable)` | [`shield`] |
//! | `asyncio.as_completed(awaitables)` | [`as_completed`] |
//! | `async with asyncio.TaskGroup() as group:` | [`task_group`] |
//! | `asyncio.ensure_future(awaitable)` | [`ensure_future`] |
//! | `asyncio.current_task()`, `all_tasks()` | [`current_task`], [`all_tasks`] |
//! | `async with lock:`, `lock.acquire()`, `lock.release()` | [`Lock`]: `let _held = lock.`[`hold()`](Lock::hold)`.await?`, [`acquire`](Lock::acquire), [`release`](Lock::release) |
//! | `asyncio.Event`, `Condition`, `Semaphore`, `BoundedSemaphore`, `Barrier` | [`Event`], [`Condition`], [`Semaphore`], [`BoundedSemaphore`], [`Barrier`] |
//! | `asyncio.Queue`, `LifoQueue`, `PriorityQueue` | [`Queue`], [`LifoQueue`], [`PriorityQueue`], all of them an [`AnyQueue`] |
//! | `contextvars.ContextVar`, `Context` | [`ContextVar`], [`Context`] |
//! | `asyncio.get_running_loop()`, `new_event_loop()` | [`running_loop`], [`EventLoop::new`] |
//! | `loop.call_soon(f)`, `call_later`, `call_at`, `time()` | [`EventLoop::call_soon`], [`call_later`](EventLoop::call_later), [`call_at`](EventLoop::call_at), [`time`](EventLoop::time) |
//! | `loop.run_until_complete(c)`, `run_forever()`, `stop()` | [`EventLoop::run_until_complete`], [`run_forever`](EventLoop::run_forever), [`stop`](EventLoop::stop) |
//! | `loop.add_reader(fd, f)`, `add_writer` | [`EventLoop::add_reader`], [`add_writer`](EventLoop::add_writer); as an await [`readable`], [`writable`] |
//! | `loop.call_soon_threadsafe(f)`, `asyncio.run_coroutine_threadsafe(c, loop)` | [`RemoteHandle::call_soon`], [`RemoteHandle::spawn`], of [`EventLoop::remote`]; [`EventLoop::remote_ref`], [`EventLoop::remote_promise`] |
//! | `loop.run_in_executor(None, f)`, with a pool, `asyncio.to_thread(f)`, `asyncio.wrap_future(f)` | [`run_in_executor`], [`to_thread`], [`wrap_future`] |
//! | `loop.set_default_executor(pool)`, `shutdown_default_executor()` | [`set_default_executor`], [`shutdown_default_executor`] |
//! | `concurrent.futures.ThreadPoolExecutor`, `Future`, `wait`, `as_completed` | [`ThreadPoolExecutor`], [`concurrent::Job`], [`concurrent::wait`], [`concurrent::as_completed`] |
//! | `concurrent.futures.ProcessPoolExecutor`, `functools.partial(f, 5)` | `ProcessPoolExecutor`, `partial!(f, 5)`, after `processes!(f)` in `main`; with the feature `processes` |
//! | `multiprocessing.Process(target=f, args=(5,))`, `Value`, `Array`, `get_lock()` | `multiprocessing`, with the feature `processes` |
//! | `asyncio.create_subprocess_exec(...)`, `create_subprocess_shell`, `Process`: `communicate()`, `wait()`, `kill()` | [`create_subprocess_exec`], [`create_subprocess_shell`], [`Process`] |
//! | `loop.add_signal_handler(sig, f)`, `remove_signal_handler`; `loop.connect_read_pipe(...)`, `connect_write_pipe` | [`add_signal_handler`], [`remove_signal_handler`]; [`connect_read_pipe`], [`connect_write_pipe`], [`stdin`] |
//! | `input()`, which stops the loop | [`input`], which does not |
//! | `aiofiles.open(path, mode)` | [`open`], [`open_binary`]: a [`File`] |
//! | `loop.set_exception_handler(f)`, `set_debug(True)` | [`EventLoop::set_exception_handler`], [`set_debug`](EventLoop::set_debug) |
//! | `await asyncio.open_connection(host, port)`, with `limit=`, `local_addr=`, `happy_eyeballs_delay=`, `ssl=`; `open_unix_connection` | [`open_connection`]`((host, port)).await?`, [`OpenConnection`]; [`open_unix_connection`], [`open_connection_on`] |
//! | `StreamReader`: `read(n)`, `read()`, `readline()`, `readexactly(n)`, `readuntil(sep)`, `async for line in reader` | [`StreamReader`]: [`read`](StreamReader::read), [`read_to_end`](StreamReader::read_to_end), [`read_line`](StreamReader::read_line), [`read_exactly`](StreamReader::read_exactly), [`read_until`](StreamReader::read_until), [`lines`](StreamReader::lines) |
//! | `StreamWriter`: `write(data)`, `await drain()`, `write_eof()`, `close()`, `await wait_closed()`, `get_extra_info("peername")`, `start_tls` | [`StreamWriter`]: [`write`](StreamWriter::write), [`drain`](StreamWriter::drain), [`write_eof`](StreamWriter::write_eof), [`close`](StreamWriter::close), [`wait_closed`](StreamWriter::wait_closed), [`peer_address`](StreamWriter::peer_address), `start_tls` with the feature `tls` |
//! | `await asyncio.start_server(f, host, port)`, with `backlog=`, `reuse_port=`, `start_serving=False`; `start_unix_server` | [`start_server`]`(f, (host, port)).await?`, [`StartServer`]; [`start_unix_server`] |
//! | `Server`: `serve_forever()`, `sockets`, `close()`, `wait_closed()`, `close_clients()` | [`Server`]: [`serve_forever`](Server::serve_forever), [`addresses`](Server::addresses), [`close`](Server::close), [`wait_closed`](Server::wait_closed), [`close_clients`](Server::close_clients) |
//! | `asyncio.Protocol`, `Transport`, `loop.create_connection(...)`, `create_server` | [`Protocol`], [`Transport`], [`create_connection`], [`create_server`] |
//! | `asyncio.DatagramProtocol`, `loop.create_datagram_endpoint(...)` | [`DatagramProtocol`], [`create_datagram_endpoint`] |
//! | `loop.sock_accept(sock)`, `sock_connect`, `sock_recv`, `sock_recv_into`, `sock_recvfrom`, `sock_sendall`, `sock_sendto` | [`sock_accept`], [`sock_connect`], [`sock_recv`], [`sock_recv_into`], [`sock_recvfrom`], [`sock_sendall`], [`sock_sendto`] |
//! | `loop.getaddrinfo(host, port)`, `loop.sendfile(transport, file)` | [`getaddrinfo`], [`Transport::sendfile`] |
//! | `ssl.create_default_context()`; of a server, `ssl.SSLContext` | `TlsClient`, `TlsServer`, with the feature `tls` |
//! | `asyncio.CancelledError`, `TimeoutError`, `QueueEmpty`, ... | [`Kind::Cancelled`], [`Kind::Timeout`], [`Kind::QueueEmpty`], ...: the [`Kind`]s of one [`Error`] |
//!
//! Where something differs that a program can see, it is in the README's table [Where it differs from asyncio](readme#where-it-differs-from-asyncio).
//! In short: a value comes out of a task once (`task.await`), or is cloned (`(&task).await`); a run that can never go on ends with an error of kind
//! [`Deadlock`](Kind::Deadlock); a panic is its task's error; what asyncio leaves to chance has one order here.
//!
//! # Sockets, streams and servers
//!
//! A server is a function of a [`StreamReader`] and a [`StreamWriter`]; [`Server`] has one, whole. Both together are [`Streams`], which have
//! the traits of `futures_io`. With the feature `tls` the same streams go over TLS. With the feature `http` there is `kolo::http`, a client and a
//! server in aiohttp's shape, on hyper; and what hyper itself needs to run on kolo's loop.
//!
//! # Awaiting several things
//!
//! [`gather()`] and its like take coroutines, tasks and promises as they are. Combinators of other crates (`join_all`, `join!`, `select!`,
//! `FuturesUnordered`, `race`) work in kolo too, but take futures only. A coroutine is one. A [`Task`], a [`Promise`] and a gather are handles, which
//! may be awaited again and again; their future comes from [`into_future`](IntoFuture::into_future), which `.await` calls by itself and
//! there you do:
//!
//! ```
//! use std::pin::pin;
//!
//! use futures_util::future::{Either, join_all, select};
//! use kolo::{create_task, run, sleep, sleep_with};
//!
//! run(async {
//!     let tasks: Vec<_> = (1..=3).map(|n| create_task(sleep_with(0.01, n))).collect();
//!     let values = join_all(tasks.iter().map(|task| task.into_future())).await;
//!     assert_eq!(values.into_iter().sum::<kolo::Result<i32>>()?, 6);
//!
//!     let slow = create_task(sleep_with(3600, "slow"));
//!     // A reference leaves the task to be awaited again.
//!     let first = match select(pin!((&slow).into_future()), pin!(sleep(0.01))).await {
//!         Either::Left((value, _)) => value?,
//!         Either::Right((outcome, _)) => outcome.map(|()| "late")?,
//!     };
//!     assert_eq!(first, "late");
//!     assert!(!slow.done()); // an await that is dropped ends nothing but itself
//!     Ok(())
//! })
//! .unwrap();
//! ```
//!
//! `tasks.into_iter().map(|task| task.into_future())` moves the values out instead of cloning them.
//!
//! # Cancellation
//!
//! [`cancel`](Promise::cancel) is a request, as in asyncio: the await at which the task stands returns an error of kind
//! [`Cancelled`](Kind::Cancelled); the coroutine cleans up, with awaits if it likes, and returns the error, or goes on. [`timeout`],
//! [`wait_for`] and [`task_group`] cancel what they limit. Futures of other crates can be awaited as they are; wrapped in [`cancellable`], or
//! in one of those three, a cancellation arrives there too as an error. The table [who cancels what](cancellable#who-cancels-what) has all
//! cases.
//!
//! A guard lives as long as its name: `let _held = lock.hold().await?` holds to the end of the block, `let _ = lock.hold().await?` drops the
//! guard at once and protects nothing. `let _ = sleep(1)`, without an await, does nothing at all: a coroutine runs when it is awaited or made a
//! task, and `let _ =` keeps the compiler from saying that it never will. A `std::sync::Mutex` must not be locked across an await: another task of
//! the same thread that wants it would stop the thread, and the loop with it. Between two awaits nobody else runs, so a `Cell` or a `RefCell` is
//! enough for state that is not touched across one.
//!
//! # Errors
//!
//! Everything fails with an [`Error`], which is small, cheap to clone, and has a [`Kind`] in asyncio's vocabulary. `?` turns any error of the
//! standard library, or of yours, into one; [`downcast_ref`](Error::downcast_ref) finds it again. The other way, into a
//! `Box<dyn std::error::Error>`, an `io::Error` and, with the feature `anyhow`, an `anyhow::Error`, it is `?` too. An error knows the
//! [line](Error::place) where it was made, and the [tasks](Error::trail) that it came through. A panic in a task is an error of kind [`Panic`](Kind::Panic) for whoever awaits it. An error that nobody looked
//! at is told of on standard error, or to the [exception handler](EventLoop::set_exception_handler).
//!
//! # Embedding
//!
//! A program with a main loop of its own calls [`EventLoop::turn`], which runs one iteration, never waits, and says when to [come back](Turn).
//! [`EventLoop::run_until_complete`] runs a loop up to a result and leaves it for the next time. What happens meanwhile is seen at the
//! loop's descriptor (it is [`AsFd`](std::os::fd::AsFd)), or told by a [callback](EventLoop::on_wake). Other threads reach a loop's values through
//! [`EventLoop::remote_ref`], give one value by [`EventLoop::remote_promise`], and have things called there by [`EventLoop::remote`]; a task waits
//! for a descriptor with [`readable`] and [`writable`]; a task waits for a thread, or for a channel of another crate, by awaiting it. `EventLoop` implements
//! `futures_task::LocalSpawn`.
//!
//! # Testing
//!
//! The module [`testing`] has a run on the virtual clock, exact traces, and single hops. `KOLO_CLOCK=virtual` has any program run on that
//! clock (the other word is `real`), `KOLO_DEBUG=1` or `true` tells of slow steps, `KOLO_STATS=1` or `true` counts iterations; `0` and `false` turn
//! these two off, and any other word is refused. With the feature `macros`, `#[kolo::test]` makes a test of a
//! coroutine, on the virtual clock, and `#[kolo::main]` a program.
//!
//! # For authors of primitives
//!
//! What locks and queues stand on is public too, in [`primitive`]; the names of types that only signatures mention are in [`types`].
//! [`Observer`], [`AnyTask::waits`] and [`EventLoop::queues`] show what goes on.
#![forbid(unsafe_code)]

#[cfg(not(unix))]
compile_error!("kolo needs Unix: its loop waits by epoll or kqueue, and takes its signals and descriptors as Unix gives them");

#[cfg(unix)]
pub use kolo_executor::*;
#[cfg(feature = "http")]
#[cfg(unix)]
pub use kolo_http as http;
#[cfg(feature = "macros")]
#[cfg(unix)]
pub use kolo_macros::{main, test};
#[cfg(unix)]
pub use kolo_net::*;
#[cfg(unix)]
pub use kolo_os::*;
#[cfg(feature = "processes")]
#[cfg(unix)]
pub use kolo_processes::*;
#[cfg(unix)]
pub use kolo_sync::*;
#[cfg(unix)]
pub use kolo_threads::*;

// A page of the documentation, and its blocks of code are compiled with the others.
#[cfg(any(doc, doctest))]
#[doc = include_str!("../README.md")]
pub mod readme {}

/// For its blocks of code.
#[cfg(doctest)]
#[doc = include_str!("../examples/README.md")]
struct Catalogue;
