//! One iteration of the loop, on one screen, and what it works on.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::clock::{Clock, Time};
use crate::context::{self, Context};
use crate::current;
use crate::error::{Error, Result};
use crate::handle::Scheduled;
use crate::inbox::{self, Inbox};
use crate::listener::Circles;
use crate::observer::Observer;
use crate::park::Waiter;
use crate::promise::State as PromiseState;
use crate::reactor::Reactor;
use crate::ready::{Entry, Now, Ready};
use crate::report::{ExceptionContext, ExceptionHandler};
use crate::signals;
use crate::task::{AnyTask, Place, TaskRef};
use crate::tasks::Tasks;
use crate::timers::{Nanos, TimerKey, Timers, seconds};
use crate::wait_queue::WaitQueues;

/// The loop itself. Users hold it as [`EventLoop`](crate::EventLoop).
pub(crate) struct Core {
    pub(crate) id: u16,
    pub(crate) ready: Ready,
    timers: RefCell<Timers>,
    pub(crate) tasks: RefCell<Tasks>,
    /// The task whose coroutine has just panicked.
    pub(crate) panicked: Cell<Option<TaskRef>>,
    pub(crate) time: Time,
    pub(crate) reactor: Reactor,
    pub(crate) inbox: Arc<Inbox>,
    /// The inbox's own flag that it is full.
    inbox_is_full: Arc<AtomicBool>,
    pub(crate) wait_queues: WaitQueues,
    pub(crate) circles: Circles,
    pub(crate) state: Cell<State>,
    pub(crate) stopping: Cell<bool>,
    /// An error that ends the run at once: Ctrl-C.
    interruption: RefCell<Option<Error>>,
    interrupted: Cell<bool>,
    /// Who is told of Ctrl-C during a run.
    pub(crate) interrupts: RefCell<Option<Rc<signals::State>>>,
    pub(crate) proves_deadlock: Cell<bool>,
    pub(crate) iterations: Cell<u64>,
    entries_since_poll: Cell<usize>,
    observer: RefCell<Option<Rc<dyn Observer>>>,
    /// Whether there is an observer: the one test that it costs when there is none.
    observed: Cell<bool>,
    pub(crate) handler: RefCell<Option<ExceptionHandler>>,
    pub(crate) debug: Cell<bool>,
    pub(crate) slow_callback: Cell<Nanos>,
    /// The tasks that are left were named in a deadlock's report: no more is said of them.
    pub(crate) reported_stuck: Cell<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Idle,
    Running,
    Closed,
}

/// While entries are ready, I/O is looked at after so many of them: often enough for I/O, and seldom enough not to cost anything.
const ENTRIES_PER_POLL: usize = 256;

impl Core {
    pub(crate) fn new(clock: Clock, debug: bool) -> Result<Rc<Core>> {
        let reactor = Reactor::new()?;
        let inbox: Arc<Inbox> = Arc::new(inbox::Queue::new(reactor.waker()?));
        let core = Rc::new(Core {
            id: inbox::register(inbox.clone())?,
            ready: Ready::default(),
            timers: RefCell::default(),
            tasks: RefCell::default(),
            panicked: Cell::new(None),
            time: Time::start(clock),
            reactor,
            inbox_is_full: inbox.flag(),
            inbox,
            wait_queues: WaitQueues::default(),
            circles: Circles::default(),
            state: Cell::new(State::Idle),
            stopping: Cell::new(false),
            interruption: RefCell::new(None),
            interrupted: Cell::new(false),
            interrupts: RefCell::new(None),
            proves_deadlock: Cell::new(true),
            iterations: Cell::new(0),
            entries_since_poll: Cell::new(0),
            observer: RefCell::new(None),
            observed: Cell::new(false),
            handler: RefCell::new(None),
            debug: Cell::new(debug),
            slow_callback: Cell::new(100_000_000),
            reported_stuck: Cell::new(false),
        });
        current::register(&core);
        Ok(core)
    }

    /// Runs iterations until the loop is stopped, but at least one.
    pub(crate) fn run(&self) -> Result<()> {
        let mut panic = None;
        loop {
            let run = || {
                loop {
                    let ready = match panic.take() {
                        None => self.begin_iteration()?,
                        // It is put down to whoever ran, and the others of the iteration follow.
                        Some(payload) => {
                            self.recover(payload);
                            self.ready.now()
                        }
                    };
                    self.run_ready(ready)?;
                    if self.stopping.get() {
                        return Ok(());
                    }
                }
            };
            // Once for all of them, because it costs as much as a step.
            match catch_unwind(AssertUnwindSafe(run)) {
                Ok(outcome) => return outcome,
                Err(payload) => panic = Some(payload),
            }
        }
    }

    /// One iteration: wait for something to happen, then [run](Core::run_ready) what is ready now, and only that.
    #[inline(always)]
    fn begin_iteration(&self) -> Result<Now<'_>> {
        self.iterations.set(self.iterations.get() + 1);
        self.wait_for_events()?;
        if self.any_timers() {
            self.queue_due_timers();
        }
        Ok(self.ready.begin())
    }

    /// What these entries add runs in the next iteration: a task that reschedules itself cannot starve the others.
    #[inline(always)]
    fn run_ready(&self, ready: Now<'_>) -> Result<()> {
        for entry in ready {
            if self.debug.get() {
                self.run_timed(entry);
            } else {
                self.run_entry(entry);
            }
            if self.interrupted.get() {
                self.ready.interrupt();
                return Err(self.take_interruption());
            }
        }
        Ok(())
    }

    /// Waits until something is ready: not at all if anything is, else until the earliest deadline, else for ever.
    #[inline(always)]
    fn wait_for_events(&self) -> Result<()> {
        self.read_inbox()?;
        let ready = self.ready.len();
        if ready > 0 || self.stopping.get() {
            // Nobody can tell how often a busy loop looks at its descriptors, as long as it does.
            let since_poll = self.entries_since_poll.get() + ready;
            self.entries_since_poll.set(since_poll);
            let due = since_poll >= ENTRIES_PER_POLL || self.stopping.get();
            return if due { self.poll(Some(0)) } else { Ok(()) };
        }
        self.wait_for_something()
    }

    #[inline(never)]
    fn wait_for_something(&self) -> Result<()> {
        self.ready.shrink();
        self.timers.borrow_mut().drop_cancelled();
        let Some(deadline) = self.timers.borrow().earliest() else {
            self.prove_deadlock()?;
            return self.poll(None);
        };
        if self.jump() {
            return Ok(());
        }
        self.poll(Some(deadline.saturating_sub(self.time.now()).max(0)))?;
        if self.ready.is_empty() {
            // Nothing came in all that time: the virtual clock, which does not move by itself, is moved.
            self.time.jump(deadline);
        }
        Ok(())
    }

    /// Moves the virtual clock to the earliest deadline, if nothing else can happen before.
    pub(crate) fn jump(&self) -> bool {
        let nothing_else = self.ready.is_empty() && !self.reactor.is_watching() && !self.has_remotes();
        self.timers.borrow_mut().drop_cancelled();
        let deadline = self.timers.borrow().earliest().filter(|_| nothing_else);
        deadline.is_some_and(|deadline| self.time.jump(deadline))
    }

    /// Waits for descriptors and letters, at the most for so long, and queues what they ask for.
    fn poll(&self, timeout: Option<Nanos>) -> Result<()> {
        self.entries_since_poll.set(0);
        if timeout == Some(0) {
            if self.reactor.is_watching() {
                self.reactor.poll(Some(0), &self.ready)?;
            }
        } else if self.inbox.fall_asleep() {
            self.reactor.poll(timeout, &self.ready)?;
            self.inbox.wake_up();
        }
        self.read_inbox()
    }

    /// Whether there are timers, once those that were cancelled are gone.
    #[inline(always)]
    fn any_timers(&self) -> bool {
        let timers = &mut *self.timers.borrow_mut();
        timers.drop_cancelled();
        !timers.is_empty()
    }

    #[inline(never)]
    fn queue_due_timers(&self) {
        let now = self.time.now();
        loop {
            let due = self.timers.borrow_mut().pop_due(now);
            let Some((deadline, entry)) = due else { break };
            self.observe(|observer| observer.timer_fired(seconds(deadline)));
            self.ready.push(|| entry);
        }
    }

    #[inline]
    fn read_inbox(&self) -> Result<()> {
        if !self.inbox_is_full.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.read_full_inbox()
    }

    #[cold]
    fn read_full_inbox(&self) -> Result<()> {
        self.read_letters();
        self.notice_interrupt()
    }

    fn read_letters(&self) {
        for letter in self.inbox.collect() {
            match letter {
                inbox::Letter::Wake(ticket) => self.wake_ticket(ticket),
                inbox::Letter::Call(call) => {
                    let scheduled = Scheduled::once(self.id, Context::NONE, call);
                    self.ready.push(|| Entry::Call(scheduled));
                }
            }
        }
    }

    /// Has what other threads have asked for by now done before what this one asks for next.
    pub(crate) fn let_letters_go_first(&self) {
        if self.inbox_is_full.load(Ordering::Relaxed) {
            self.read_letters();
            // Ctrl-C is left for the loop to notice.
            self.inbox_is_full.store(true, Ordering::Relaxed);
        }
    }

    #[inline(always)]
    pub(crate) fn run_entry(&self, entry: Entry) {
        match entry {
            Entry::Step(task) => self.step(task),
            Entry::WakePlace(task, place) => drop(Waiter::of_place(task, Place::from_word(place)).wake()),
            Entry::WakePromise(promise) => drop(promise.set_result(())),
            Entry::Notify(listener, index) => listener.notify(index as u32),
            Entry::Expire(scope, arming) => scope.expire(arming as u32),
            Entry::Call(scheduled) => {
                if !scheduled.is_cancelled() {
                    context::run_callback(scheduled.context.clone(), || scheduled.call());
                }
            }
            Entry::Done(callback) => context::run_callback(callback.context.clone(), || callback.call()),
        }
    }

    /// Queues an entry for the next iteration. A closed loop has none: the entry is dropped.
    #[inline(always)]
    pub(crate) fn queue(&self, entry: impl FnOnce() -> Entry) {
        if self.state.get() != State::Closed {
            self.ready.push(entry);
        }
    }

    pub(crate) fn arm_timer(&self, deadline: Nanos, entry: Entry) -> TimerKey {
        self.timers.borrow_mut().arm(deadline, entry)
    }

    pub(crate) fn cancel_timer(&self, key: TimerKey) {
        // What the timer was for may own user's values: dropped outside of the borrow.
        let entry = self.timers.borrow_mut().cancel(key);
        drop(entry);
    }

    /// The task that runs, if it is one of this loop.
    pub(crate) fn current_task(&self) -> Option<TaskRef> {
        current::with_task(|task| task.filter(|task| task.loop_id() == self.id).cloned())
    }

    /// Takes a new task into the table and queues its first step.
    pub(crate) fn adopt(&self, [task, queued]: [TaskRef; 2]) {
        task.erased().head().bind(self.id);
        let inserted = match self.state.get() {
            State::Closed => Err(Error::runtime("Event loop is closed")),
            State::Idle | State::Running => self.tasks.borrow_mut().insert(self.id, task),
        };
        if let Err(error) = inserted {
            // The coroutine is dropped, and whoever awaits the task learns why.
            queued.erased().fail(error, PromiseState::UnseenError);
            return;
        }
        self.observe(|observer| observer.task_created(&AnyTask::new(queued.clone())));
        self.queue_step(queued);
    }

    pub(crate) fn all_tasks(&self) -> Vec<AnyTask> {
        self.tasks.borrow().all().into_iter().map(AnyTask::new).collect()
    }

    pub(crate) fn count_tasks(&self) -> usize {
        self.tasks.borrow().len()
    }

    /// Ends the run at once with this error.
    pub(crate) fn interrupt(&self, error: Error) {
        self.interrupted.set(true);
        self.interruption.replace(Some(error));
    }

    fn take_interruption(&self) -> Error {
        self.interrupted.set(false);
        self.interruption.take().unwrap_or(Error::cancelled())
    }

    /// Tells the observer, if there is one. Nothing of the loop is borrowed meanwhile.
    #[inline]
    pub(crate) fn observe(&self, tell: impl FnOnce(&dyn Observer)) {
        if self.observed.get() {
            self.tell_observer(tell);
        }
    }

    #[cold]
    #[inline(never)]
    fn tell_observer(&self, tell: impl FnOnce(&dyn Observer)) {
        let observer = self.observer.borrow().clone();
        self.guard("observer", || {
            if let Some(observer) = observer {
                tell(&*observer)
            }
        });
    }

    pub(crate) fn set_observer(&self, observer: Option<Rc<dyn Observer>>) {
        self.observed.set(observer.is_some());
        let before = self.observer.replace(observer);
        drop(before);
    }

    /// Whether another thread can still reach this loop: somebody has a handle besides the loop and the table of inboxes, or had one and
    /// has left a letter.
    pub(crate) fn has_remotes(&self) -> bool {
        Arc::strong_count(&self.inbox) > 2 || self.inbox.has_letters()
    }

    /// Drops the coroutine of a task that will never run again. Its promise stays pending, as asyncio's does.
    fn discard(&self, task: TaskRef) {
        self.guard("destructor of a task", || task.erased().settle(None));
        self.drop_each(task.erased().head().take_callbacks());
        let kept = self.tasks.borrow_mut().remove(task.ticket.get());
        self.drop_each([kept, Some(task)]);
    }

    /// What to come back for, after a turn.
    pub(crate) fn next_turn(&self) -> crate::event_loop::Turn {
        use crate::event_loop::Turn;
        if !self.ready.is_empty() {
            return Turn::Now;
        }
        self.timers.borrow_mut().drop_cancelled();
        match self.timers.borrow().earliest() {
            Some(deadline) => Turn::At(seconds(deadline)),
            None if self.is_idle_for_ever() && self.tasks.borrow().len() == 0 => Turn::Done,
            None => Turn::Io,
        }
    }

    pub(crate) fn is_idle_for_ever(&self) -> bool {
        self.ready.is_empty() && self.timers.borrow().is_empty() && !self.reactor.is_watching() && !self.has_remotes()
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.shut();
    }
}

impl Core {
    /// Closes the loop: drops all that waits to run.
    pub(crate) fn shut(&self) {
        if self.state.replace(State::Closed) == State::Closed {
            return;
        }
        // The tasks go in the order of their creation. What their destructors queue goes with the rest.
        let tasks = self.tasks.borrow().all();
        for task in tasks {
            if !self.reported_stuck.get() && !task.is_owned_by_run() {
                self.report(ExceptionContext::new("Task was destroyed but it is pending!").with_task(&task));
            }
            self.discard(task);
        }
        self.guard("destructor", || self.circles.part());
        while !self.ready.is_empty() {
            self.drop_each(self.ready.begin());
        }
        self.drop_each(self.timers.take().into_entries());
        self.drop_each(self.reactor.clear());
        self.drop_each(self.inbox.close());
        inbox::unregister(self.id);
        crate::stats::count(self.iterations.get());
    }
}
