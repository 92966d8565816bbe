//! The examples of this crate, which are run here on this computer alone.

#[cfg(feature = "tls")]
mod tls;
#[path = "../../examples/websocket_echo.rs"]
mod websocket_echo;

use kolo::run;

#[test]
fn texts_come_back_from_the_websocket() {
    let answers = run(websocket_echo::talk()).unwrap();
    assert_eq!(answers, ["101 Switching Protocols", "hello", "is anybody there?"]);
}
