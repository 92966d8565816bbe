//! `QueueView`: the queue of a primitive, as its loop knows it.

use std::fmt;
use std::rc::Rc;

use crate::block::holders::Holder;
use crate::block::task::AnyTask;
use crate::wheel::resource::Resource;

/// What tasks wait for that stand in the queue of a primitive: a lock, room in a queue; from [`EventLoop::queues`](crate::EventLoop::queues).
/// Shown by `Debug` it is the primitive.
///
/// ```
/// use kolo::primitive::{Claim, WaitQueue};
/// use kolo::{Result, create_task, run, running_loop, sleep};
///
/// struct Never<'a>(&'a WaitQueue);
///
/// impl Claim for Never<'_> {
///     type Output = ();
///     fn queue(&self) -> &WaitQueue {
///         self.0
///     }
///     fn take(&mut self, _woken: bool) -> Option<Result<()>> {
///         None
///     }
///     fn pass_on(&mut self, _woken: bool) {}
/// }
///
/// run(async {
///     let task = create_task(async { Never(&WaitQueue::new("Never.comes")).wait().await });
///     sleep(0).await?;
///     let queues = running_loop().queues();
///     assert_eq!(queues[0].kind(), "Never.comes");
///     assert_eq!(queues[0].waiting(), [Some(task.as_any_task())]);
///     assert!(queues[0].holders().is_empty());
///     task.cancel();
///     Ok(())
/// })
/// .unwrap();
/// ```
#[derive(Clone)]
pub struct QueueView(pub(crate) Rc<dyn Resource>);

impl QueueView {
    /// What a task does that waits there, such as `Lock.acquire`.
    pub fn kind(&self) -> &'static str {
        self.0.kind()
    }

    /// Those that wait, in their order: neither woken nor cancelled. `None` stands for a foreign executor, or a combinator with wakers of
    /// its own.
    pub fn waiting(&self) -> Vec<Option<AnyTask>> {
        self.0.waiting()
    }

    /// Those that hold it, and so could end the waits, in the order in which they came to hold it. Of many, the first few dozen.
    pub fn holders(&self) -> Vec<Holder> {
        self.0.holders()
    }

    /// How many handles of the primitive there are, those in coroutines included, if that can be told. A wait that borrows one of them is
    /// no handle.
    ///
    /// ```
    /// use kolo::{Event, create_task, run, running_loop, sleep};
    ///
    /// run(async {
    ///     let door = Event::new();
    ///     let visitor = door.clone();
    ///     let task = create_task(async move { visitor.wait().await });
    ///     sleep(0).await?;
    ///     assert_eq!(running_loop().queues()[0].handles(), Some(2)); // ours and the visitor's
    ///     task.cancel();
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn handles(&self) -> Option<usize> {
        self.0.handles()
    }
}

impl fmt::Debug for QueueView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
