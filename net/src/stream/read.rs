//! `read`: what there is, as soon as there is any.

use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use kolo_executor::Result;

use crate::stream::incoming::{Incoming, Wait};

/// One such read. An `async` block would do; this is what servers do with every request, and it moves less.
pub(crate) struct Read {
    wait: Wait,
    most: usize,
}

impl Read {
    /// A read of up to so many bytes, which begins at the first poll.
    #[inline]
    pub(crate) fn new(incoming: Rc<Incoming>, most: usize, site: &'static Location<'static>) -> Read {
        let wait = Wait::new(incoming, site);
        Read { wait, most }
    }

    /// Whether there is something to be waited for.
    #[inline]
    fn begin(&self) -> Result<bool> {
        let Read { wait, most } = self;
        wait.incoming.check()?;
        if *most == 0 || wait.incoming.has_eof() || !wait.incoming.buffer.borrow().is_empty() {
            return Ok(false);
        }
        wait.check("read")?;
        Ok(true)
    }
}

impl Future for Read {
    type Output = Result<Vec<u8>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<Vec<u8>>> {
        let this = self.get_mut();
        if this.wait.is_under_way() || this.begin()? {
            ready!(Pin::new(&mut this.wait).poll(context))?;
        }
        Poll::Ready(Ok(match this.most {
            0 => Vec::new(),
            most => this.wait.incoming.take(most),
        }))
    }
}
