//! The loop inside destructors: whatever kolo drops may use the loop while it is dropped.

mod closing;
mod running;
