//! The client: what it sends, what it makes of the answers, and what becomes of its connections.

#[path = "../support/mod.rs"]
mod support;

mod bodies;
mod connections;
mod cookies;
mod errors;
mod redirects;
mod requests;
mod timeouts;
