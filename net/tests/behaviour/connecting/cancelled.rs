//! Connections that are cancelled before they are there.

use std::fs;
use std::io::Read;
use std::time::Duration;

use kolo_executor::testing::hops;
use kolo_executor::{Kind, Result, all_tasks, create_task, timeout};
use kolo_net::CreateConnection;

use super::{Silent, at, here, listener};
use crate::support::outcome::kind_of;
use crate::support::runs::in_loop;

/// Cancels the connection in each of its iterations; nothing is left of it.
async fn cancelled_everywhere(connection: impl Fn(u16) -> CreateConnection<Silent>, iterations: usize) -> Result<()> {
    let (listener, address) = listener();
    for count in 0..iterations {
        let connecting = create_task(connection(address.port()));
        hops(count).await?;
        assert!(!connecting.done(), "after {count}");
        connecting.cancel();
        assert_eq!(kind_of(connecting.await.map(drop)), Kind::Cancelled, "after {count}");
        hops(3).await?;
        assert_eq!(all_tasks().len(), 1, "after {count}");
        // Whoever was connected for it has been closed: nobody is left who would send anything.
        listener.set_nonblocking(true)?;
        while let Ok((mut connection, _)) = listener.accept() {
            connection.set_nonblocking(false)?;
            connection.set_read_timeout(Some(Duration::from_secs(10)))?;
            assert!(matches!(connection.read(&mut [0]), Ok(0)), "after {count}");
        }
    }
    Ok(())
}

#[test]
fn one_to_an_address_leaves_nothing() {
    in_loop(cancelled_everywhere(at, 5));
}

#[test]
fn a_race_leaves_nothing() {
    in_loop(cancelled_everywhere(|port| at(port).happy_eyeballs_delay(0.25), 10));
}

#[test]
fn one_whose_name_is_being_looked_up_leaves_nothing() {
    in_loop(async {
        let (_listener, address) = listener();
        let connecting = create_task(here(address.port()));
        hops(1).await?;
        connecting.cancel();
        assert_eq!(kind_of(connecting.await.map(drop)), Kind::Cancelled);
        let outcome = timeout(0, async { here(address.port()).await.map(drop) }).await;
        assert_eq!(kind_of(outcome), Kind::Timeout);
        assert_eq!(all_tasks().len(), 1);
        Ok(())
    });
}

#[test]
fn one_that_failed_has_closed_its_socket() {
    in_loop(async {
        let (_kept, port) = super::closed_port();
        let sockets = || {
            let is_of_this_test = |entry: &fs::DirEntry| {
                let link = fs::read_link(entry.path()).unwrap_or_default();
                link.to_string_lossy().starts_with("socket:")
            };
            let entries = fs::read_dir("/proc/thread-self/fd").expect("descriptors").flatten();
            entries.filter(is_of_this_test).count()
        };
        // Other tests open sockets too: a number that is reached again and again is that of before.
        let before = sockets();
        let mut after = usize::MAX;
        for _ in 0..100 {
            for _ in 0..10 {
                assert_eq!(kind_of(at(port).await.map(drop)), Kind::Io);
                assert_eq!(kind_of(here(port).happy_eyeballs_delay(0.25).await.map(drop)), Kind::Io);
            }
            after = after.min(sockets());
            if after <= before {
                break;
            }
        }
        assert!(after < before + 10, "{before} sockets, then {after}");
        Ok(())
    });
}
