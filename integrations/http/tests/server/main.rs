//! The server: routes, limits, bad requests, and how it ends.

#[path = "../support/mod.rs"]
mod support;

mod bad_requests;
mod bodies;
mod curl;
mod ends;
mod handlers;
mod load;
mod pieces;
mod routes;
mod slow;
