//! One step of a task: from one suspension to the next.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use crate::context;
use crate::core::{Core, State as CoreState};
use crate::current;
use crate::error::{Error, Kind};
use crate::on_drop::OnDrop;
use crate::promise::{AnyPromise, State, any};
use crate::ready::Entry;
use crate::report::ExceptionContext;
use crate::task::flags::{IN_PLACE, MUST_CANCEL, PARKED, QUEUED, YIELDED};
use crate::task::{AnyTask, TaskRef};
use crate::waker::Ticket;

impl Core {
    /// Queues the next step of a task, unless it is queued already.
    #[inline(always)]
    pub(crate) fn wake_task(&self, task: TaskRef) {
        if !task.done() && !task.flags.has(QUEUED) && self.state.get() != CoreState::Closed {
            self.queue_step(task);
        }
    }

    /// Queues a step of a task that has none in the queue.
    #[inline(always)]
    pub(crate) fn queue_step(&self, task: TaskRef) {
        task.flags.set(QUEUED);
        self.observe(|observer| {
            let by = self.current_task().map(AnyTask::new);
            observer.woken(&AnyTask::new(task.clone()), by.as_ref());
        });
        self.ready.push(|| Entry::Step(task));
    }

    /// Queues the next step of the task with this ticket, if it still exists.
    pub(crate) fn wake_ticket(&self, ticket: Ticket) {
        let task = self.tasks.borrow().get(ticket).cloned();
        if let Some(task) = task {
            self.wake_task(task);
        }
    }

    /// Runs a task up to its next suspension.
    pub(crate) fn step(&self, task: TaskRef) {
        if task.done() {
            return;
        }
        drop(task.waiting_on.take());
        let flags = task.flags.get();
        task.flags.change(0, QUEUED | MUST_CANCEL | PARKED);
        if flags & MUST_CANCEL != 0 {
            // A coroutine that has not begun never runs; one that stands on a foreign future, which cannot return our error, is dropped
            // there, as Rust cancels.
            if flags & PARKED == 0 {
                return self.abandon(task);
            }
            current::set_delivery(true);
        }
        self.observe(|observer| observer.step_begins(&AnyTask::new(task.clone())));

        let waker = task.ticket.get().waker();
        let poll = self.poll_task(&task, &mut Context::from_waker(&waker));
        if flags & MUST_CANCEL != 0 && current::delivers() {
            // The leaf was not there any more to take it.
            current::set_delivery(false);
            task.flags.set(MUST_CANCEL);
        }
        self.observe(|observer| observer.step_ends(&AnyTask::new(task.clone())));
        match poll {
            Poll::Pending => self.suspended(task),
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
    pub(crate) fn recover(&self, payload: Box<dyn Any + Send>) {
        current::set_delivery(false);
        let error = Error::panic(payload);
        let Some(task) = self.panicked.take() else {
            let report = ExceptionContext::new("Exception in callback").with_error(error);
            return context::of_panic().run(|| self.report(report));
        };
        self.observe(|observer| observer.step_ends(&AnyTask::new(task.clone())));
        self.leave(&task, error);
        self.finish(task, State::UnseenError);
    }

    /// A step ended in a suspension.
    #[inline(always)]
    fn suspended(&self, mut task: TaskRef) {
        let flags = task.flags.get();
        let goes_on = flags & (YIELDED | QUEUED) == YIELDED;
        if flags & (YIELDED | PARKED) != PARKED {
            // On a foreign future it is in no place of its own: a leaf that uses that was moved to another task.
            let nowhere = if flags & PARKED == 0 { IN_PLACE } else { 0 };
            task.flags.change(if goes_on { QUEUED } else { 0 }, YIELDED | nowhere);
        }
        self.observe(|observer| {
            let parked = task.parked().filter(|_| flags & PARKED != 0);
            let at = parked.as_ref().map(|parked| parked.place);
            let on = parked.and_then(|parked| parked.on).map(AnyPromise);
            observer.parked(&AnyTask::new(task.clone()), on.as_ref(), at);
        });
        if flags & MUST_CANCEL != 0 {
            task = self.pass_on_cancellation(task);
        }
        if goes_on {
            self.observe(|observer| {
                let task = AnyTask::new(task.clone());
                observer.woken(&task, Some(&task));
            });
            self.ready.push(|| Entry::Step(task));
        }
    }

    /// A task that was cancelled while it ran has parked: what it waits for now is cancelled in its place.
    #[cold]
    fn pass_on_cancellation(&self, task: TaskRef) -> TaskRef {
        let error = task.take_message();
        let accepted = match task.waiting_on() {
            Some(promise) => any::cancel(&promise, error.clone()),
            None => task.cancel_place(&error),
        };
        if accepted {
            task.flags.clear(MUST_CANCEL);
        } else {
            task.arm(error);
        }
        task
    }

    /// Ends a task as cancelled without running its coroutine.
    #[cold]
    fn abandon(&self, task: TaskRef) {
        let error = task.take_message();
        self.leave(&task, error);
        self.finish(task, State::Cancelled);
    }

    /// Drops the coroutine where it stands and leaves `error` in its place.
    #[cold]
    fn leave(&self, task: &TaskRef, error: Error) {
        let dropped = catch_unwind(AssertUnwindSafe(|| {
            current::run_as(task, || task.erased().settle(Some(error)));
        }));
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
        match state {
            State::Value if task.flags.take(MUST_CANCEL) => {
                // Cancelled while it ran, and it never looked: the value is lost.
                self.leave(&task, task.take_message());
                state = State::Cancelled;
            }
            State::UnseenError => {
                let fatal = task.erased().error().filter(|error| error.kind() == Kind::KeyboardInterrupt);
                fatal.into_iter().for_each(|error| self.interrupt(error));
            }
            _ => {}
        }
        task.erased().complete(state);
        self.observe(|observer| observer.finished(&AnyTask::new(task.clone())));
        let kept = self.tasks.borrow_mut().remove(task.ticket.get());
        drop(kept);
    }
}
