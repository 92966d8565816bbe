//! kolo beside its peers: the same work, in the same run, on the same machine.
//!
//! - [`workloads`] says what is measured, once for all, in terms of
//! - [`peer`], what a runtime must be able to do, and [`primitives`], what its tasks wait on;
//! - [`peers`] has an adapter for each runtime, and [`bare`] the least that could possibly work;
//! - [`catalogue`] lists who takes part in what;
//! - [`sample`] takes one measurement and [`memory`] another kind; [`competitor`] starts a process for one, [`runner`] takes
//!   many, and [`report`] writes down what they come to;
//! - [`net`] is a race of its own: that of servers; so are [`http`], [`os`] (threads, children and files) and [`processes`] (pools of them).
//!
//! One measurement is one process: none inherits another's heap, threads or thread-locals, and a runtime that this machine
//! does not let run takes nothing down but itself. Rounds are interleaved, every contender once in each, so that whatever
//! else the machine is doing meets all of them alike; what is reported is the median over the rounds.

pub mod bare;
pub mod catalogue;
pub mod clock;
pub mod competitor;
pub mod http;
pub mod memory;
pub mod net;
pub mod os;
pub mod peer;
pub mod peers;
pub mod primitives;
pub mod processes;
pub mod report;
pub mod runner;
pub mod sample;
pub mod workloads;
