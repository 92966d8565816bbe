//! What kolo-os promises, iterations included.
#![cfg(unix)]

mod pipes;
mod subprocess;
