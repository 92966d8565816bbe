//! What a reader stands on: what has come, and who waits for more.

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use kolo_executor::primitive::{Parking, Waiter};
use kolo_executor::{Error, Result};

use crate::stream::buffer::Buffer;
use crate::transport::Transport;

pub(crate) struct Incoming {
    pub(crate) buffer: RefCell<Buffer>,
    pub(crate) limit: usize,
    has_eof: Cell<bool>,
    error: RefCell<Option<Error>>,
    /// Who waits for more.
    waiter: RefCell<Option<Waiter>>,
    /// That of the last wait, which is the waiter's if there is one.
    number: Cell<u64>,
    /// The waits that were ended by an error, and have not been gone on with.
    failed: RefCell<Vec<(u64, Error)>>,
    transport: RefCell<Option<Transport>>,
    /// It has paused its transport.
    is_paused: Cell<bool>,
}

impl Incoming {
    pub(crate) fn new(limit: usize) -> Incoming {
        Incoming {
            buffer: RefCell::default(),
            limit,
            has_eof: Cell::new(false),
            error: RefCell::default(),
            waiter: RefCell::default(),
            number: Cell::new(0),
            failed: RefCell::default(),
            transport: RefCell::default(),
            is_paused: Cell::new(false),
        }
    }

    pub(crate) fn set_transport(&self, transport: Transport) {
        let before = self.transport.replace(Some(transport));
        drop(before);
    }

    pub(crate) fn transport(&self) -> Option<Transport> {
        self.transport.borrow().clone()
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.is_paused.get()
    }

    #[inline]
    pub(crate) fn is_awaited(&self) -> bool {
        self.waiter.borrow().is_some()
    }

    pub(crate) fn has_eof(&self) -> bool {
        self.has_eof.get()
    }

    pub(crate) fn error(&self) -> Option<Error> {
        self.error.borrow().clone()
    }

    /// # Errors
    /// That with which every read ends, if there is one.
    #[inline]
    pub(crate) fn check(&self) -> Result<()> {
        match &*self.error.borrow() {
            None => Ok(()),
            Some(error) => Err(error.clone()),
        }
    }

    pub(crate) fn feed_data(&self, data: &[u8]) {
        if !data.is_empty() {
            self.feed(|buffer| buffer.push(data));
        }
    }

    /// The same for what is in the buffer of a transport, which is exchanged for another if it is much.
    #[inline]
    pub(crate) fn feed_buffer(&self, data: &mut Vec<u8>) -> bool {
        self.feed(|buffer| buffer.push_or_exchange(data))
    }

    /// Whether that was all: no transport, which may be anybody's, was paused.
    #[inline]
    fn feed(&self, push: impl FnOnce(&mut Buffer)) -> bool {
        let buffered = {
            let buffer = &mut *self.buffer.borrow_mut();
            push(buffer);
            buffer.len()
        };
        self.wake();
        if buffered > 2 * self.limit
            && let Some(transport) = self.transport()
            && !self.is_paused.replace(true)
        {
            transport.pause_reading();
            return false;
        }
        true
    }

    pub(crate) fn feed_eof(&self) {
        self.has_eof.set(true);
        self.wake();
    }

    fn wake(&self) -> bool {
        let waiter = self.waiter.borrow_mut().take();
        waiter.is_some_and(|waiter| waiter.wake())
    }

    pub(crate) fn set_error(&self, error: Error) {
        let before = self.error.replace(Some(error.clone()));
        drop(before);
        let number = self.number.get();
        if self.wake() {
            self.failed.borrow_mut().push((number, error));
        }
    }

    /// Takes out what is buffered, up to so many bytes.
    #[inline]
    pub(crate) fn take(&self, most: usize) -> Vec<u8> {
        let taken = self.buffer.borrow_mut().take(most);
        self.resume_if_little();
        taken
    }

    /// Has the transport read again, once little enough is buffered.
    #[inline]
    pub(crate) fn resume_if_little(&self) {
        if self.is_paused.get() && self.buffer.borrow().len() <= self.limit {
            self.resume();
        }
    }

    #[inline]
    fn resume(&self) {
        if self.is_paused.replace(false)
            && let Some(transport) = self.transport()
        {
            transport.resume_reading();
        }
    }

    /// Suspends the task until more has come, or the end, or an error. `name` is who asks.
    pub(crate) fn wait(self: &Rc<Self>, name: &str, site: &'static Location<'static>) -> Result<Wait> {
        let wait = Wait::new(self.clone(), site);
        wait.check(name)?;
        Ok(wait)
    }
}

/// One wait for more.
pub(crate) struct Wait {
    pub(crate) incoming: Rc<Incoming>,
    parking: Parking,
    /// 0 before it is under way.
    number: u64,
}

impl Wait {
    /// One that has still to be [checked](Wait::check).
    pub(crate) fn new(incoming: Rc<Incoming>, site: &'static Location<'static>) -> Wait {
        Wait {
            incoming,
            parking: Parking::new(site),
            number: 0,
        }
    }

    /// Has the transport read, of which a wait is in want. `name` is who asks.
    ///
    /// # Errors
    /// Runtime, when another task waits: nobody could say which bytes are whose.
    #[inline]
    pub(crate) fn check(&self, name: &str) -> Result<()> {
        if self.incoming.is_awaited() {
            return Err(self.refusal(name));
        }
        self.incoming.resume();
        Ok(())
    }

    #[cold]
    fn refusal(&self, name: &str) -> Error {
        let error = format!("{name}() called while another coroutine is already waiting for incoming data");
        Error::runtime(error).at(self.parking.site())
    }

    #[inline]
    pub(crate) fn is_under_way(&self) -> bool {
        self.number > 0
    }

    #[cold]
    fn end(&self) {
        // Whosever it is by now, as in asyncio: a wait that was woken has left the place free, and another may stand there, whom nobody wakes then.
        drop(self.incoming.waiter.take());
        self.incoming.failed.borrow_mut().retain(|(failed, _)| *failed != self.number);
    }
}

impl Incoming {
    /// The error that has ended the wait with this number.
    #[cold]
    fn failure_of(&self, number: u64) -> Result<()> {
        let failed = &mut *self.failed.borrow_mut();
        let place = failed.iter().position(|(failed, _)| *failed == number);
        place.map_or(Ok(()), |place| Err(failed.swap_remove(place).1))
    }
}

impl Future for Wait {
    type Output = Result<()>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Wait {
            incoming,
            parking,
            number,
        } = self.get_mut();
        let outcome = ready!(parking.poll(context, |waiter| {
            *number = incoming.number.get() + 1;
            incoming.number.set(*number);
            incoming.waiter.replace(Some(waiter));
        }));
        if incoming.is_awaited() {
            drop(incoming.waiter.take());
        }
        let has_failed = !incoming.failed.borrow().is_empty();
        Poll::Ready(match has_failed {
            false => outcome,
            true => {
                let failure = incoming.failure_of(*number);
                outcome.and(failure)
            }
        })
    }
}

impl Drop for Wait {
    #[inline]
    fn drop(&mut self) {
        if self.parking.is_parked() {
            self.end();
        }
    }
}
