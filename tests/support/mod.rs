//! What the test programs of the executor and of `sync` share, beside `kolo_executor::testing`. Each takes this folder in by its path.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod child;
pub(crate) mod claims;
pub(crate) mod lives;
pub(crate) mod many;
pub(crate) mod outcome;
pub(crate) mod outside;
pub(crate) mod reports;
pub(crate) mod runs;
