//! Servers beside each other: what a request costs each, in CPU time of its process, with the client in another one.
//!
//! - [`work`] says what servers are asked to do;
//! - [`servers`] has one for each runtime, and the least that can do it: a loop over epoll;
//! - [`client`] asks, by such a loop as well, over as many connections as are wanted;
//! - [`race`] starts servers one after the other, in interleaved rounds, and [`section`] writes down what they came to.

pub mod client;
pub mod race;
pub mod section;
pub mod servers;
pub mod work;
