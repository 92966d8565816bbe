//! What a program can see of streams, transports and servers, with the iteration in which it sees it: CPython 3.13's, of the same programs.

mod connecting;
mod echo;
mod reading;
mod servers;
mod servers_ending;
mod transports;
mod writing;
