//! The connections of a session: kept for the next request, and limited in number.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use http::Request;
use hyper::body::Incoming;
use kolo_executor::{Error, Kind, Result, TimerHandle, running_loop, timeout};
use kolo_sync::{Permit, Semaphore};

use crate::body::Body;
use crate::client::connection::{Connection, Tls};
use crate::client::timeout::ClientTimeout;
use crate::error::ClientError;
use crate::url::Url;

/// Which connections are as good as each other: whether TLS, the host, the port.
type Key = (bool, String, u16);

fn key_of(url: &Url) -> Key {
    (url.is_https(), url.host().to_owned(), url.port())
}

/// What a session is told of its connections.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// How many are in use at a time; 0 is as many as are asked for.
    pub(crate) all: usize,
    /// How many to one host.
    pub(crate) per_host: usize,
    /// How long one is kept that nobody uses, in seconds. `None`: not at all.
    pub(crate) keep: Option<f64>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            all: 100,
            per_host: 0,
            keep: Some(15.0),
        }
    }
}

/// Mirrors `aiohttp.TCPConnector`.
pub(crate) struct Connector {
    limits: Limits,
    pub(crate) tls: Tls,
    all: Semaphore,
    hosts: RefCell<BTreeMap<Key, Semaphore>>,
    /// Those that nobody uses, the last one given back at the end, and until when each is kept.
    idle: RefCell<BTreeMap<Key, Vec<(Connection, f64)>>>,
    sweep: RefCell<Option<TimerHandle>>,
    is_closed: Cell<bool>,
}

/// As many permits as there can be.
const NO_LIMIT: usize = usize::MAX;

fn semaphore(limit: usize) -> Semaphore {
    let permits = if limit == 0 { NO_LIMIT } else { limit };
    // A number that is not below zero.
    Semaphore::new(permits).unwrap_or_else(|_| unreachable!("a semaphore takes any number of permits"))
}

impl Connector {
    pub(crate) fn new(limits: Limits, tls: Tls) -> Rc<Connector> {
        Rc::new(Connector {
            limits,
            tls,
            all: semaphore(limits.all),
            hosts: RefCell::default(),
            idle: RefCell::default(),
            sweep: RefCell::default(),
            is_closed: Cell::new(false),
        })
    }

    /// A connection to the host of `url`, for as long as the lease lives: one that was kept, or a new one.
    pub(crate) async fn lease(self: &Rc<Self>, url: &Url, limit: &ClientTimeout) -> Result<Lease> {
        let leased = timeout(limit.connect, async {
            let mut lease = Lease {
                key: key_of(url),
                connector: self.clone(),
                connection: None,
                of_host: None,
                of_all: None,
            };
            // The wait for a host's turn must not hold up the other hosts.
            if self.limits.per_host > 0 {
                let host = self.host(&lease.key);
                lease.of_host = Some(host.hold().await?);
            }
            lease.of_all = Some(self.all.hold().await?);
            if self.is_closed.get() {
                return Err(ClientError::SessionClosed.into());
            }
            while let Some(mut kept) = self.take(&lease.key) {
                if kept.is_ready().await {
                    lease.connection = Some(kept);
                    return Ok(lease);
                }
            }
            let opening = Connection::open(url, &self.tls);
            lease.connection = Some(timeout(limit.sock_connect, opening).await?);
            Ok(lease)
        });
        leased.await.map_err(|error| match error.is_timeout() {
            true => Error::new(Kind::Timeout, format!("Connection timeout to host {url}")).with_source(error),
            false => error,
        })
    }

    fn host(&self, key: &Key) -> Semaphore {
        let hosts = &mut *self.hosts.borrow_mut();
        let per_host = self.limits.per_host;
        hosts.entry(key.clone()).or_insert_with(|| semaphore(per_host)).clone()
    }

    /// The one that was given back last: it has the best chance to be alive.
    fn take(&self, key: &Key) -> Option<Connection> {
        loop {
            let taken = {
                let idle = &mut *self.idle.borrow_mut();
                let kept = idle.get_mut(key)?;
                let taken = kept.pop();
                if kept.is_empty() {
                    idle.remove(key);
                }
                taken
            };
            match taken?.0 {
                closed if closed.is_closed() => drop(closed),
                alive => return Some(alive),
            }
        }
    }

    fn keep(self: &Rc<Self>, key: Key, connection: Connection) {
        let Some(keep) = self.limits.keep.filter(|_| !self.is_closed.get() && !connection.is_closed()) else {
            return connection.abort();
        };
        let until = running_loop().time() + keep;
        self.idle.borrow_mut().entry(key).or_default().push((connection, until));
        if self.sweep.borrow().is_none() {
            self.sweep_at(until);
        }
    }

    fn sweep_at(self: &Rc<Self>, when: f64) {
        let this: Weak<Connector> = Rc::downgrade(self);
        let handle = running_loop().call_at(when, move || {
            if let Some(this) = this.upgrade() {
                this.sweep();
            }
        });
        self.sweep.replace(Some(handle));
    }

    /// Closes what nobody has used for long enough.
    fn sweep(self: &Rc<Self>) {
        self.sweep.take();
        let now = running_loop().time();
        let mut gone = Vec::new();
        let mut next: Option<f64> = None;
        {
            let idle = &mut *self.idle.borrow_mut();
            for kept in idle.values_mut() {
                let late = kept
                    .iter()
                    .take_while(|(connection, until)| *until <= now || connection.is_closed())
                    .count();
                gone.extend(kept.drain(..late));
                let first = kept.first().map(|(_, until)| *until);
                next = next.into_iter().chain(first).reduce(f64::min);
            }
            idle.retain(|_, kept| !kept.is_empty());
        }
        gone.into_iter().for_each(|(connection, _)| connection.abort());
        if let Some(next) = next {
            self.sweep_at(next);
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.get()
    }

    /// Closes those that nobody uses, and each other one when it is given back.
    pub(crate) fn close(&self) {
        self.is_closed.set(true);
        let sweep = self.sweep.take();
        if let Some(sweep) = sweep {
            sweep.cancel();
        }
        let idle = self.idle.take();
        idle.into_values().flatten().for_each(|(connection, _)| connection.abort());
    }

    /// How many nobody uses.
    pub(crate) fn idle(&self) -> usize {
        self.idle.borrow().values().map(Vec::len).sum()
    }
}

impl Drop for Connector {
    fn drop(&mut self) {
        self.close();
    }
}

/// A connection that one request uses. Dropped, it ends the connection.
pub(crate) struct Lease {
    key: Key,
    connector: Rc<Connector>,
    connection: Option<Connection>,
    of_host: Option<Permit>,
    of_all: Option<Permit>,
}

impl Lease {
    pub(crate) fn was_kept(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.is_used)
    }

    pub(crate) async fn send(&mut self, request: Request<Body>, url: &Url) -> Result<http::Response<Incoming>> {
        let Some(connection) = &mut self.connection else {
            return Err(ClientError::ServerDisconnected.into());
        };
        connection
            .send(request)
            .await
            .map_err(|error| ClientError::of_hyper(error, url))
    }

    /// The response was read to its end: the next request can use the connection.
    pub(crate) fn give_back(mut self) {
        if let Some(connection) = self.connection.take() {
            self.connector.keep(self.key.clone(), connection);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.abort();
        }
        drop(self.of_all.take());
        if let Some(permit) = self.of_host.take() {
            drop(permit);
            // Nobody uses this host any more: its semaphore would be kept for ever.
            let hosts = &mut *self.connector.hosts.borrow_mut();
            let per_host = self.connector.limits.per_host;
            if hosts
                .get(&self.key)
                .is_some_and(|host| host.value() == per_host && !host.locked())
            {
                hosts.remove(&self.key);
            }
        }
    }
}
