//! Who takes part in what.

use crate::clock::Cost;
use crate::memory::{Footprint, asleep, parked};
use crate::peer::Peer;
use crate::peers::*;
use crate::primitives::*;
use crate::workloads::*;

/// One kind of work and everyone who does it.
pub struct Workload {
    pub id: &'static str,
    pub title: &'static str,
    /// What one operation is.
    pub operation: &'static str,
    /// How many operations one iteration makes.
    pub operations: u64,
    pub size: usize,
    pub contenders: Vec<Contender<Run>>,
}

/// Does the work of a size so many times.
pub type Run = fn(usize, u64) -> Cost;

/// The same for what is measured in bytes.
pub struct Memory {
    pub id: &'static str,
    pub title: &'static str,
    pub tasks: usize,
    pub contenders: Vec<Contender<Weigh>>,
}

/// Weighs so many tasks.
pub type Weigh = fn(usize) -> Footprint;

/// A runtime, and what its tasks wait on where that is a choice.
pub struct Contender<F> {
    pub peer: &'static str,
    pub with: Option<&'static str>,
    pub available: fn() -> Result<(), String>,
    pub run: F,
}

impl<F> Contender<F> {
    fn new<P: Peer>(with: Option<&'static str>, run: F) -> Self {
        Contender {
            peer: P::NAME,
            with,
            available: P::available,
            run,
        }
    }

    /// A floor shows what is left when the primitive costs nothing; it is in no race.
    pub fn is_floor(&self) -> bool {
        self.with == Some(BareQueue::NAME)
    }

    pub fn name(&self) -> String {
        match self.with {
            None => self.peer.to_owned(),
            Some(primitive) => format!("{} + {primitive}", self.peer),
        }
    }
}

/// Runtimes that do a piece of work with what they have.
macro_rules! alone {
    ($run:ident: $($peer:ident)+) => {
        vec![$(Contender::new::<$peer>(None, $run::<$peer>)),+]
    };
}

/// Runtimes that do it with a certain primitive.
macro_rules! paired {
    ($run:ident: $($peer:ident + $primitive:ident,)+) => {
        vec![$(Contender::new::<$peer>(Some($primitive::NAME), $run::<$peer, $primitive>)),+]
    };
}

pub fn workloads() -> Vec<Workload> {
    vec![
        Workload {
            id: "spawn",
            title: "Spawn and join, 1,000 at a time",
            operation: "one task, from its spawning to its joining",
            operations: 1_000,
            size: 1_000,
            contenders: alone!(spawn_and_join: Kolo CurrentThread LocalRuntime Smol LocalPool Monoio Compio Glommio),
        },
        Workload {
            id: "spawn_parked",
            title: "Spawn 1,000 tasks that park on an event",
            operation: "one task, from its spawning until it waits",
            operations: 1_000,
            size: 1_000,
            contenders: paired!(spawn_parked:
                Kolo + KoloEvent,
                CurrentThread + BareEvent,
                LocalRuntime + TokioNotify,
                LocalRuntime + BareEvent,
                Smol + ListenedEvent,
                Smol + BareEvent,
                LocalPool + BareEvent,
                Monoio + BareEvent,
                Compio + BareEvent,
                Glommio + BareEvent,
            ),
        },
        Workload {
            id: "cancel",
            title: "Cancel 1,000 parked tasks and collect them",
            operation: "one task",
            operations: 1_000,
            size: 1_000,
            contenders: paired!(cancel:
                Kolo + KoloEvent,
                CurrentThread + BareEvent,
                LocalRuntime + TokioNotify,
                LocalRuntime + BareEvent,
                Smol + ListenedEvent,
                Smol + BareEvent,
                LocalPool + BareEvent,
                Compio + BareEvent,
                Glommio + BareEvent,
            ),
        },
        Workload {
            id: "yield",
            title: "Yield, 100 tasks",
            operation: "one turn of one task",
            operations: 100,
            size: 100,
            contenders: alone!(yields: Kolo CurrentThread LocalRuntime Smol LocalPool Monoio Compio Glommio),
        },
        Workload {
            id: "ping_pong",
            title: "Ping-pong of a token over two one-slot queues",
            operation: "once there and back",
            operations: 1,
            size: 1,
            contenders: paired!(ping_pong:
                Kolo + KoloQueue,
                CurrentThread + TokioChannel,
                LocalRuntime + TokioChannel,
                LocalRuntime + UnsyncChannel,
                Kolo + BareQueue,
                LocalRuntime + BareQueue,
                Smol + AsyncChannel,
                Smol + UnsyncChannel,
                LocalPool + FuturesChannel,
                Monoio + LocalSyncChannel,
                Monoio + UnsyncChannel,
                Monoio + BareQueue,
                Compio + Flume,
                Compio + UnsyncChannel,
                Glommio + GlommioChannel,
                Glommio + UnsyncChannel,
            ),
        },
        Workload {
            id: "lock",
            title: "A lock, 1,000 contenders, a yield inside",
            operation: "one holding, the yield included",
            operations: 1_000,
            size: 1_000,
            contenders: paired!(lock:
                Kolo + KoloLock,
                CurrentThread + TokioMutex,
                CurrentThreadYieldNow + TokioMutex,
                LocalRuntime + TokioMutex,
                LocalRuntime + UnsyncSemaphore,
                Smol + AsyncMutex,
                Smol + UnsyncSemaphore,
                LocalPool + FuturesMutex,
                Monoio + LocalSyncSemaphore,
                Monoio + UnsyncSemaphore,
                Compio + UnsyncSemaphore,
                Glommio + GlommioSemaphore,
                Glommio + UnsyncSemaphore,
            ),
        },
        Workload {
            id: "semaphore",
            title: "A semaphore of 10, 10,000 tasks, a yield inside",
            operation: "one holding, the yield included",
            operations: 10_000,
            size: 10_000,
            contenders: paired!(semaphore:
                Kolo + KoloSemaphore,
                CurrentThread + TokioSemaphore,
                LocalRuntime + TokioSemaphore,
                LocalRuntime + UnsyncSemaphore,
                Smol + AsyncSemaphore,
                Smol + UnsyncSemaphore,
                Monoio + LocalSyncSemaphore,
                Monoio + UnsyncSemaphore,
                Compio + UnsyncSemaphore,
                Glommio + GlommioSemaphore,
                Glommio + UnsyncSemaphore,
            ),
        },
        Workload {
            id: "queue",
            title: "One producer, four consumers, a queue of 128",
            operation: "one item",
            operations: 1_000,
            size: 128,
            contenders: paired!(one_to_four:
                Kolo + KoloQueue,
                CurrentThread + Flume,
                LocalRuntime + AsyncChannel,
                LocalRuntime + Flume,
                Kolo + BareQueue,
                LocalRuntime + BareQueue,
                Smol + AsyncChannel,
                Smol + Flume,
                LocalPool + Flume,
                Monoio + Flume,
                Monoio + BareQueue,
                Compio + Flume,
                Glommio + GlommioChannel,
                Glommio + Flume,
            ),
        },
        Workload {
            id: "gather",
            title: "Gather 1,000",
            operation: "one child",
            operations: 1_000,
            size: 1_000,
            contenders: alone!(gather: Kolo CurrentThread LocalRuntime Smol LocalPool Monoio Compio Glommio),
        },
        Workload {
            id: "group",
            title: "A task group of 100",
            operation: "one task",
            operations: 100,
            size: 100,
            contenders: alone!(group: Kolo CurrentThread LocalRuntime Smol LocalPool Monoio Compio Glommio),
        },
        Workload {
            id: "timeout",
            title: "A timeout of 10 s armed and disarmed around a yield",
            operation: "one timeout",
            operations: 1,
            size: 0,
            contenders: alone!(timeouts: Kolo CurrentThread LocalRuntime Smol Monoio Compio Glommio),
        },
        Workload {
            id: "timeout_armed",
            title: "The same while 100,000 other timers are armed",
            operation: "one timeout",
            operations: 1,
            size: 100_000,
            contenders: alone!(timeouts: Kolo CurrentThread LocalRuntime Smol Monoio Compio Glommio),
        },
        Workload {
            id: "sleeps",
            title: "100,000 sleeps with deadlines scattered over 1 s",
            operation: "one sleep, its task's spawning and joining included",
            operations: 100_000,
            size: 100_000,
            contenders: alone!(sleeps: Kolo CurrentThread LocalRuntime Smol Monoio Compio Glommio),
        },
        Workload {
            id: "wake_awake",
            title: "Wake 1,000 tasks from another thread, loop awake",
            operation: "one wake-up, CPU time of both threads",
            operations: 1_000,
            size: 1_000,
            contenders: alone!(wake_awake: Kolo CurrentThread LocalRuntime Smol LocalPool Monoio Compio Glommio),
        },
        Workload {
            id: "wake_asleep",
            title: "Wake a task from another thread, loop asleep",
            operation: "one wake-up, CPU time of both threads",
            operations: 1,
            size: 1,
            contenders: alone!(wake_asleep: Kolo CurrentThread LocalRuntime Smol LocalPool Monoio Compio Glommio),
        },
    ]
}

pub fn memories() -> Vec<Memory> {
    vec![
        Memory {
            id: "asleep",
            title: "1,000,000 tasks asleep for an hour",
            tasks: 1_000_000,
            contenders: alone!(asleep: Kolo CurrentThread LocalRuntime Smol Monoio Compio Glommio),
        },
        Memory {
            id: "parked",
            title: "1,000,000 tasks parked on an event",
            tasks: 1_000_000,
            contenders: paired!(parked:
                Kolo + KoloEvent,
                CurrentThread + BareEvent,
                LocalRuntime + TokioNotify,
                LocalRuntime + BareEvent,
                Smol + ListenedEvent,
                Smol + BareEvent,
                LocalPool + BareEvent,
                Monoio + BareEvent,
                Compio + BareEvent,
                Glommio + BareEvent,
            ),
        },
    ]
}
