//! `SocketWait`: the leaf in which a task stands while a socket is not ready.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::os::fd::AsFd;
use std::panic::Location;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};

use kolo_executor::primitive::{Interest, Parking, Ready, Waiter};
use kolo_executor::{Result, Watching, try_running_loop};

use crate::address::Address;
use crate::sock::attempt::Attempt;

/// A wait for the loop to do what is asked of a socket. The call is made by the loop, in the iteration in which the socket is ready, and the
/// task goes on in the next one; the socket is watched until then, as asyncio's is by the done callback of its future.
///
/// Whoever watches the socket afterwards takes this one's place: then it waits until it is cancelled. The loop alone has the socket, so that a wait
/// that is not watched for any more does not keep it open.
pub(crate) struct SocketWait<S, A: Attempt> {
    parking: Parking,
    shared: Rc<Shared<A::Output>>,
    /// What is asked of which socket, until it begins.
    asked: Option<(Rc<S>, A)>,
    /// The socket, if it may rest between two waits.
    rests: Option<Weak<S>>,
}

/// What the task and the loop share.
struct Shared<T> {
    outcome: Cell<Option<Result<T>>>,
    waiter: OnceCell<Waiter>,
    /// While the socket is watched.
    watching: RefCell<Option<Watching>>,
}

/// What the loop does when the socket is ready.
struct Trying<S, A: Attempt> {
    socket: Rc<S>,
    attempt: RefCell<A>,
    shared: Rc<Shared<A::Output>>,
}

impl<S: AsFd + 'static, A: Attempt> SocketWait<S, A> {
    /// A wait that begins at the first poll. `site` is shown in reports as the place where the task stands.
    pub(crate) fn new(socket: Rc<S>, attempt: A, site: &'static Location<'static>) -> SocketWait<S, A> {
        SocketWait {
            parking: Parking::new(site),
            shared: Rc::new(Shared {
                outcome: Cell::new(None),
                waiter: OnceCell::new(),
                watching: RefCell::default(),
            }),
            asked: Some((socket, attempt)),
            rests: None,
        }
    }

    fn begin(&mut self, socket: Rc<S>, attempt: A) -> Result<()> {
        let trying = Rc::new(Trying {
            socket: socket.clone(),
            attempt: RefCell::new(attempt),
            shared: self.shared.clone(),
        });
        let watching = try_running_loop().and_then(|event_loop| event_loop.tell_again(&socket, A::INTEREST, trying));
        let watching = watching.map_err(|error| error.at(self.parking.site()))?;
        if watching.has_rested() || is_inet(&*socket) {
            self.rests = Some(Rc::downgrade(&socket));
        }
        self.shared.watching.replace(Some(watching));
        Ok(())
    }
}

impl<S: AsFd + 'static, A: Attempt> Future for SocketWait<S, A> {
    type Output = Result<A::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some((socket, attempt)) = this.asked.take() {
            this.begin(socket, attempt)?;
        }
        let shared = &this.shared;
        let waited = ready!(this.parking.poll(context, |waiter| drop(shared.waiter.set(waiter))));
        match (shared.watching.take(), this.rests.take()) {
            (Some(watching), Some(socket)) => watching.rest(socket),
            (watching, _) => drop(watching),
        }
        waited?;
        let outcome = this.shared.outcome.take();
        let outcome = outcome.unwrap_or_else(|| unreachable!("nobody else wakes it"));
        Poll::Ready(outcome.map_err(|error| error.at(this.parking.site())))
    }
}

/// Only sockets of TCP and UDP rest: the order of others is the system's own to the last, whoever reads from them by whatever means.
fn is_inet(socket: impl AsFd) -> bool {
    let address = rustix::net::getsockname(&socket).ok().and_then(Address::of);
    matches!(address, Some(Address::Inet(_)))
}

impl<S, A: Attempt> Drop for SocketWait<S, A> {
    fn drop(&mut self) {
        drop(self.shared.watching.take());
    }
}

/// Neither is pinned by its parts.
impl<S, A: Attempt> Unpin for SocketWait<S, A> {}

impl<S: AsFd + 'static, A: Attempt> Ready for Trying<S, A> {
    fn ready(&self, _: Interest) {
        // One that is done, or cancelled, is watched until its task goes on.
        let Some(waiter) = self.shared.waiter.get().filter(|waiter| !waiter.is_done()) else {
            return;
        };
        let attempted = self.attempt.borrow_mut().attempt(self.socket.as_fd());
        if let Poll::Ready(outcome) = attempted {
            self.shared.outcome.set(Some(outcome));
            waiter.wake();
            if let Some(watching) = &*self.shared.watching.borrow() {
                // What is left is not for this call, and in the next iteration it is watched no more.
                watching.drained();
            }
        }
    }
}

impl<S, A: Attempt> fmt::Debug for Trying<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<SocketWait>")
    }
}
