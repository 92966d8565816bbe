//! `test_base_events`: connections and endpoints of datagrams.

mod connections;
mod datagrams;
mod servers;
