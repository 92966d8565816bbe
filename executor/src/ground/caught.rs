//! Panics of user code, caught.

use std::any::Any;
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Calls user code that may panic.
#[inline(always)]
pub(crate) fn catch<R>(call: impl FnOnce() -> R) -> Result<R, Payload> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| Payload(Some(payload)))
}

/// What a panic carried. May be dropped anywhere: it may be of a type whose destructor panics, and that is caught too.
pub(crate) struct Payload(Option<Box<dyn Any + Send>>);

impl Payload {
    /// What `panic!` was given, if it was a text.
    pub(crate) fn text(&self) -> Option<Cow<'static, str>> {
        let payload = self.0.as_deref()?;
        let literal = payload.downcast_ref::<&'static str>().copied().map(Cow::Borrowed);
        literal.or_else(|| payload.downcast_ref::<String>().cloned().map(Cow::Owned))
    }

    pub(crate) fn into_inner(mut self) -> Option<Box<dyn Any + Send>> {
        self.0.take()
    }

    /// The panic goes on.
    pub(crate) fn resume(mut self) {
        if let Some(payload) = self.0.take() {
            resume_unwind(payload);
        }
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        let mut left = self.0.take();
        for _ in 0..8 {
            let Some(payload) = left else { return };
            left = catch(|| drop(payload)).err().and_then(Payload::into_inner);
        }
        // It would go on without end, and is left alone.
        std::mem::forget(left);
    }
}
