//! The body of a scope, as it is polled: it ends when it is cancelled, wherever it stands.

use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::block::task::TaskRef;
use crate::ground::error::{Error, Result};
use crate::leaf::parking::Parking;
use crate::wheel::part::Part;
use crate::wheel::waker;

/// Polls the body of a scope. When it is ready, the body is to be dropped.
///
/// At a leaf of ours a body is told of a cancellation. A future that is not ours cannot return our error: where that is all a body stands on,
/// the scope stands at a leaf of its own in its place, and when that is cancelled the body is over.
pub(crate) struct Body<'a, F> {
    future: Pin<&'a mut F>,
    part: &'a Part,
    task: TaskRef,
    /// Of the scope, for reports.
    site: &'static Location<'static>,
    /// In a box, because few bodies need it.
    stand: Option<Box<Parking>>,
}

impl<'a, F> Body<'a, F> {
    /// `future`: the body, which is this part of `task`.
    #[inline(always)]
    pub(crate) fn new(future: Pin<&'a mut F>, part: &'a Part, task: TaskRef, site: &'static Location<'static>) -> Body<'a, F> {
        Body {
            future,
            part,
            task,
            site,
            stand: None,
        }
    }

    /// The cancellation of the scope's own leaf, which it leaves: the body may come to one of ours.
    #[cold]
    fn take_cancellation(&mut self, context: &mut Context<'_>) -> Option<Error> {
        let stand = self.stand.take().map(|mut stand| stand.poll(context, |_| {}));
        let cancelled = match stand {
            Some(Poll::Ready(outcome)) => outcome.err(),
            Some(Poll::Pending) | None => None,
        };
        cancelled.or_else(|| self.part.take_owed().then(Error::cancelled))
    }

    #[cold]
    fn stand(&mut self, context: &mut Context<'_>) -> Result<()> {
        let mut stand = Box::new(Parking::new(self.site));
        // Nobody wakes it: it is there to be cancelled.
        if let Poll::Ready(refused) = stand.poll(context, |_| {}) {
            return refused;
        }
        self.stand = Some(stand);
        self.part.include_last(&self.task);
        Ok(())
    }
}

impl<T, F: Future<Output = Result<T>>> Future for Body<'_, F> {
    type Output = Result<T>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let this = &mut *self;
        if (this.stand.is_some() || this.part.is_owed())
            && let Some(cancelled) = this.take_cancellation(context)
        {
            return Poll::Ready(Err(cancelled));
        }
        let outcome = this.part.poll(&this.task, || this.future.as_mut().poll(context));
        if outcome.is_pending() && this.part.stands_elsewhere(&this.task, || waker::identity(context)) {
            this.stand(context)?;
        }
        outcome
    }
}
