//! `Limits`: what a server puts up with.

/// What a server puts up with. In [`AppRunner::with_limits`](crate::web::AppRunner::with_limits).
///
/// ```
/// use kolo::http::web::{AppRunner, Application, Limits};
///
/// let limits = Limits { body: 16 * 1024 * 1024, head_time: 5.0, ..Limits::default() };
/// let runner = AppRunner::new(&Application::new()).with_limits(limits);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The bytes of a body that a handler reads as a whole: a MiB. Mirrors `client_max_size=`. What is longer is a 413.
    pub body: usize,
    /// The bytes of the line of a request and its headers: 8,190. What is longer is a 431.
    pub head: usize,
    /// The seconds in which the head of a request has to come, and for which a connection is kept that is not used: 75. Mirrors
    /// `keepalive_timeout=`.
    pub head_time: f64,
    /// The seconds in which all of a body has to come that a handler reads: 300. Then it is a 408.
    pub body_time: f64,
    /// The seconds without any of it coming: 30.
    pub read_time: f64,
    /// The seconds in which a client has to take some of what is sent to it: 30. Then it is closed.
    pub write_time: f64,
    /// The seconds for which requests that are under way go on once the server ends: 60. Mirrors `shutdown_timeout=`.
    pub shutdown: f64,
    /// Whether a handler is cancelled whose client has gone. It goes on, unless told otherwise. Mirrors `handler_cancellation=`.
    pub handler_cancellation: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body: 1024 * 1024,
            head: 8190,
            head_time: 75.0,
            body_time: 300.0,
            read_time: 30.0,
            write_time: 30.0,
            shutdown: 60.0,
            handler_cancellation: false,
        }
    }
}
