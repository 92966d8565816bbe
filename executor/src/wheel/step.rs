//! One step of a task: from one suspension to the next.

use std::task::{Context, Poll};

use crate::block::exception::ExceptionContext;
use crate::block::head::{AnyPromise, State};
use crate::block::task::{AnyTask, TaskRef};
use crate::ground::attention::DEBUG;
use crate::ground::caught::{Payload, catch};
use crate::ground::error::{Error, Kind};
use crate::ground::flags::{Begun, Suspended};
use crate::ground::line::Line;
use crate::ground::on_drop::OnDrop;
use crate::ground::stderr;
use crate::wheel::core::{Core, Phase};
use crate::wheel::current;
use crate::wheel::current_context;
use crate::wheel::entry::Entry;

#[cold]
fn closed(task: &TaskRef) -> Error {
    Error::runtime("Event loop is closed").at(task.created_at)
}

impl Core {
    /// Takes a new task into the table and queues its first step.
    pub(crate) fn adopt(&self, [task, queued]: [TaskRef; 2]) {
        task.erased().head().bind(self.id);
        let inserted = match self.phase.get() {
            Phase::Closed => Err(closed(&task)),
            Phase::Idle | Phase::Running => self.tasks.borrow_mut().insert(self.inbox_id, task),
        };
        if let Err(error) = inserted {
            // The coroutine is dropped, and whoever awaits the task learns why.
            queued.erased().fail(error, State::UnseenError);
            return;
        }
        self.observe(|observer| observer.task_created(&AnyTask::of(&queued)));
        self.queue_step(queued);
    }

    /// Runs a task up to its next suspension.
    pub(crate) fn step(&self, task: TaskRef) {
        if task.done() {
            return;
        }
        let begun = task.begin_step();
        if begun == Begun::Dropped {
            return self.abandon(task);
        }
        self.observe(|observer| observer.step_begins(&AnyTask::of(&task)));

        let waker = task.ticket.get().waker();
        let poll = self.poll_task(&task, &mut Context::from_waker(&waker));
        self.observe(|observer| observer.step_ends(&AnyTask::of(&task)));
        if begun == Begun::Delivers && task.flags.delivers() {
            task.flags.keep_undelivered();
            if poll.is_pending() && task.stands_as_before() {
                // Its leaves are beneath a combinator that has not polled them, or set aside.
                return self.abandon(task);
            }
        }
        match poll {
            Poll::Pending => self.suspend(task),
            Poll::Ready(state) => self.finish(task, state),
        }
    }

    /// A panic here ends in `recover`.
    #[inline(always)]
    fn poll_task(&self, task: &TaskRef, context: &mut Context<'_>) -> Poll<State> {
        let panicked = OnDrop(|| drop(self.panicked.replace(Some(task.clone()))));
        let poll = current::run_as(task, || task.erased().poll(context));
        std::mem::forget(panicked);
        poll
    }

    /// User code has panicked: the task that ran fails with the panic; a callback's is reported.
    #[cold]
    pub(crate) fn recover(&self, payload: Payload) {
        let error = Error::panic(payload);
        let Some(task) = self.panicked.take() else {
            let report = ExceptionContext::of_callback(error);
            return current_context::of_panic().run(|| self.report(report));
        };
        self.observe(|observer| observer.step_ends(&AnyTask::of(&task)));
        self.leave(&task, error);
        self.finish(task, State::UnseenError);
    }

    /// A step ended in a suspension.
    #[inline(always)]
    fn suspend(&self, task: TaskRef) {
        let suspended = task.flags.end_step();
        self.observe(|observer| {
            let at = task.parked_at().filter(|_| task.flags.is_parked());
            let on = task.waiting_on().filter(|_| at.is_some()).map(AnyPromise);
            observer.parked(&AnyTask::of(&task), on.as_ref(), at);
        });
        if task.flags.must_cancel() {
            task.pass_on_cancellation();
        }
        if suspended == Suspended::GoesOn {
            self.observe(|observer| observer.woken(&AnyTask::of(&task), Some(&AnyTask::of(&task))));
            self.ready.push(|| Entry::Step(task));
        }
    }

    /// Ends a task as cancelled without running its coroutine: one that has not begun never runs, and one that stands on a foreign future,
    /// which cannot return our error, is dropped there, as Rust cancels.
    #[cold]
    fn abandon(&self, task: TaskRef) {
        let error = task.take_message();
        if !task.flags.is_new() && self.attention.is_on(DEBUG) {
            say_dropped(&task);
        }
        self.leave(&task, error);
        self.finish(task, State::Cancelled);
    }

    /// Drops the coroutine where it stands and leaves `error` in its place.
    #[cold]
    fn leave(&self, task: &TaskRef, error: Error) {
        let dropped = catch(|| current::run_as(task, || task.erased().settle(Some(error))));
        if let Err(payload) = dropped {
            self.report(
                ExceptionContext::new("A destructor in a coroutine panicked")
                    .with_error(Error::panic(payload))
                    .with_task(task),
            );
        }
    }

    /// The outcome is in the slot: the task is over.
    fn finish(&self, task: TaskRef, mut state: State) {
        task.wait_on_nothing();
        if task.flags.leave_something() {
            state = self.tidy_up(&task, state);
        }
        if state == State::UnseenError {
            let fatal = task.erased().error().filter(|error| error.kind() == Kind::KeyboardInterrupt);
            fatal.into_iter().for_each(|error| self.end_with(error));
        }
        task.erased().complete(state);
        self.observe(|observer| observer.finished(&AnyTask::of(&task)));
        let kept = self.tasks.borrow_mut().remove(task.ticket.get());
        drop(kept);
    }

    /// Something is left that the coroutine has not seen to.
    #[cold]
    fn tidy_up(&self, task: &TaskRef, state: State) -> State {
        task.stand_nowhere();
        if !task.flags.disarm() || state != State::Value {
            return state;
        }
        // Cancelled while it ran, and it never looked: the value is lost.
        self.leave(task, task.take_message());
        State::Cancelled
    }

    /// Drops the coroutine of a task that will never run again. Its promise stays pending, as asyncio's does.
    pub(crate) fn discard(&self, task: TaskRef) {
        self.guard("destructor of a task", || task.erased().settle(None));
        self.guard("destructor", || task.stand_nowhere());
        let callbacks = &task.erased().head().callbacks;
        callbacks.drain(|callback| self.guard("destructor", || drop(callback)));
        let kept = self.tasks.borrow_mut().remove(task.ticket.get());
        self.drop_each([kept, Some(task)]);
    }
}

/// A task ends in the middle of its coroutine, which may surprise its author.
fn say_dropped(task: &TaskRef) {
    let after = task.parked_at().map(|site| format!("; it last stood at {}", Line(site)));
    stderr::say(format_args!(
        "{}, created at {}, was cancelled where it awaits a future that is not of kolo, and dropped there{}. It would have been told if that future stood \
         in `cancellable`, `timeout`, `wait_for` or `task_group`",
        task.name(),
        Line(task.created_at),
        after.unwrap_or_default(),
    ));
}
