//! Data structures that know nothing of kolo.

pub(crate) mod attention;
pub(crate) mod berth;
mod burst;
pub(crate) mod caught;
pub(crate) mod clock;
pub(crate) mod context;
pub(crate) mod crowd;
pub(crate) mod deposits;
pub(crate) mod environment;
pub(crate) mod error;
pub(crate) mod flags;
pub(crate) mod leaves;
pub(crate) mod line;
mod list;
pub(crate) mod mailbox;
#[allow(unsafe_code, reason = "memory is cut into blocks")]
pub(crate) mod memory;
pub(crate) mod nested_drop;
pub(crate) mod numbers;
pub(crate) mod on_drop;
pub(crate) mod ready;
pub(crate) mod roster;
pub(crate) mod stats;
pub(crate) mod stderr;
pub(crate) mod tally;
pub(crate) mod ticket;
pub(crate) mod time;
pub(crate) mod timers;
pub(crate) mod weak_list;
