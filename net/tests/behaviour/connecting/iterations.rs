//! In how many iterations a connection is there.

use std::os::unix::net::UnixListener;

use kolo_net::create_unix_connection;

use super::{at, here, listener, silent, try_out};
use crate::support::runs::traced;

#[test]
fn they_are_as_many_as_in_asyncio() {
    let path = std::env::temp_dir().join(format!("kolo-connecting-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let to = path.clone();
    let events = traced(async move |trace| {
        let (_listener, address) = listener();
        let _unix = UnixListener::bind(&to)?;
        let port = address.port();
        try_out(&trace, "an address", at(port)).await?;
        try_out(&trace, "an address among several", here(port)).await?;
        try_out(&trace, "an address in a race", at(port).happy_eyeballs_delay(0.25)).await?;
        try_out(&trace, "several in a race", here(port).happy_eyeballs_delay(0.25)).await?;
        try_out(&trace, "from an address", at(port).local_address("127.0.0.1", 0)).await?;
        try_out(&trace, "a path", create_unix_connection(silent, to)).await
    });
    std::fs::remove_file(path).unwrap();
    // Where the resolver is asked, that takes two of them.
    let expected = [
        "+4 an address",
        "+8 an address among several",
        "+9 an address in a race",
        "+13 several in a race",
        "+4 from an address",
        "+2 a path",
    ];
    assert_eq!(events, expected);
}
