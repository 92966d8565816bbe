//! One turn of the loop: wait for something to happen, then run what is ready now, and only that.

use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::block::callback::Scheduled;
use crate::block::task::AnyTask;
use crate::ground::attention::{DEBUG, FATAL};
use crate::ground::berth::Berth;
use crate::ground::caught::catch;
use crate::ground::context::Context;
use crate::ground::error::{Error, Kind, Result};
use crate::ground::ready::Now;
use crate::ground::stderr;
use crate::ground::time::{Nanos, seconds};
use crate::wheel::core::Core;
use crate::wheel::current_context;
use crate::wheel::entry::Entry;
use crate::wheel::inbox::Letter;
use crate::wheel::wake::wake_berth;

/// For how long descriptors are looked at before the virtual clock jumps, which nobody but they could still keep from it.
const GRACE: Nanos = 2_000_000;

impl Core {
    /// Runs iterations until the loop is stopped, but at least one. Before it waits for ever, `at_standstill` is asked; its error ends the
    /// run.
    pub(crate) fn run(&self, at_standstill: &dyn Fn() -> Result<()>) -> Result<()> {
        let mut panic = None;
        // Others have run since.
        self.reactor.note_deed();
        loop {
            let run = || {
                loop {
                    let ready = match panic.take() {
                        None => self.begin_iteration(at_standstill)?,
                        // It is put down to whoever ran, and the others of the iteration follow.
                        Some(payload) => {
                            self.recover(payload);
                            self.ready.rest()
                        }
                    };
                    self.run_ready(ready)?;
                    if self.stopping.get() {
                        return Ok(());
                    }
                }
            };
            // Once for all of them, because it costs as much as a step.
            match catch(run) {
                Ok(outcome) => return outcome,
                Err(payload) => panic = Some(payload),
            }
        }
    }

    #[inline(always)]
    fn begin_iteration(&self, at_standstill: &dyn Fn() -> Result<()>) -> Result<Now<'_, Entry>> {
        self.iterations.set(self.iterations.get() + 1);
        self.observe(|observer| observer.iteration_begins(self.iterations.get()));
        self.wait_for_events(at_standstill)?;
        if self.any_timers() {
            self.queue_due_timers();
        }
        Ok(self.ready.begin())
    }

    /// What these entries add runs in the next iteration: a task that reschedules itself cannot starve the others.
    #[inline(always)]
    fn run_ready(&self, mut ready: Now<'_, Entry>) -> Result<()> {
        while !self.attention.is_wanted() {
            let Some(entry) = ready.next() else { return Ok(()) };
            self.run_entry(entry);
        }
        self.run_attentively(ready)
    }

    #[cold]
    fn run_attentively(&self, mut ready: Now<'_, Entry>) -> Result<()> {
        while !self.attention.is_on(FATAL) {
            match ready.next() {
                None => return Ok(()),
                Some(entry) if self.attention.is_on(DEBUG) => self.run_timed(entry),
                Some(entry) => self.run_entry(entry),
            }
        }
        self.ready.end_early();
        self.attention.turn(FATAL, false);
        Err(self.fatal.take().unwrap_or(Error::cancelled()))
    }

    #[inline(always)]
    fn run_entry(&self, entry: Entry) {
        match entry {
            Entry::Step(task) => self.step(task),
            Entry::WakeBerth(task, taken) => drop(wake_berth(task, Berth::from_word(taken))),
            Entry::WakePromise(promise) => drop(promise.fulfil()),
            Entry::Notify(listener, index) => listener.notify(index as u32),
            Entry::Expire(scope, arming) => scope.expire(arming),
            Entry::Call(scheduled) => {
                if !scheduled.is_cancelled() {
                    let called = self.observe_call(scheduled.token);
                    current_context::run_callback(scheduled.context.clone(), || scheduled.call());
                    drop(called);
                }
            }
            Entry::Ready(registered, told) => {
                if registered.run(told) {
                    self.reactor.note_read();
                }
            }
            Entry::Done(callback) => {
                let called = self.observe_call(callback.token);
                current_context::run_callback(callback.context.clone(), || callback.call());
                drop(called);
            }
        }
    }

    /// Runs an entry in debug mode, and tells when it takes long.
    #[cold]
    fn run_timed(&self, entry: Entry) {
        let what = match &entry {
            Entry::Step(task) => format!("{:?}", AnyTask::of(task)),
            _ => "callback".to_owned(),
        };
        let start = Instant::now();
        self.run_entry(entry);
        let took = start.elapsed();
        if took.as_nanos() >= self.slow_callback.get().try_into().unwrap_or(0) {
            stderr::say(format_args!("Executing {what} took {:.3} seconds", took.as_secs_f64()));
        }
    }

    /// Waits until something is ready: not at all if anything is, else until the earliest deadline, else for ever.
    #[inline(always)]
    fn wait_for_events(&self, at_standstill: &dyn Fn() -> Result<()>) -> Result<()> {
        self.read_inbox()?;
        if self.ready.is_empty() && !self.stopping.get() {
            return self.wait_for_something(at_standstill);
        }
        // In every iteration, however busy: what somebody writes to a descriptor is seen in the very next one. But where nobody has done anything
        // since the last look, a look would find what this program has not to do with.
        if self.reactor.is_watching() && !self.reactor.can_do_without_a_look() {
            self.look(Some(0))
        } else {
            Ok(())
        }
    }

    #[inline(never)]
    fn wait_for_something(&self, at_standstill: &dyn Fn() -> Result<()>) -> Result<()> {
        self.ready.shrink();
        self.reactor.end_rests();
        let since = Instant::now();
        // A wait may end early and for nothing: by a signal, or a wake-up that came too late for what it was about.
        while self.ready.is_empty() {
            if !self.waits_for_descriptors.get() {
                self.look(Some(0))?;
            }
            if self.jump() || !self.ready.is_empty() {
                break;
            }
            let Some(deadline) = self.timers.borrow().earliest() else {
                at_standstill()?;
                self.look(None)?;
                continue;
            };
            if self.time.is_virtual() && !self.awaits_others() {
                // What this loop's own doing brings about on a descriptor is there by then.
                self.look(Some(GRACE))?;
                if self.ready.is_empty() && !self.awaits_others() {
                    self.time.jump(deadline);
                    break;
                }
                continue;
            }
            self.look(Some(self.time.left(deadline, since)))?;
            if self.ready.is_empty() && self.time.left(deadline, since) == 0 {
                // Nothing came in all that time: the virtual clock, which does not move by itself, is moved.
                self.time.jump(deadline);
                break;
            }
        }
        Ok(())
    }

    /// Moves the virtual clock to the earliest deadline, if nothing else can happen before.
    pub(crate) fn jump(&self) -> bool {
        let nothing_else = self.ready.is_empty() && !self.may_be_woken_from_outside();
        self.timers.borrow_mut().drop_cancelled();
        let deadline = self.timers.borrow().earliest().filter(|_| nothing_else);
        deadline.is_some_and(|deadline| self.time.jump(deadline))
    }

    /// Waits for descriptors and letters, at the most for so long, and queues what they ask for.
    #[inline(never)]
    fn look(&self, timeout: Option<Nanos>) -> Result<()> {
        if timeout != Some(0) && self.inbox.fall_asleep() {
            let outcome = self.reactor.wait(timeout);
            self.inbox.wake_up();
            outcome?;
        } else if self.reactor.is_watching() {
            self.reactor.wait(Some(0))?;
        }
        // Letters first: they have come while descriptors were looked at, whose callbacks are queued only after that.
        let read = self.read_inbox();
        self.reactor.queue_told(&self.ready);
        read
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
            self.reactor.note_deed();
            self.observe(|observer| observer.timer_fired(seconds(deadline)));
            self.ready.push(|| entry);
        }
    }

    #[inline]
    fn read_inbox(&self) -> Result<()> {
        if !self.has_news() {
            return Ok(());
        }
        self.read_full_inbox()
    }

    #[cold]
    fn read_full_inbox(&self) -> Result<()> {
        self.reactor.note_deed();
        self.read_letters();
        self.notice_ctrl_c()
    }

    fn read_letters(&self) {
        self.read_counts();
        for letter in self.inbox.collect() {
            match letter {
                Letter::Wake(ticket) => self.wake_ticket(ticket),
                Letter::Call(call) => {
                    let scheduled = Scheduled::once(self.id, Context::NONE, call);
                    self.observe_scheduled(scheduled.token);
                    self.ready.push(|| Entry::Call(scheduled));
                }
            }
        }
    }

    /// Has what other threads have asked for by now done before what this one asks for next.
    pub(crate) fn let_letters_go_first(&self) {
        if self.has_news() {
            self.read_letters();
            // Ctrl-C is left for the loop to notice.
            self.inbox_is_full.store(true, Ordering::Relaxed);
        }
    }

    /// Acts on a Ctrl-C, if there was one.
    ///
    /// # Errors
    /// KeyboardInterrupt, which ends the run: it was the second, or there is no main task any more to be cancelled.
    pub(crate) fn notice_ctrl_c(&self) -> Result<()> {
        let ctrl_c = self.ctrl_c.borrow().clone();
        let Some(ctrl_c) = ctrl_c.filter(|ctrl_c| ctrl_c.unnoticed.swap(false, Ordering::SeqCst)) else {
            return Ok(());
        };
        if ctrl_c.is_handled.get() {
            return Ok(());
        }
        ctrl_c.count.set(ctrl_c.count.get() + 1);
        match &ctrl_c.main {
            Some(main) if ctrl_c.count.get() == 1 && main.cancel(Error::cancelled()) => Ok(()),
            _ => Err(Error::new(Kind::KeyboardInterrupt, "").without_place()),
        }
    }
}
