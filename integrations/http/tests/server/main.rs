//! The server: routes, limits, bad requests, and how it ends.

#[path = "../../../../tests/support/child.rs"]
mod child;
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
mod run_app;
mod slow;
