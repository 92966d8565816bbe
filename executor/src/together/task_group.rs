//! `task_group`: tasks that end together.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::panic::Location;
use std::pin::pin;
use std::rc::Rc;

use crate::block::coroutine::Coroutine;
use crate::block::exception::ExceptionContext;
use crate::block::head::{AnyPromise, Callback};
use crate::block::listener::{Listen, Listener};
use crate::block::raw::Ref;
use crate::block::task::{AnyTask, TaskRef};
use crate::ground::context::Context;
use crate::ground::error::{Awaited, Error, Kind, Result};
use crate::handle::promise::Promise;
use crate::handle::task::{self, Builder, Task};
use crate::leaf::body::Body;
use crate::wheel::cancel::cancel_each;
use crate::wheel::current;
use crate::wheel::part::Part;

/// Runs `body`, which creates tasks in the group, and waits until all of them are done. Mirrors `async with asyncio.TaskGroup()`.
///
/// When a task of the group fails, the others and `body` are cancelled, and the group fails, once all are done, with a
/// [`Kind::Group`] of the errors in the order in which they came, the body's own last.
///
/// ```
/// use kolo::{run, sleep_with, task_group};
///
/// let sum = run(async {
///     let (a, b) = task_group(async |group| {
///         Ok((group.create_task(sleep_with(0.01, 1))?, group.create_task(sleep_with(0.01, 2))?))
///     })
///     .await?;
///     Ok(a.await? + b.await?)
/// });
/// assert_eq!(sum.unwrap(), 3);
/// ```
///
/// # Errors
/// A group of what failed; Cancelled, when the waiting task was cancelled and nothing failed; Runtime, outside of a task.
///
/// # Cancel safety
/// Cancelling the waiting task cancels the tasks of the group, and waits for them. Dropping the future, as a foreign `select!` or a panic
/// in `body` does, cancels them and waits for nobody.
#[doc(alias("JoinSet", "open_nursery"))]
#[track_caller]
pub fn task_group<T>(body: impl AsyncFnOnce(TaskGroup) -> Result<T>) -> impl Future<Output = Result<T>> {
    run(body, Location::caller())
}

async fn run<T>(body: impl AsyncFnOnce(TaskGroup) -> Result<T>, site: &'static Location<'static>) -> Result<T> {
    let parent = parent(site)?;
    let part = Part::default();
    part.enter(&parent);
    let group = TaskGroup::new(State {
        parent,
        part,
        tasks: RefCell::default(),
        created: Cell::new(0),
        errors: RefCell::default(),
        aborting: Cell::new(false),
        exiting: Cell::new(false),
        parent_cancel_requested: Cell::new(false),
        completed: RefCell::new(None),
    });
    let _abandoned = Abandoned(group.clone());
    let State { part, parent, .. } = &*group.state;
    let outcome = {
        let body = pin!(body(group.clone()));
        Body::new(body, part, parent.clone(), site).await
    };
    let mut exit = pin!(group.state.exit(outcome, site));
    let outcome = poll_fn(|context| part.poll(parent, || exit.as_mut().poll(context))).await;
    group.state.parent_cancel_requested.set(false);
    part.leave(parent);
    outcome
}

fn parent(site: &'static Location<'static>) -> Result<TaskRef> {
    let event_loop = current::demand().map_err(|error| error.at(site))?;
    let task = event_loop.0.current_task();
    task.ok_or_else(|| Error::runtime("TaskGroup cannot determine the parent task").at(site))
}

/// Cancels the tasks of a group that is dropped before its end: nobody will wait for them. Its request to cancel the parent goes with it.
struct Abandoned(TaskGroup);

impl Drop for Abandoned {
    fn drop(&mut self) {
        let group = &self.0.state;
        if group.parent_cancel_requested.take() {
            group.part.uncancel(&group.parent);
        }
        let runs_on = current::loop_of(group.parent.loop_id()).is_some_and(|event_loop| !event_loop.0.is_closed());
        if runs_on && !group.tasks.borrow().is_empty() {
            group.abort();
        }
    }
}

/// A group of tasks; given to the body of [`task_group`]. A handle: clones are the same group.
///
/// Tasks of the group may have it too, and create others in it until the last is done:
///
/// ```
/// use kolo::{Result, TaskGroup, run, sleep, task_group};
///
/// async fn visit(depth: u32, group: TaskGroup) -> Result<()> {
///     sleep(0.001).await?;
///     if depth > 0 {
///         group.create_task(visit(depth - 1, group.clone()))?;
///     }
///     Ok(())
/// }
///
/// run(async {
///     task_group(async |group| {
///         group.create_named_task("root", visit(3, group.clone()))?;
///         Ok(())
///     })
///     .await
/// })
/// .unwrap();
/// ```
#[doc(alias("JoinSet", "nursery"))]
#[derive(Clone)]
pub struct TaskGroup {
    state: Rc<State>,
    /// The same for the tasks, which tell it of their ends.
    listener: Listener,
}

struct State {
    parent: TaskRef,
    /// What of the parent is in the group.
    part: Part,
    /// Those that are not done, by their number in the group.
    tasks: RefCell<BTreeMap<u32, TaskRef>>,
    created: Cell<u32>,
    errors: RefCell<Vec<Error>>,
    aborting: Cell<bool>,
    exiting: Cell<bool>,
    /// The group has cancelled its parent, and takes that back at its exit.
    parent_cancel_requested: Cell<bool>,
    /// For what the parent waits at the exit: the last task.
    completed: RefCell<Option<Promise<()>>>,
}

impl TaskGroup {
    fn new(state: State) -> TaskGroup {
        let state = Rc::new(state);
        let listener = Listener::new(state.clone());
        current::with_running(|running| running.map(|event_loop| event_loop.0.tellers.note(&listener)));
        TaskGroup { state, listener }
    }

    /// Creates a task in the group. Mirrors `TaskGroup.create_task`.
    ///
    /// # Errors
    /// Runtime, when the group is over or shutting down; the coroutine is dropped.
    #[doc(alias("spawn", "spawn_local", "start_soon"))]
    #[track_caller]
    pub fn create_task<T: 'static>(&self, coroutine: impl Coroutine<Value = T> + 'static) -> Result<Task<T>> {
        self.spawn(coroutine, None, None, Location::caller())
    }

    /// Creates a task with this name in the group. Mirrors `TaskGroup.create_task(..., name=...)`.
    ///
    /// # Errors
    /// As [`create_task`](TaskGroup::create_task).
    #[track_caller]
    pub fn create_named_task<T: 'static>(
        &self,
        name: impl fmt::Display,
        coroutine: impl Coroutine<Value = T> + 'static,
    ) -> Result<Task<T>> {
        self.spawn(coroutine, Some(name.to_string()), None, Location::caller())
    }

    /// It has created so many tasks.
    #[cfg(test)]
    pub(crate) fn count_tasks_from(&self, number: u32) {
        self.state.created.set(number);
    }

    pub(crate) fn spawn<T: 'static>(
        &self,
        coroutine: impl Coroutine<Value = T> + 'static,
        name: Option<String>,
        context: Option<Context>,
        site: &'static Location<'static>,
    ) -> Result<Task<T>> {
        let state = &self.state;
        if state.exiting.get() && state.tasks.borrow().is_empty() {
            return Err(Error::runtime(format!("TaskGroup {self:?} is finished")).at(site));
        }
        if state.aborting.get() {
            return Err(Error::runtime(format!("TaskGroup {self:?} is shutting down")).at(site));
        }
        let event_loop = current::loop_of(state.parent.loop_id());
        let event_loop = event_loop.ok_or_else(|| Error::runtime("Event loop is closed").at(site))?;
        let task = task::spawn(&event_loop, coroutine, name, context, site);
        let number = state.next_number();
        let member = task.as_any_task().head();
        member.erased().add_callback(Callback::Notify(self.listener.clone(), number));
        state.tasks.borrow_mut().insert(number, member);
        Ok(task)
    }
}

impl Listen for Rc<State> {
    /// A task of the group is done.
    fn notify(&self, number: u32) {
        let removed = self.tasks.borrow_mut().remove(&number);
        let Some(task) = removed else { return };
        if self.tasks.borrow().is_empty() {
            let completed = self.completed.borrow().clone();
            // It is done already when the waiting parent was cancelled just before.
            let _ = completed.map(|completed| completed.set_result(()));
        }
        let Ok(Some(error)) = task.erased().outcome_error() else {
            return;
        };
        if self.parent.done() {
            if let Some(event_loop) = current::loop_of(self.parent.loop_id()) {
                let message = "A task of a group has failed, but the task that waits for the group is done";
                event_loop
                    .0
                    .report(ExceptionContext::new(message).with_error(error).with_task(&task));
            }
            return;
        }
        let error = task.erased().hand_out_error(error, Awaited::Unknown);
        self.errors.borrow_mut().push(error);
        if !self.aborting.get() && !self.parent_cancel_requested.get() {
            self.abort();
            self.parent_cancel_requested.set(true);
            self.part.cancel(&self.parent);
        }
    }

    fn told_of(&self) -> Vec<AnyPromise> {
        let tasks = self.tasks.borrow();
        tasks.values().map(|task| AnyPromise(task.erased().clone())).collect()
    }

    fn awaiter(&self) -> Option<Ref> {
        self.completed
            .borrow()
            .as_ref()
            .map(|completed| completed.block.erased().clone())
    }
}

/// asyncio's `_is_base_error`.
fn is_fatal(error: &&Error) -> bool {
    error.kind() == Kind::KeyboardInterrupt
}

impl State {
    /// For a new task: after four billion, the number of one that is done.
    fn next_number(&self) -> u32 {
        let tasks = self.tasks.borrow();
        loop {
            let number = self.created.replace(self.created.get().wrapping_add(1));
            if !tasks.contains_key(&number) {
                return number;
            }
        }
    }

    /// Cancels the tasks, in the order of their creation.
    fn abort(&self) {
        self.aborting.set(true);
        let mut tasks: Vec<TaskRef> = self.tasks.borrow().values().cloned().collect();
        // That of their numbers, but for a group that has given all of those.
        tasks.sort_by_key(|task| task.birth());
        let unfinished = tasks.iter().filter(|task| !task.done()).map(TaskRef::erased);
        cancel_each(unfinished, Error::cancelled());
    }

    fn fatal(&self) -> Option<Error> {
        self.errors.borrow().iter().find(is_fatal).cloned()
    }

    /// `site`: where the group is awaited.
    async fn exit<T>(&self, outcome: Result<T>, site: &'static Location<'static>) -> Result<T> {
        self.exiting.set(true);
        // The first error that is not one of the program, but ends it, comes out alone.
        let fatal = self.fatal().or_else(|| outcome.as_ref().err().filter(is_fatal).cloned());
        let mut cancelled = outcome.as_ref().err().filter(|error| error.is_cancelled()).cloned();
        if outcome.is_err() && !self.aborting.get() {
            self.abort();
        }
        // Cancelled again, it goes on waiting: the first cancellation is the one that comes out.
        while !self.tasks.borrow().is_empty() {
            let completed = self.completed.borrow_mut().get_or_insert_default().clone();
            if let Err(error) = completed.await_at(site).await
                && !self.aborting.get()
            {
                cancelled = Some(error);
                self.abort();
            }
            self.completed.replace(None);
        }
        if let Some(fatal) = fatal.or_else(|| self.fatal()) {
            return Err(fatal);
        }
        if self.parent_cancel_requested.get() && self.part.uncancel(&self.parent) == 0 {
            // The group has cancelled its parent, and nobody else has.
            cancelled = None;
        }
        if let Some(error) = cancelled.filter(|_| self.errors.borrow().is_empty()) {
            return Err(error);
        }
        let mut errors = self.errors.take();
        let outcome = match outcome {
            Err(error) if !error.is_cancelled() => {
                errors.push(error);
                None
            }
            outcome => Some(outcome),
        };
        if errors.is_empty() {
            return outcome.unwrap_or(Err(Error::cancelled()));
        }
        if self.parent.requests_here() > 0 {
            // A request from outside is not forgotten: it is delivered at the next await.
            self.parent.uncancel();
            self.parent.cancel(Error::cancelled());
        }
        Err(Error::group("unhandled errors in a TaskGroup", errors).at(site))
    }
}

impl fmt::Debug for TaskGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = &self.state;
        let count = |what: &str, n: usize| if n == 0 { String::new() } else { format!(" {what}={n}") };
        let word = if state.aborting.get() { " cancelling" } else { " entered" };
        let tasks = count("tasks", state.tasks.borrow().len());
        let errors = count("errors", state.errors.borrow().len());
        write!(f, "<TaskGroup{tasks}{errors}{word}>")
    }
}

/// The parent of the group, for reports.
impl TaskGroup {
    /// The task that waits for the group.
    ///
    /// ```
    /// use kolo::{current_task, run, task_group};
    ///
    /// run(task_group(async |group| {
    ///     assert_eq!(group.parent(), current_task().unwrap());
    ///     Ok(())
    /// }))
    /// .unwrap();
    /// ```
    pub fn parent(&self) -> AnyTask {
        AnyTask::of(&self.state.parent)
    }
}

impl Builder {
    /// Creates the task in this group, as [`TaskGroup::create_task`].
    ///
    /// ```
    /// use kolo::{Task, run, sleep_with, task_group};
    ///
    /// let answer = run(task_group(async |group| {
    ///     let task = Task::builder().name("deep thought").spawn_in(&group, sleep_with(0.01, 42))?;
    ///     assert_eq!(task.name(), "deep thought");
    ///     task.await
    /// }));
    /// assert_eq!(answer.unwrap(), 42);
    /// ```
    ///
    /// # Errors
    /// Runtime, when the group is over or shutting down; the coroutine is dropped.
    #[track_caller]
    pub fn spawn_in<T: 'static>(self, group: &TaskGroup, coroutine: impl Coroutine<Value = T> + 'static) -> Result<Task<T>> {
        group.spawn(coroutine, self.name, self.context, Location::caller())
    }
}
