//! The client: sessions, requests, responses, and the connections that they share.

mod connection;
mod connector;
mod cookies;
mod exchange;
mod redirect;
mod request;
mod response;
mod session;
mod timeout;

pub use request::RequestBuilder;
pub(crate) use request::not_sent;
pub use response::Response;
pub(crate) use response::from_json;
pub use session::{ClientSession, SessionBuilder};
pub use timeout::ClientTimeout;
