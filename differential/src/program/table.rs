//! The table of operations: the name of each, what it takes, where it may stand.

use super::arguments::Arguments;
use super::parse::ParseError;
use super::{NowOp, Op, ScopeOp, WaitOp, net_table, primitive_table};

/// Reads the op whose arguments these are.
pub(super) fn read(arguments: &mut Arguments<'_, '_, '_>) -> Result<Op, ParseError> {
    if let Some(op) = done_at_once(arguments)? {
        return Ok(op);
    }
    let op = waiting(arguments)?.ok_or_else(|| arguments.refuse("the name of an op"))?;
    arguments.outside_callbacks()?;
    Ok(op)
}

fn done_at_once(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<Op>, ParseError> {
    Ok(if let Some(op) = now(arguments)? {
        Some(Op::Now(op))
    } else if let Some(op) = primitive_table::now(arguments)? {
        Some(Op::PrimitiveNow(op))
    } else if let Some(op) = net_table::descriptor(arguments)? {
        Some(Op::Descriptor(op))
    } else if let Some(op) = net_table::stream(arguments)? {
        Some(Op::Stream(op))
    } else {
        net_table::server(arguments)?.map(Op::Server)
    })
}

fn waiting(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<Op>, ParseError> {
    Ok(if arguments.op_name() == "return" {
        Some(Op::Return(arguments.operand()?))
    } else if let Some(op) = wait(arguments)? {
        Some(Op::Wait(op))
    } else if let Some(op) = scope(arguments)? {
        Some(Op::Scope(op))
    } else if let Some(op) = primitive_table::wait(arguments)? {
        Some(Op::PrimitiveWait(op))
    } else if let Some(op) = primitive_table::scope(arguments)? {
        Some(Op::PrimitiveScope(op))
    } else if let Some(op) = net_table::socket_wait(arguments)? {
        Some(Op::SocketWait(op))
    } else if let Some(op) = net_table::stream_wait(arguments)? {
        Some(Op::StreamWait(op))
    } else {
        net_table::server_wait(arguments)?.map(Op::ServerWait)
    })
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
