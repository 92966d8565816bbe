//! Who waits for what: the read-only view on which graphs, reports and pictures stand.

use std::collections::HashSet;
use std::panic::Location;

use crate::block::gather::GatherHead;
use crate::block::head::{AnyPromise, Callback};
use crate::block::task::{AnyTask, TaskRef};
use crate::wheel::current;

/// What a task does at the moment, or waits for; from [`AnyTask::waits`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Waits {
    /// It is done.
    Done,
    /// It runs.
    Running,
    /// It stands in the ready queue: it has not begun, or will go on in the next iteration.
    Ready,
    /// For a promise, task or gather.
    For(AnyPromise),
    /// At a leaf that has nothing more to tell: in the queue of a primitive, see [`EventLoop::queues`](crate::EventLoop::queues), or for a
    /// time.
    Parked,
    /// For a future that is not kolo's.
    Foreign,
}

impl AnyTask {
    /// What it does at the moment, or waits for.
    ///
    /// ```
    /// use kolo::{Promise, Waits, create_task, run, sleep};
    ///
    /// run(async {
    ///     let promise = Promise::<()>::new();
    ///     let awaited = promise.clone();
    ///     let task = create_task(async move { awaited.await }).as_any_task();
    ///     assert!(matches!(task.waits(), Waits::Ready));
    ///     sleep(0).await?;
    ///     assert!(matches!(task.waits(), Waits::For(on) if on.ptr_eq(&promise.as_any())));
    ///     assert_eq!(promise.as_any().awaiters(), [task]);
    ///     promise.set_result(())
    /// })
    /// .unwrap();
    /// ```
    pub fn waits(&self) -> Waits {
        let task = self.head();
        if task.done() {
            Waits::Done
        } else if task.is_running() {
            Waits::Running
        } else if task.flags.is_queued() {
            Waits::Ready
        } else if !task.flags.is_parked() {
            Waits::Foreign
        } else {
            task.waiting_on().map_or(Waits::Parked, |on| Waits::For(AnyPromise(on)))
        }
    }

    /// Whether something that is not of kolo may wake it, on this thread or another: it waits for a future that is not kolo's, or a copy of its
    /// waker exists, which such a future or a combinator has made. Of a run in which such a task is left it is not proved that nothing can
    /// happen any more; in debug mode that is said on standard error. When the last copy is dropped it may be proved again.
    ///
    /// ```
    /// use kolo::{Result, create_task, run, sleep};
    ///
    /// run(async {
    ///     let ours = create_task(sleep(10)).as_any_task();
    ///     let foreign = create_task(std::future::pending::<Result<()>>()).as_any_task();
    ///     sleep(0).await?;
    ///     assert!(!ours.may_be_woken_from_outside());
    ///     assert!(foreign.may_be_woken_from_outside());
    ///     println!("{}", ours.parked_at().unwrap()); // src/main.rs:4:28
    ///     ours.cancel();
    ///     foreign.cancel();
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn may_be_woken_from_outside(&self) -> bool {
        let task = self.head();
        let asked = current::with_loop_of(task.loop_id(), |event_loop| event_loop.0.may_be_woken_by_others(&task));
        asked.unwrap_or(false)
    }

    /// The site of the innermost await of kolo's at which it stands, or stood last; `None` while it runs, when it is done, and before it has
    /// awaited anything.
    pub fn parked_at(&self) -> Option<&'static Location<'static>> {
        self.head().parked_at()
    }
}

impl AnyPromise {
    /// The tasks that go on when it is done: by themselves, or because a gather, a shield and the like goes on that waits for it. Each once.
    pub fn awaiters(&self) -> Vec<AnyTask> {
        let mut found = Vec::new();
        // One after the other, because gathers of shields of gathers may be nested more deeply than the stack is, and each once, because
        // there may be more ways through them than anybody can count.
        let mut awaited = vec![self.clone()];
        let mut seen = HashSet::from([self.id()]);
        let mut next = 0;
        while let Some(promise) = awaited.get(next) {
            next += 1;
            for awaiter in promise.awaited_by().into_iter().filter(|awaiter| seen.insert(awaiter.id())) {
                match awaiter.as_task() {
                    Some(task) => found.push(task),
                    None => awaited.push(awaiter),
                }
            }
        }
        found
    }

    /// What goes on when it is done: tasks, and gathers, shields and the like. [`awaiters`](AnyPromise::awaiters) follows these further, up to
    /// tasks.
    ///
    /// ```
    /// use kolo::{create_task, gather, run, sleep};
    ///
    /// run(async {
    ///     let child = create_task(sleep(10));
    ///     let all = gather([child.clone()]);
    ///     let parent = create_task(async move { all.await.map(drop) });
    ///     sleep(0).await?;
    ///     let child = child.as_any();
    ///     assert!(child.awaited_by()[0].as_task().is_none()); // the gather
    ///     assert_eq!(child.awaiters(), [parent.as_any_task()]); // and who waits for that
    ///     assert_eq!(child.as_task().unwrap().name(), "Task-2");
    ///     println!("promise {:#x} has {} handles", child.id(), child.handles());
    ///     parent.cancel();
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn awaited_by(&self) -> Vec<AnyPromise> {
        let mut found = Vec::new();
        self.0.head().callbacks.look_at(|callback| {
            found.extend(match callback {
                Callback::Step(task) => Some(task.erased().clone()),
                Callback::Notify(listener, _) => listener.awaiter(),
                Callback::Wake(_) | Callback::Call(_) => None,
            });
        });
        found.into_iter().map(AnyPromise).collect()
    }

    /// For whom a gather or a shield waits. Some may be done.
    pub(crate) fn waits_for(&self) -> Vec<AnyPromise> {
        if let Some(gather) = self.0.own::<GatherHead>() {
            return gather.children.to_vec();
        }
        // That of a shield was there before anybody could wait for it.
        let first = self.0.head().callbacks.first_listener(|_| true);
        first.and_then(|first| first.shielded()).into_iter().collect()
    }

    /// The task that it is, if it is one.
    pub fn as_task(&self) -> Option<AnyTask> {
        TaskRef::new(&self.0).as_ref().map(AnyTask::of)
    }

    /// Tells it from every other promise that exists at the same time.
    pub fn id(&self) -> usize {
        self.0.address()
    }

    /// How many handles of it there are, those in the futures that wait for it and in its loop included.
    pub fn handles(&self) -> usize {
        self.0.count() as usize
    }
}
