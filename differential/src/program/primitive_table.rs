//! The table of operations on locks, semaphores, events, conditions, barriers and queues.

use super::arguments::Arguments;
use super::parse::ParseError;
use super::{PrimitiveNowOp, PrimitiveScopeOp, PrimitiveWaitOp};

pub(super) fn now(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<PrimitiveNowOp>, ParseError> {
    let have = arguments.resources();
    let semaphores = have.semaphores.len() + have.bounded.len();
    Ok(Some(match arguments.op_name() {
        "lock_release" => PrimitiveNowOp::LockRelease(arguments.index(have.locks, "locks")?),
        "lock_locked" => PrimitiveNowOp::LockLocked(arguments.index(have.locks, "locks")?),
        "sem_release" => PrimitiveNowOp::SemaphoreRelease(arguments.index(semaphores, "semaphores")?),
        "sem_locked" => PrimitiveNowOp::SemaphoreLocked(arguments.index(semaphores, "semaphores")?),
        "ev_set" => PrimitiveNowOp::EventSet(arguments.index(have.events, "events")?),
        "ev_clear" => PrimitiveNowOp::EventClear(arguments.index(have.events, "events")?),
        "ev_is_set" => PrimitiveNowOp::EventIsSet(arguments.index(have.events, "events")?),
        "cond_release" => PrimitiveNowOp::ConditionRelease(arguments.index(have.conditions, "conditions")?),
        "cond_locked" => PrimitiveNowOp::ConditionLocked(arguments.index(have.conditions, "conditions")?),
        "cond_notify" => PrimitiveNowOp::ConditionNotify {
            condition: arguments.index(have.conditions, "conditions")?,
            count: arguments.count()?,
        },
        "cond_notify_all" => PrimitiveNowOp::ConditionNotifyAll(arguments.index(have.conditions, "conditions")?),
        "bar_info" => PrimitiveNowOp::BarrierInfo(arguments.index(have.barriers.len(), "barriers")?),
        "q_put_nowait" => PrimitiveNowOp::QueuePutNowait {
            queue: arguments.index(have.queues.len(), "queues")?,
            value: arguments.operand()?,
        },
        "q_get_nowait" => PrimitiveNowOp::QueueGetNowait(arguments.index(have.queues.len(), "queues")?),
        "q_task_done" => PrimitiveNowOp::QueueTaskDone(arguments.index(have.queues.len(), "queues")?),
        "q_shutdown" => PrimitiveNowOp::QueueShutdown {
            queue: arguments.index(have.queues.len(), "queues")?,
            immediate: arguments.boolean()?,
        },
        "q_info" => PrimitiveNowOp::QueueInfo(arguments.index(have.queues.len(), "queues")?),
        _ => return Ok(None),
    }))
}

pub(super) fn wait(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<PrimitiveWaitOp>, ParseError> {
    let have = arguments.resources();
    let semaphores = have.semaphores.len() + have.bounded.len();
    Ok(Some(match arguments.op_name() {
        "lock_acquire" => PrimitiveWaitOp::LockAcquire(arguments.index(have.locks, "locks")?),
        "sem_acquire" => PrimitiveWaitOp::SemaphoreAcquire(arguments.index(semaphores, "semaphores")?),
        "cond_acquire" => PrimitiveWaitOp::ConditionAcquire(arguments.index(have.conditions, "conditions")?),
        "ev_wait" => PrimitiveWaitOp::EventWait(arguments.index(have.events, "events")?),
        "cond_wait" => PrimitiveWaitOp::ConditionWait(arguments.index(have.conditions, "conditions")?),
        "cond_wait_for" => PrimitiveWaitOp::ConditionWaitFor {
            condition: arguments.index(have.conditions, "conditions")?,
            counter: arguments.index(have.counters, "counters")?,
            at_least: arguments.integer()?,
        },
        "bar_wait" => PrimitiveWaitOp::BarrierWait(arguments.index(have.barriers.len(), "barriers")?),
        "bar_reset" => PrimitiveWaitOp::BarrierReset(arguments.index(have.barriers.len(), "barriers")?),
        "bar_abort" => PrimitiveWaitOp::BarrierAbort(arguments.index(have.barriers.len(), "barriers")?),
        "q_put" => PrimitiveWaitOp::QueuePut {
            queue: arguments.index(have.queues.len(), "queues")?,
            value: arguments.operand()?,
        },
        "q_get" => PrimitiveWaitOp::QueueGet(arguments.index(have.queues.len(), "queues")?),
        "q_join" => PrimitiveWaitOp::QueueJoin(arguments.index(have.queues.len(), "queues")?),
        _ => return Ok(None),
    }))
}

pub(super) fn scope(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<PrimitiveScopeOp>, ParseError> {
    let have = arguments.resources();
    let semaphores = have.semaphores.len() + have.bounded.len();
    Ok(Some(match arguments.op_name() {
        "with_lock" => PrimitiveScopeOp::WithLock {
            lock: arguments.index(have.locks, "locks")?,
            body: arguments.body()?,
        },
        "with_sem" => PrimitiveScopeOp::WithSemaphore {
            semaphore: arguments.index(semaphores, "semaphores")?,
            body: arguments.body()?,
        },
        "with_cond" => PrimitiveScopeOp::WithCondition {
            condition: arguments.index(have.conditions, "conditions")?,
            body: arguments.body()?,
        },
        "with_bar" => PrimitiveScopeOp::WithBarrier {
            barrier: arguments.index(have.barriers.len(), "barriers")?,
            body: arguments.body()?,
        },
        _ => return Ok(None),
    }))
}
