//! The operations, one by one, with their arguments.

use super::{Body, Child, CompletionMode, Operand, Reference, Target, Ticks, WaitMode};

/// Operations that neither wait nor, the raising ones apart, fail.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "variants and fields are named for the operations and their arguments"
)]
pub enum NowOp {
    Log(Operand),
    Set(i64),
    Add(i64),
    Raise(i64),
    RaiseCancelled,
    Reraise,

    Spawn {
        slot: Option<usize>,
        coroutine: usize,
    },
    Cancel(Reference),
    CancelSelf,
    Cancelling,
    Uncancel,
    Status(Reference),

    FutureNew(usize),
    FutureSet {
        future: usize,
        value: Operand,
    },
    FutureSetError {
        future: usize,
        error: i64,
    },
    AddCallback {
        slot: Option<usize>,
        object: Reference,
        acts: Body,
    },
    RemoveCallback {
        slot: usize,
        object: Reference,
    },
    GatherNew {
        slot: usize,
        return_exceptions: bool,
        children: Vec<Child>,
    },
    ShieldNew {
        slot: usize,
        child: Child,
    },

    CallSoon {
        slot: Option<usize>,
        acts: Body,
    },
    CallLater {
        slot: Option<usize>,
        delay: Ticks,
        acts: Body,
    },
    CallAt {
        slot: Option<usize>,
        when: Ticks,
        acts: Body,
    },
    HandleCancel(usize),

    CounterRead(usize),
    CounterWrite {
        counter: usize,
        value: Operand,
    },
    CounterAdd {
        counter: usize,
        amount: i64,
    },
    ContextGet(usize),
    ContextSet {
        variable: usize,
        value: Operand,
    },

    GroupSpawn {
        group: usize,
        slot: Option<usize>,
        coroutine: usize,
    },
    Reschedule {
        depth: usize,
        delay: Option<Ticks>,
    },
    TimeoutInfo {
        depth: usize,
    },
}

/// Operations that await one thing.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "variants and fields are named for the operations and their arguments"
)]
pub enum WaitOp {
    Sleep(Ticks),
    Call(usize),
    Await(Reference),
    Gather {
        return_exceptions: bool,
        children: Vec<Child>,
    },
    Shield(Child),
    Wait {
        objects: Vec<Reference>,
        timeout: Option<Ticks>,
        mode: WaitMode,
    },
    WaitFor {
        timeout: Option<Ticks>,
        target: Target,
    },
    AsCompleted {
        mode: CompletionMode,
        children: Vec<Child>,
        timeout: Option<Ticks>,
    },
}

/// Operations with bodies of their own, run in the frame around them.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "variants and fields are named for the operations and their arguments"
)]
pub enum ScopeOp {
    Timeout {
        delay: Option<Ticks>,
        body: Body,
    },
    TimeoutAt {
        when: Option<Ticks>,
        body: Body,
    },
    Group {
        group: usize,
        body: Body,
    },
    Try {
        body: Body,
        on_cancelled: Option<Body>,
        on_error: Option<Body>,
        finally: Option<Body>,
    },
    Repeat {
        times: i64,
        body: Body,
    },
}

/// Operations on primitives that do not wait.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "variants and fields are named for the operations and their arguments"
)]
pub enum PrimitiveNowOp {
    LockRelease(usize),
    LockLocked(usize),
    SemaphoreRelease(usize),
    SemaphoreLocked(usize),
    EventSet(usize),
    EventClear(usize),
    EventIsSet(usize),
    ConditionRelease(usize),
    ConditionLocked(usize),
    ConditionNotify { condition: usize, count: usize },
    ConditionNotifyAll(usize),
    BarrierInfo(usize),
    QueuePutNowait { queue: usize, value: Operand },
    QueueGetNowait(usize),
    QueueTaskDone(usize),
    QueueShutdown { queue: usize, immediate: bool },
    QueueInfo(usize),
}

/// Operations on primitives that wait.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "variants and fields are named for the operations and their arguments"
)]
pub enum PrimitiveWaitOp {
    LockAcquire(usize),
    SemaphoreAcquire(usize),
    ConditionAcquire(usize),
    EventWait(usize),
    ConditionWait(usize),
    ConditionWaitFor {
        condition: usize,
        counter: usize,
        at_least: i64,
    },
    BarrierWait(usize),
    BarrierReset(usize),
    BarrierAbort(usize),
    QueuePut {
        queue: usize,
        value: Operand,
    },
    QueueGet(usize),
    QueueJoin(usize),
}

/// Operations that hold a primitive, or have waited for it, while a body runs.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "variants and fields are named for the operations and their arguments"
)]
pub enum PrimitiveScopeOp {
    WithLock { lock: usize, body: Body },
    WithSemaphore { semaphore: usize, body: Body },
    WithCondition { condition: usize, body: Body },
    WithBarrier { barrier: usize, body: Body },
}
