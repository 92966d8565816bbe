//! The operations that are done at once. Apart from those whose purpose it is, they do not raise: they write what failed.

use std::rc::Rc;

use kolo::{AnyTask, Error, Result, create_task, current_task};

use crate::callbacks::Scheduled;
use crate::frame::Frame;
use crate::objects::Object;
use crate::program::{NowOp, Step, Ticks};
use crate::values::{ProgramError, error_name};
use crate::world::World;

impl World {
    pub(crate) fn perform(self: &Rc<Self>, frame: &Frame, step: &Step, op: &NowOp) -> Result<()> {
        match op {
            NowOp::Log(value) => self.log(step, frame.value(*value)),
            NowOp::Set(value) => frame.register.set(*value),
            NowOp::Add(amount) => frame.register.set(frame.register.get() + amount),
            NowOp::Raise(number) => {
                let error = ProgramError(*number);
                self.log(step, &error);
                return Err(error.into());
            }
            NowOp::RaiseCancelled => {
                self.log(step, "");
                return Err(Error::cancelled());
            }
            NowOp::Reraise => {
                let error = frame
                    .handling
                    .borrow()
                    .last()
                    .cloned()
                    .expect("the parser allows it in handlers only");
                self.log(step, error_name(&error));
                return Err(error);
            }
            NowOp::Spawn { slot, coroutine } => {
                let task = create_task(self.call(*coroutine));
                self.log(step, self.name(&task.as_any()));
                self.task_slots.set_if_wanted(*slot, Object::Task(task));
            }
            NowOp::CancelSelf => self.log(step, this_task().cancel()),
            NowOp::Cancelling => self.log(step, this_task().cancelling()),
            NowOp::Uncancel => self.log(step, this_task().uncancel()),
            NowOp::Cancel(reference) => match self.object(*reference) {
                Some(object) => self.log(step, object.any().cancel()),
                None => self.log(step, "none"),
            },
            NowOp::Status(reference) => match self.object(*reference) {
                Some(object) => match &object {
                    Object::Task(task) => self.log(step, format!("{} c={}", object.state(), task.cancelling())),
                    _ => self.log(step, object.state()),
                },
                None => self.log(step, "none"),
            },
            NowOp::FutureNew(future) => {
                let promise = self.new_future();
                self.log(step, self.name(&promise.as_any()));
                self.futures.borrow_mut()[*future] = promise;
            }
            NowOp::FutureSet { future, value } => {
                let promise = self.future(*future);
                self.log_outcome(step, promise.set_result(frame.value(*value)));
            }
            NowOp::FutureSetError { future, error } => {
                let promise = self.future(*future);
                self.log_outcome(step, promise.set_error(ProgramError(*error)));
            }
            NowOp::AddCallback { slot, object, acts } => match self.object(*object) {
                Some(object) => {
                    let callback = self.add_callback(frame, step, &object, acts);
                    self.callback_slots.set_if_wanted(*slot, callback);
                    self.log(step, "ok");
                }
                None => self.log(step, "none"),
            },
            NowOp::RemoveCallback { slot, object } => match (self.callback_slots.get(*slot), self.object(*object)) {
                (Some(callback), Some(object)) => self.log(step, usize::from(object.any().remove_done_callback(callback))),
                _ => self.log(step, "none"),
            },
            NowOp::GatherNew {
                slot,
                return_exceptions,
                children,
            } => {
                let gather = self.new_gather(*return_exceptions, children);
                self.log(step, self.name(&gather.any()));
                self.gather_slots.set(*slot, gather);
            }
            NowOp::ShieldNew { slot, child } => match self.new_shield(*child) {
                Some(shield) => {
                    self.log(step, self.name(&shield.any()));
                    self.shield_slots.set(*slot, shield);
                }
                None => self.log(step, "none"),
            },
            NowOp::CallSoon { slot, acts } => {
                let handle = self.event_loop.call_soon(self.callback(frame, acts));
                self.handle_slots.set_if_wanted(*slot, Scheduled::Soon(handle));
                self.log(step, "ok");
            }
            NowOp::CallLater { slot, delay, acts } => {
                let handle = self.event_loop.call_later(delay.seconds(), self.callback(frame, acts));
                self.handle_slots.set_if_wanted(*slot, Scheduled::Timer(handle));
                self.log(step, "ok");
            }
            NowOp::CallAt { slot, when, acts } => {
                let handle = self.event_loop.call_at(when.seconds(), self.callback(frame, acts));
                self.handle_slots.set_if_wanted(*slot, Scheduled::Timer(handle));
                self.log(step, "ok");
            }
            NowOp::HandleCancel(slot) => match self.handle_slots.get(*slot) {
                Some(handle) => {
                    let already = handle.cancelled();
                    handle.cancel();
                    self.log(step, if already { "again" } else { "ok" });
                }
                None => self.log(step, "none"),
            },
            NowOp::CounterRead(counter) => {
                frame.register.set(self.counters[*counter].get());
                self.log(step, frame.register.get());
            }
            NowOp::CounterWrite { counter, value } => {
                self.counters[*counter].set(frame.value(*value));
                self.log(step, frame.value(*value));
            }
            NowOp::CounterAdd { counter, amount } => {
                let counter = &self.counters[*counter];
                counter.set(counter.get() + amount);
                self.log(step, counter.get());
            }
            NowOp::ContextGet(variable) => {
                let value = self.variables[*variable].get().expect("the variables have a default");
                frame.register.set(value);
                self.log(step, value);
            }
            NowOp::ContextSet { variable, value } => {
                let value = frame.value(*value);
                self.variables[*variable].set(value);
                self.log(step, value);
            }
            NowOp::GroupSpawn { group, slot, coroutine } => match self.groups.get(*group) {
                Some(group) => match group.create_task(self.call(*coroutine)) {
                    Ok(task) => {
                        self.log(step, self.name(&task.as_any()));
                        self.task_slots.set_if_wanted(*slot, Object::Task(task));
                    }
                    Err(error) => self.log(step, format!("err {}", error_name(&error))),
                },
                None => self.log(step, "none"),
            },
            NowOp::Reschedule { depth, delay } => match frame.timeout(*depth) {
                Some(timeout) => {
                    let deadline = delay.map(|delay| self.event_loop.time() + delay.seconds());
                    self.log_outcome(step, timeout.reschedule(deadline));
                }
                None => self.log(step, "none"),
            },
            NowOp::TimeoutInfo { depth } => match frame.timeout(*depth) {
                Some(timeout) => {
                    let deadline = timeout.when().map_or("none".into(), |when| Ticks::at(when).0.to_string());
                    self.log(step, format!("{deadline} {}", timeout.expired()));
                }
                None => self.log(step, "none"),
            },
        }
        Ok(())
    }
}

fn this_task() -> AnyTask {
    current_task().expect("the parser allows it in tasks only")
}
