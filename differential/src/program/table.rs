//! The table of operations: the name of each, what it takes, where it may stand.

use super::arguments::Arguments;
use super::parse::ParseError;
use super::{DescriptorOp, Direction, NowOp, Op, PrimitiveNowOp, PrimitiveScopeOp, PrimitiveWaitOp, ScopeOp, WaitOp};

/// Reads the op whose arguments these are.
pub(super) fn read(arguments: &mut Arguments<'_, '_, '_>) -> Result<Op, ParseError> {
    if let Some(op) = now(arguments)? {
        return Ok(Op::Now(op));
    }
    if let Some(op) = primitive_now(arguments)? {
        return Ok(Op::PrimitiveNow(op));
    }
    if let Some(op) = descriptor(arguments)? {
        return Ok(Op::Descriptor(op));
    }
    let waiting = if arguments.op_name() == "return" {
        Some(Op::Return(arguments.operand()?))
    } else if let Some(op) = wait(arguments)? {
        Some(Op::Wait(op))
    } else if let Some(op) = scope(arguments)? {
        Some(Op::Scope(op))
    } else if let Some(op) = primitive_wait(arguments)? {
        Some(Op::PrimitiveWait(op))
    } else {
        primitive_scope(arguments)?.map(Op::PrimitiveScope)
    };
    let op = waiting.ok_or_else(|| arguments.refuse("the name of an op"))?;
    arguments.outside_callbacks()?;
    Ok(op)
}

fn now(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<NowOp>, ParseError> {
    let have = arguments.resources();
    let name = arguments.op_name();
    if matches!(
        name,
        "cancel_self" | "cancelling" | "uncancel" | "reraise" | "reschedule" | "to_info"
    ) {
        arguments.outside_callbacks()?;
    }
    Ok(Some(match name {
        "log" => NowOp::Log(arguments.operand()?),
        "set" => NowOp::Set(arguments.integer()?),
        "add" => NowOp::Add(arguments.integer()?),
        "raise" => NowOp::Raise(arguments.integer()?),
        "raise_cancelled" => NowOp::RaiseCancelled,
        "reraise" => {
            arguments.inside_handlers()?;
            NowOp::Reraise
        }

        "spawn" => NowOp::Spawn {
            slot: arguments.optional_index(have.task_slots, "slots")?,
            coroutine: arguments.coroutine()?,
        },
        "cancel" => NowOp::Cancel(arguments.reference("tfgsm")?),
        "cancel_self" => NowOp::CancelSelf,
        "cancelling" => NowOp::Cancelling,
        "uncancel" => NowOp::Uncancel,
        "status" => NowOp::Status(arguments.reference("tfgsm")?),

        "f_new" => NowOp::FutureNew(arguments.index(have.futures, "futures")?),
        "f_set" => NowOp::FutureSet {
            future: arguments.index(have.futures, "futures")?,
            value: arguments.operand()?,
        },
        "f_set_exc" => NowOp::FutureSetError {
            future: arguments.index(have.futures, "futures")?,
            error: arguments.integer()?,
        },
        "add_cb" => NowOp::AddCallback {
            slot: arguments.optional_index(have.callback_slots, "dslots")?,
            object: arguments.reference("tfgsm")?,
            acts: arguments.acts()?,
        },
        "rm_cb" => NowOp::RemoveCallback {
            slot: arguments.index(have.callback_slots, "dslots")?,
            object: arguments.reference("tfgsm")?,
        },
        "gather_new" => NowOp::GatherNew {
            slot: arguments.index(have.gather_slots, "gslots")?,
            return_exceptions: arguments.boolean()?,
            children: arguments.children()?,
        },
        "shield_new" => NowOp::ShieldNew {
            slot: arguments.index(have.shield_slots, "sslots")?,
            child: arguments.child()?,
        },

        "call_soon" => NowOp::CallSoon {
            slot: arguments.optional_index(have.handle_slots, "hslots")?,
            acts: arguments.acts()?,
        },
        "call_later" => NowOp::CallLater {
            slot: arguments.optional_index(have.handle_slots, "hslots")?,
            delay: arguments.ticks()?,
            acts: arguments.acts()?,
        },
        "call_at" => NowOp::CallAt {
            slot: arguments.optional_index(have.handle_slots, "hslots")?,
            when: arguments.ticks()?,
            acts: arguments.acts()?,
        },
        "h_cancel" => NowOp::HandleCancel(arguments.index(have.handle_slots, "hslots")?),

        "ctr_read" => NowOp::CounterRead(arguments.index(have.counters, "counters")?),
        "ctr_write" => NowOp::CounterWrite {
            counter: arguments.index(have.counters, "counters")?,
            value: arguments.operand()?,
        },
        "ctr_add" => NowOp::CounterAdd {
            counter: arguments.index(have.counters, "counters")?,
            amount: arguments.integer()?,
        },
        "ctx_get" => NowOp::ContextGet(arguments.index(have.context_variables, "ctxvars")?),
        "ctx_set" => NowOp::ContextSet {
            variable: arguments.index(have.context_variables, "ctxvars")?,
            value: arguments.operand()?,
        },

        "tg_spawn" => NowOp::GroupSpawn {
            group: arguments.index(have.groups, "groups")?,
            slot: arguments.optional_index(have.task_slots, "slots")?,
            coroutine: arguments.coroutine()?,
        },
        "reschedule" => NowOp::Reschedule {
            depth: arguments.count()?,
            delay: arguments.optional_ticks()?,
        },
        "to_info" => NowOp::TimeoutInfo {
            depth: arguments.count()?,
        },
        _ => return Ok(None),
    }))
}

fn wait(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<WaitOp>, ParseError> {
    Ok(Some(match arguments.op_name() {
        "sleep" => WaitOp::Sleep(arguments.ticks()?),
        "call" => WaitOp::Call(arguments.coroutine()?),
        "await" => WaitOp::Await(arguments.reference("tfgs")?),
        "gather" => WaitOp::Gather {
            return_exceptions: arguments.boolean()?,
            children: arguments.children()?,
        },
        "shield" => WaitOp::Shield(arguments.child()?),
        "wait" => WaitOp::Wait {
            objects: arguments.references("tfsg")?,
            timeout: arguments.optional_ticks()?,
            mode: arguments.wait_mode()?,
        },
        "wait_for" => WaitOp::WaitFor {
            timeout: arguments.optional_ticks()?,
            target: arguments.target()?,
        },
        "as_completed" => WaitOp::AsCompleted {
            mode: arguments.completion_mode()?,
            children: arguments.children()?,
            timeout: arguments.optional_ticks()?,
        },
        _ => return Ok(None),
    }))
}

fn scope(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<ScopeOp>, ParseError> {
    let have = arguments.resources();
    Ok(Some(match arguments.op_name() {
        "timeout" => ScopeOp::Timeout {
            delay: arguments.optional_ticks()?,
            body: arguments.body()?,
        },
        "timeout_at" => ScopeOp::TimeoutAt {
            when: arguments.optional_ticks()?,
            body: arguments.body()?,
        },
        "group" => ScopeOp::Group {
            group: arguments.index(have.groups, "groups")?,
            body: arguments.body()?,
        },
        "try" => ScopeOp::Try {
            body: arguments.guarded_body()?,
            on_cancelled: arguments.handler('c')?,
            on_error: arguments.handler('e')?,
            finally: arguments.handler('f')?,
        },
        "repeat" => ScopeOp::Repeat {
            times: arguments.integer()?,
            body: arguments.body()?,
        },
        _ => return Ok(None),
    }))
}

fn primitive_now(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<PrimitiveNowOp>, ParseError> {
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

fn descriptor(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<DescriptorOp>, ParseError> {
    let have = arguments.resources();
    let direction = match arguments.op_name() {
        "add_reader" | "rm_reader" => Direction::Read,
        _ => Direction::Write,
    };
    Ok(Some(match arguments.op_name() {
        "add_reader" | "add_writer" => DescriptorOp::Watch {
            direction,
            end: arguments.end()?,
            times: arguments.optional_count()?,
            acts: arguments.acts()?,
        },
        "rm_reader" | "rm_writer" => DescriptorOp::Unwatch {
            direction,
            end: arguments.end()?,
        },
        "send" => DescriptorOp::Send {
            end: arguments.end()?,
            data: arguments.data()?,
        },
        "recv" => DescriptorOp::Receive {
            end: arguments.end()?,
            size: arguments.count()?,
        },
        "shut" => DescriptorOp::Shut {
            end: arguments.end()?,
            how: arguments.shutdown()?,
        },
        "sk_close" => DescriptorOp::Close(arguments.end()?),
        "sk_lclose" => DescriptorOp::CloseListener(arguments.index(have.listeners, "listeners")?),
        _ => return Ok(None),
    }))
}

fn primitive_wait(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<PrimitiveWaitOp>, ParseError> {
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

fn primitive_scope(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<PrimitiveScopeOp>, ParseError> {
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
