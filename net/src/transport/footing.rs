//! `Footing`: what every transport stands on, whatever it reads and writes.

use std::cell::{Cell, OnceCell};
use std::fmt;

use kolo_executor::primitive::{Interest, Source, say};
use kolo_executor::{Error, EventLoop, ExceptionContext, Promise, Result};

/// After so many, the loss counted in, one is told of what is written to what is lost.
const LOST_WRITES_UNTOLD: usize = 5;

/// The source of a transport, the errors that are nobody's to handle, and its end: what a [`Channel`](crate::transports::Channel) has whatever it
/// reads and writes.
#[derive(Default)]
pub struct Footing {
    source: OnceCell<Source>,
    /// Not 0 once the connection is lost; then it counts what is written all the same.
    lost: Cell<usize>,
}

impl Footing {
    /// The transport's source, which it has only once it is there itself.
    pub fn stand(&self, source: Source) {
        self.source.get_or_init(|| source);
    }

    /// Queues what a transport begins with, three entries of one iteration: its protocol is told that the connection is made, then it begins to
    /// read, then `made` is set.
    pub fn begin(
        event_loop: &EventLoop,
        tell_made: impl FnOnce() + 'static,
        read: Option<impl FnOnce() + 'static>,
        made: Option<Promise<()>>,
    ) {
        event_loop.call_soon(tell_made);
        if let Some(read) = read {
            event_loop.call_soon(read);
        }
        if let Some(made) = made {
            event_loop.call_soon(move || {
                // Refused when it was cancelled.
                let _ = made.set_result(());
            });
        }
    }

    /// The loop, unless it is gone or closed.
    pub fn event_loop(&self) -> Option<EventLoop> {
        let event_loop = self.source.get()?.event_loop();
        event_loop.filter(|event_loop| !event_loop.is_closed())
    }

    /// Has the loop watch for this.
    ///
    /// # Errors
    /// Io, when the system refuses: the transport is lost then.
    pub fn watch(&self, interest: Interest) -> Result<()> {
        self.source.get().map_or(Ok(()), |source| source.watch(interest))
    }

    /// Has it watch for this no more.
    pub fn unwatch(&self, interest: Interest) {
        self.source.get().map(|source| source.unwatch(interest));
    }

    /// Whether it watches for this.
    pub fn is_watched(&self, interest: Interest) -> bool {
        self.source.get().is_some_and(|source| source.is_watched(interest))
    }

    /// See [`Source::drained`].
    pub fn drained(&self, interest: Interest) {
        if let Some(source) = self.source.get() {
            source.drained(interest);
        }
    }

    /// See [`Source::only_reads`].
    pub fn only_reads(&self) {
        if let Some(source) = self.source.get() {
            source.only_reads();
        }
    }

    /// Hands an error of the protocol, or of a callback, to the exception handler, as nobody else is there to take it.
    pub fn tell(&self, transport: &dyn fmt::Debug, outcome: Result<()>) {
        self.report_failed(transport, "Exception in callback", outcome);
    }

    /// The same, in other words.
    pub fn report_failed(&self, transport: &dyn fmt::Debug, message: &str, outcome: Result<()>) {
        if let Err(error) = outcome {
            self.report(transport, message, error);
        }
    }

    /// Tells the exception handler of this error.
    pub fn report(&self, transport: &dyn fmt::Debug, message: &str, error: Error) {
        let Some(event_loop) = self.event_loop() else { return };
        let context = ExceptionContext::new(message).with_error(error);
        event_loop.call_exception_handler(&context.with_detail("transport", transport));
    }

    /// Has the protocol told in the next iteration that the connection is lost. `false`: no loop is there to do it.
    pub fn lose_soon(&self, lose: Option<impl FnOnce() + 'static>) -> bool {
        let (Some(event_loop), Some(lose)) = (self.event_loop(), lose) else {
            return false;
        };
        event_loop.call_soon(lose);
        true
    }

    /// Tells the protocol that the connection is lost, and lets go of all there is, also when the protocol panics.
    pub fn lose(tell: impl FnOnce(), release: impl FnMut()) {
        struct Released<F: FnMut()>(F);
        impl<F: FnMut()> Drop for Released<F> {
            fn drop(&mut self) {
                (self.0)();
            }
        }
        let _released = Released(release);
        tell();
    }

    /// Gives the source up: the loop knows the transport no more.
    pub fn close(&self) {
        if let Some(source) = self.source.get() {
            source.close();
        }
    }

    /// Whether the connection is lost: the protocol is told, or about to be.
    #[inline]
    pub fn is_lost(&self) -> bool {
        self.lost.get() > 0
    }

    /// Notes that it is lost.
    pub fn note_lost(&self) {
        if !self.is_lost() {
            self.count_lost();
        }
    }

    /// Notes the same, or a write to what is lost.
    pub fn count_lost(&self) {
        self.lost.set(self.lost.get().saturating_add(1));
    }

    /// Counts a write to what is lost. After a few of them each is told of, in these words.
    pub fn swallow(&self, words: &str) {
        if self.lost.get() >= LOST_WRITES_UNTOLD {
            say(words);
        }
        self.count_lost();
    }
}
