//! Ladder, step 7 of 8: a reactor.
//!
//! What is missing: step 6 is over when nothing is ready and no timer is armed. Nothing outside can wake its tasks.
//!
//! What this step adds: with nothing ready, the loop asks the operating system, by way of mio, which sockets have news, and
//! sleeps in that question. A socket is registered under the ticket of the task that uses it (mio calls it a token), so an
//! event says by itself whom to wake. Every use of a socket is one leaf: try, and while it would block, be pending.
//!
//! To keep to a page, timers and cancellation are left out. Both are a line away: the earliest deadline is the timeout of
//! the question, and `Err(Cancelled)` one more answer of the leaf.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mio::event::{Event, Source};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Token as Ticket};

type Coroutine = Pin<Box<dyn Future<Output = io::Result<()>>>>;

thread_local! {
    static TASKS: RefCell<BTreeMap<Ticket, Coroutine>> = const { RefCell::new(BTreeMap::new()) };
    static READY: RefCell<VecDeque<Ticket>> = const { RefCell::new(VecDeque::new()) };
    static REACTOR: RefCell<mio::Poll> = RefCell::new(mio::Poll::new().expect("a selector"));
    static CURRENT: Cell<Ticket> = const { Cell::new(Ticket(0)) };
    static ISSUED: Cell<usize> = const { Cell::new(0) };
}

fn spawn(coroutine: impl Future<Output = io::Result<()>> + 'static) {
    let ticket = Ticket(ISSUED.replace(ISSUED.get() + 1));
    TASKS.with_borrow_mut(|tasks| tasks.insert(ticket, Box::pin(coroutine)));
    READY.with_borrow_mut(|ready| ready.push_back(ticket));
}

/// Nobody awaits a task here, so the error of one goes to whoever runs the loop.
fn step(ticket: Ticket) -> io::Result<()> {
    let taken = TASKS.with_borrow_mut(|tasks| tasks.remove(&ticket));
    let Some(mut coroutine) = taken else {
        return Ok(());
    };
    CURRENT.set(ticket);
    let mut context = Context::from_waker(Waker::noop());
    if let Poll::Ready(outcome) = coroutine.as_mut().poll(&mut context) {
        return outcome;
    }
    TASKS.with_borrow_mut(|tasks| tasks.insert(ticket, coroutine));
    Ok(())
}

fn run() -> io::Result<()> {
    let mut events = Events::with_capacity(64);
    while !TASKS.with_borrow(BTreeMap::is_empty) {
        // While somebody is ready it only looks. Otherwise it sleeps until there is news.
        let timeout = READY.with_borrow(|ready| (!ready.is_empty()).then_some(Duration::ZERO));
        REACTOR.with_borrow_mut(|reactor| reactor.poll(&mut events, timeout))?;
        READY.with_borrow_mut(|ready| ready.extend(events.iter().map(Event::token)));
        READY.take().into_iter().try_for_each(step)?;
    }
    Ok(())
}

/// From now on, news of `source` wakes the current task.
fn watch<S: Source>(mut source: S, news: Interest) -> io::Result<S> {
    let ticket = CURRENT.get();
    REACTOR.with_borrow(|reactor| reactor.registry().register(&mut source, ticket, news))?;
    Ok(source)
}

/// Tries at once, and again whenever the task is woken. To wait first could be to wait for ever: news is told once,
/// and may have been told before.
async fn when_ready<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    poll_fn(|_| match attempt() {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        outcome => Poll::Ready(outcome),
    })
    .await
}

async fn serve_two(listener: TcpListener) -> io::Result<()> {
    let listener = watch(listener, Interest::READABLE)?;
    for number in 1..=2 {
        let (stream, _) = when_ready(|| listener.accept()).await?;
        println!("server: connection {number}");
        spawn(echo(stream));
    }
    Ok(())
}

async fn echo(stream: TcpStream) -> io::Result<()> {
    let mut stream = watch(stream, Interest::READABLE | Interest::WRITABLE)?;
    let mut buffer = [0; 64];
    loop {
        let length = when_ready(|| stream.read(&mut buffer)).await?;
        let mut rest = &buffer[..length];
        while !rest.is_empty() {
            rest = &rest[when_ready(|| stream.write(rest)).await?..];
        }
        if length == 0 {
            return Ok(());
        }
    }
}

/// The world outside: blocking code on a thread of its own. Its first connection is silent until the second has been served,
/// and must not hold it up.
fn visit(server: SocketAddr) -> io::Result<()> {
    let first = std::net::TcpStream::connect(server)?;
    let second = std::net::TcpStream::connect(server)?;
    for (mut stream, words) in [(second, "second, and quick"), (first, "first, and slow")] {
        stream.write_all(words.as_bytes())?;
        stream.shutdown(Shutdown::Write)?;
        println!("client: hears '{}'", io::read_to_string(stream)?);
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let address = listener.local_addr()?;
    let client = std::thread::spawn(move || visit(address));
    spawn(serve_two(listener));
    run()?;
    client.join().expect("the client does not panic")
}
