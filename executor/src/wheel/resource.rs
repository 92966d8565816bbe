//! A queue of a primitive, as reports see it.

use std::fmt;

use crate::block::holders::Holder;
use crate::block::raw::Ref;
use crate::block::task::AnyTask;

/// What tasks wait for in a queue. Its `Debug` text is that of the primitive.
pub(crate) trait Resource: fmt::Debug {
    /// What a task does that waits there, such as `Lock.acquire`.
    fn kind(&self) -> &'static str;

    /// Those that wait, in their order; `None` for a foreign executor, or a combinator with wakers of its own.
    fn waiting(&self) -> Vec<Option<AnyTask>>;

    /// Whether the wait in this block stands there.
    fn has(&self, wait: &Ref) -> bool;

    /// Those that hold it, and so could end the waits.
    fn holders(&self) -> Vec<Holder>;

    /// Its loop is closed: nobody can wait there any more, nor in another loop.
    fn loop_is_closed(&self);

    /// How many handles of the primitive there are, if that can be told. A wait that borrows one of them is no handle.
    fn handles(&self) -> Option<usize>;
}
