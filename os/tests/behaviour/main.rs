//! What kolo-os promises, iterations included.
#![cfg(unix)]

mod pipes;
mod signals;
mod subprocess;
