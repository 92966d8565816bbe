//! A listening socket, and what is done with each connection that it accepts.

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::rc::{Rc, Weak};

use kolo_executor::primitive::{Interest, Ready, Source};
use kolo_executor::{Context, Error, EventLoop, ExceptionContext, Result};
use rustix::io::Errno;

use crate::address::Address;
use crate::protocol::Protocol;
use crate::server::clients::Clients;
use crate::server::listening::Bound;
use crate::sock::accept::accept;
use crate::system::refused;
use crate::transport::layer::{self, Layer};
use crate::transport::socket::SocketTransport;

/// How long the loop rests, in seconds, that has no descriptors left for another connection.
const RETRY_DELAY: f64 = 1.0;

/// Makes the protocol of a new connection; and what is between that and the socket.
pub(crate) type Accept = (Rc<dyn Fn() -> Rc<dyn Protocol>>, Option<Layer>);

pub(crate) struct Listener {
    this: Weak<Listener>,
    /// `None` once it is closed.
    bound: RefCell<Option<Bound>>,
    source: OnceCell<Source>,
    backlog: u32,
    accept: Accept,
    clients: Rc<Clients>,
    /// In which tasks for connections are made.
    context: RefCell<Context>,
}

impl Listener {
    pub(crate) fn new(
        event_loop: &EventLoop,
        bound: Bound,
        backlog: u32,
        accept: Accept,
        clients: Rc<Clients>,
    ) -> Result<Rc<Listener>> {
        let listener = Rc::new_cyclic(|this| Listener {
            this: this.clone(),
            bound: RefCell::new(None),
            source: OnceCell::new(),
            backlog,
            accept,
            clients,
            context: RefCell::new(Context::new()),
        });
        let source = Source::new(event_loop, &bound.socket, listener.clone())?;
        listener.source.get_or_init(|| source);
        listener.bound.replace(Some(bound));
        Ok(listener)
    }

    pub(crate) fn address(&self) -> Option<Address> {
        self.bound.borrow().as_ref().and_then(Bound::address)
    }

    /// Begins to accept.
    pub(crate) fn listen(&self) -> Result<()> {
        {
            let bound = self.bound.borrow();
            let Some(bound) = &*bound else { return Ok(()) };
            let backlog = self.backlog.try_into().unwrap_or(i32::MAX);
            rustix::net::listen(&bound.socket, backlog).map_err(refused)?;
        }
        self.context.replace(Context::current());
        self.watch()
    }

    fn watch(&self) -> Result<()> {
        self.source.get().map_or(Ok(()), |source| source.watch(Interest::Read))
    }

    pub(crate) fn close(&self) {
        if let Some(source) = self.source.get() {
            source.close();
        }
        drop(self.bound.take());
    }

    fn event_loop(&self) -> Option<EventLoop> {
        self.source.get()?.event_loop()
    }

    /// Takes all connections that wait, or as many as may wait at the most.
    fn accept_all(&self) {
        for _ in 0..self.backlog {
            let accepted = match &*self.bound.borrow() {
                Some(bound) => accept(bound.socket.as_fd()),
                None => return,
            };
            match accepted {
                Ok((socket, peer)) => self.connect(socket, peer),
                Err(Errno::AGAIN | Errno::INTR | Errno::CONNABORTED) => {
                    if let (Err(Errno::AGAIN), Some(source)) = (accepted, self.source.get()) {
                        source.drained(Interest::Read);
                    }
                    return;
                }
                Err(error @ (Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM)) => return self.rest(error),
                Err(error) => return self.report("Exception in callback", refused(error)),
            }
        }
    }

    /// Makes the connection's protocol and transport, in a task.
    fn connect(&self, socket: OwnedFd, peer: Address) {
        let Some(event_loop) = self.event_loop() else { return };
        let (accept, layer) = self.accept.clone();
        let (clients, own_loop) = (self.clients.clone(), event_loop.clone());
        let context = self.context.borrow().clone();
        context.run(|| {
            event_loop.create_task(async move {
                // The server was closed meanwhile.
                if clients.is_closed() {
                    return Ok(());
                }
                let made = own_loop.create_promise();
                let begin = |protocol, made| SocketTransport::accepted(&own_loop, (socket, peer), protocol, &clients, made);
                let transport = layer::start(accept(), made.clone(), layer.as_ref(), begin)?;
                if made.await.is_err() {
                    transport.close();
                }
                Ok(())
            });
        });
    }

    /// There are no descriptors left: what waits is taken later.
    fn rest(&self, error: Errno) {
        self.report("socket.accept() out of system resource", refused(error));
        if let Some(source) = self.source.get() {
            source.unwatch(Interest::Read);
        }
        let (Some(event_loop), Some(this)) = (self.event_loop(), self.this.upgrade()) else {
            return;
        };
        event_loop.call_later(RETRY_DELAY, move || {
            if let Err(error) = this.watch() {
                this.report("Exception in callback", error);
            }
        });
    }

    fn report(&self, message: &str, error: Error) {
        if let Some(event_loop) = self.event_loop() {
            let context = ExceptionContext::new(message).with_error(error);
            event_loop.call_exception_handler(&context.with_detail("socket", self));
        }
    }
}

impl Ready for Listener {
    fn ready(&self, _: Interest) {
        self.accept_all();
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.bound.borrow() {
            Some(bound) => {
                write!(f, "<Listener fd={}", bound.socket.as_raw_fd())?;
                if let Some(address) = bound.address() {
                    write!(f, " laddr={address}")?;
                }
                f.write_str(">")
            }
            None => f.write_str("<Listener closed>"),
        }
    }
}
