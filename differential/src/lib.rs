//! The differential test of kolo: random programs, run on kolo and on CPython, must leave the same trace.
//!
//! A *program* is a JSON document: a few shared resources, and coroutines made of small operations on them, such as
//! `["spawn", 0, 2]` or `["sleep", 3]`. A *trace* says, a line an event, at which tick of the virtual clock which task did what,
//! and how it came out. The traces to compare with were made by CPython 3.13.0 and lie in `corpus/` beside their programs.
//!
//! The interpreter stands on nothing but kolo's public API: [`parse`] reads a program, [`trace`] runs it. In reading order:
//! `program` (what there is to run), `world` and `frame` (what it runs on), `bodies`, then a file for each kind of operation
//! (`now`, `wait`, `scopes`, `primitives`; `descriptors` and `socket_waits`, `streams` and `stream_waits`, `servers`), `run`, the start and the end of it all, and `rest`, which looks at
//! what is left of a run that somebody has meddled with.

#![forbid(unsafe_code)]

mod bodies;
mod callbacks;
mod descriptors;
mod frame;
mod meddler;
mod now;
mod objects;
mod primitives;
pub mod program;
mod rest;
mod run;
mod scopes;
mod servers;
mod socket_waits;
mod sockets;
mod stream_waits;
mod streams;
mod trace;
mod values;
mod wait;
mod world;

pub use bodies::Coroutine;
pub use meddler::Meddler;
pub use program::{ParseError, parse};
pub use run::{trace, trace_with};
