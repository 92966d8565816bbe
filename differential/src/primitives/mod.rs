//! The operations on locks, semaphores, events, conditions, barriers and queues.

mod either;

use std::rc::Rc;

use kolo::{Barrier, Condition, Event, Lock, Result};

use crate::bodies::Flow;
use crate::frame::Frame;
use crate::program::{Body, PrimitiveNowOp, PrimitiveScopeOp, PrimitiveWaitOp, Resources, Step};
use crate::values::{Value, error_name};
use crate::world::World;
use either::{EitherQueue, EitherSemaphore};

/// The primitives of a program.
pub(crate) struct Primitives {
    locks: Vec<Lock>,
    events: Vec<Event>,
    conditions: Vec<Condition>,
    /// The plain ones, then the bounded ones.
    semaphores: Vec<EitherSemaphore>,
    barriers: Vec<Barrier>,
    queues: Vec<EitherQueue>,
}

impl Primitives {
    /// # Errors
    /// Value, for what cannot be made: a barrier of nobody.
    pub(crate) fn new(resources: &Resources) -> Result<Primitives> {
        let plain = resources.semaphores.iter().map(|value| EitherSemaphore::plain(*value));
        let bounded = resources.bounded.iter().map(|value| EitherSemaphore::bounded(*value));
        Ok(Primitives {
            locks: (0..resources.locks).map(|_| Lock::new()).collect(),
            events: (0..resources.events).map(|_| Event::new()).collect(),
            conditions: (0..resources.conditions).map(|_| Condition::new()).collect(),
            semaphores: plain.chain(bounded).collect::<Result<_>>()?,
            barriers: resources
                .barriers
                .iter()
                .map(|parties| Barrier::new(*parties))
                .collect::<Result<_>>()?,
            queues: resources.queues.iter().map(EitherQueue::new).collect(),
        })
    }
}

impl World {
    /// An operation that does not wait.
    pub(crate) fn perform_on_primitive(&self, frame: &Frame, step: &Step, op: &PrimitiveNowOp) {
        let Primitives {
            locks,
            events,
            conditions,
            semaphores,
            barriers,
            queues,
        } = &self.primitives;
        match op {
            PrimitiveNowOp::LockRelease(lock) => self.log_outcome(step, locks[*lock].release()),
            PrimitiveNowOp::LockLocked(lock) => self.log(step, locks[*lock].locked()),

            PrimitiveNowOp::SemaphoreRelease(semaphore) => self.log_outcome(step, semaphores[*semaphore].release()),
            PrimitiveNowOp::SemaphoreLocked(semaphore) => self.log(step, semaphores[*semaphore].locked()),

            PrimitiveNowOp::EventSet(event) => {
                events[*event].set();
                self.log(step, "ok");
            }
            PrimitiveNowOp::EventClear(event) => {
                events[*event].clear();
                self.log(step, "ok");
            }
            PrimitiveNowOp::EventIsSet(event) => self.log(step, events[*event].is_set()),

            PrimitiveNowOp::ConditionRelease(condition) => self.log_outcome(step, conditions[*condition].release()),
            PrimitiveNowOp::ConditionLocked(condition) => self.log(step, conditions[*condition].locked()),
            PrimitiveNowOp::ConditionNotify { condition, count } => {
                self.log_outcome(step, conditions[*condition].notify(*count));
            }
            PrimitiveNowOp::ConditionNotifyAll(condition) => self.log_outcome(step, conditions[*condition].notify_all()),

            PrimitiveNowOp::BarrierInfo(barrier) => {
                let barrier = &barriers[*barrier];
                self.log(step, format!("{} {}", barrier.n_waiting(), barrier.broken()));
            }

            PrimitiveNowOp::QueuePutNowait { queue, value } => {
                self.log_outcome(step, queues[*queue].put_nowait(frame.value(*value)));
            }
            PrimitiveNowOp::QueueGetNowait(queue) => match queues[*queue].get_nowait() {
                Ok(value) => self.keep(frame, step, &Value::Integer(value)),
                Err(error) => self.log(step, format!("err {}", error_name(&error))),
            },
            PrimitiveNowOp::QueueTaskDone(queue) => self.log_outcome(step, queues[*queue].task_done()),
            PrimitiveNowOp::QueueShutdown { queue, immediate } => {
                queues[*queue].shutdown(*immediate);
                self.log(step, "ok");
            }
            PrimitiveNowOp::QueueInfo(queue) => {
                let queue = &queues[*queue];
                self.log(step, format!("{} {} {}", queue.qsize(), queue.empty(), queue.full()));
            }
        }
    }

    /// An operation that waits.
    pub(crate) async fn wait_at_primitive(&self, frame: &Frame, step: &Step, op: &PrimitiveWaitOp) -> Result<()> {
        let Primitives {
            locks,
            events,
            conditions,
            semaphores,
            barriers,
            queues,
        } = &self.primitives;
        let outcome = match op {
            PrimitiveWaitOp::LockAcquire(lock) => locks[*lock].acquire().await,
            PrimitiveWaitOp::SemaphoreAcquire(semaphore) => semaphores[*semaphore].acquire().await,
            PrimitiveWaitOp::ConditionAcquire(condition) => conditions[*condition].acquire().await,
            PrimitiveWaitOp::EventWait(event) => events[*event].wait().await,
            PrimitiveWaitOp::ConditionWait(condition) => conditions[*condition].wait().await,
            PrimitiveWaitOp::ConditionWaitFor {
                condition,
                counter,
                at_least,
            } => {
                let reached = || self.counters[*counter].get() >= *at_least;
                conditions[*condition].wait_for(reached).await
            }
            PrimitiveWaitOp::BarrierReset(barrier) => barriers[*barrier].reset().await,
            PrimitiveWaitOp::BarrierAbort(barrier) => barriers[*barrier].abort().await,
            PrimitiveWaitOp::QueuePut { queue, value } => queues[*queue].put(frame.value(*value)).await,
            PrimitiveWaitOp::QueueJoin(queue) => queues[*queue].join().await,
            PrimitiveWaitOp::BarrierWait(barrier) => {
                let index = self.logged(step, barriers[*barrier].wait().await)?;
                self.keep(frame, step, &Value::Integer(index.try_into().expect("few wait at a barrier")));
                return Ok(());
            }
            PrimitiveWaitOp::QueueGet(queue) => {
                let value = self.logged(step, queues[*queue].get().await)?;
                self.keep(frame, step, &Value::Integer(value));
                return Ok(());
            }
        };
        self.logged(step, outcome)?;
        self.log(step, "ok");
        Ok(())
    }

    /// An operation that runs a body while something is held.
    pub(crate) async fn within_primitive(self: &Rc<Self>, frame: &Rc<Frame>, step: &Step, op: &PrimitiveScopeOp) -> Result<Flow> {
        let Primitives {
            locks,
            conditions,
            semaphores,
            barriers,
            ..
        } = &self.primitives;
        match op {
            PrimitiveScopeOp::WithLock { lock, body } => {
                let lock = &locks[*lock];
                self.holding(frame, step, lock.acquire(), || lock.release(), body).await
            }
            PrimitiveScopeOp::WithSemaphore { semaphore, body } => {
                let semaphore = &semaphores[*semaphore];
                self.holding(frame, step, semaphore.acquire(), || semaphore.release(), body)
                    .await
            }
            PrimitiveScopeOp::WithCondition { condition, body } => {
                let condition = &conditions[*condition];
                self.holding(frame, step, condition.acquire(), || condition.release(), body)
                    .await
            }
            PrimitiveScopeOp::WithBarrier { barrier, body } => {
                let index = self.logged(step, barriers[*barrier].wait().await)?;
                self.log(step, format!("enter {index}"));
                let flow = self.logged(step, self.run_body(frame, body).await)?;
                self.log(step, "ok");
                Ok(flow)
            }
        }
    }

    /// `async with`, by hand: a guard would hide that releasing can fail, because the body has released already. That error takes
    /// the place of whatever the body ended with.
    async fn holding(
        self: &Rc<Self>,
        frame: &Rc<Frame>,
        step: &Step,
        acquire: impl Future<Output = Result<()>>,
        release: impl Fn() -> Result<()>,
        body: &Body,
    ) -> Result<Flow> {
        self.logged(step, acquire.await)?;
        self.log(step, "enter");
        let outcome = self.run_body(frame, body).await;
        let flow = self.logged(step, release().and(outcome))?;
        self.log(step, "ok");
        Ok(flow)
    }
}
