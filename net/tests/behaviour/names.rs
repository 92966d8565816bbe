//! Names of hosts that are looked up.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::thread;

use kolo_executor::testing::hops;
use kolo_executor::{Kind, Runner, create_task, gather, sleep, timeout};
use kolo_net::{getaddrinfo, open_connection};
use kolo_threads::{ThreadPoolExecutor, set_default_executor, shutdown_default_executor};

use crate::support::outcome::{error_of, kind_of};
use crate::support::runs::{in_loop, traced};

#[test]
fn an_answer_takes_two_iterations() {
    let events = traced(async |trace| {
        for host in ["127.0.0.1", "localhost"] {
            trace.start();
            let addresses = getaddrinfo(host, 80).await?;
            trace.log_iteration(host);
            assert!(addresses.contains(&SocketAddr::from(([127, 0, 0, 1], 80))), "{addresses:?}");
        }
        Ok(())
    });
    assert_eq!(events, ["+2 127.0.0.1", "+2 localhost"]);
}

#[test]
fn without_a_host_it_is_this_computer() {
    in_loop(async {
        let here = [
            SocketAddr::from((Ipv6Addr::LOCALHOST, 80)),
            SocketAddr::from((Ipv4Addr::LOCALHOST, 80)),
        ];
        assert_eq!(getaddrinfo(None, 80).await?, here);
        Ok(())
    });
}

#[test]
fn an_unknown_name_is_an_error_with_the_resolvers_number() {
    in_loop(async {
        let error = getaddrinfo("no such host", 80).await.unwrap_err();
        assert_eq!((error.kind(), error.errno()), (Kind::Io, Some(-2)));
        assert_eq!(error.to_string(), "[Errno -2] Name or service not known");
        assert_eq!(error.place().unwrap().file(), file!());
        for host in ["", "a\0b"] {
            assert_eq!(error_of(getaddrinfo(host, 80).await).1, error.to_string());
        }
        Ok(())
    });
}

#[test]
fn no_time_passes_on_the_virtual_clock_while_one_waits_for_an_answer() {
    in_loop(async {
        // A lookup is under way outside: the clock does not jump over it.
        timeout(1, async { getaddrinfo("127.0.0.1", 80).await }).await?;
        Ok(())
    });
}

#[test]
fn many_are_answered_by_a_few_threads() {
    in_loop(async {
        // The other tests of this program have threads of the usual name.
        set_default_executor(ThreadPoolExecutor::named("lookup"));
        let lookups = (0..200).map(|port| getaddrinfo("127.0.0.1", port));
        let answers = gather(lookups).await?;
        for (port, addresses) in answers.into_iter().enumerate() {
            assert_eq!(addresses, [SocketAddr::from(([127, 0, 0, 1], port as u16))]);
        }
        let named = std::fs::read_dir("/proc/self/task")
            .expect("threads")
            .flatten()
            .filter(|thread| {
                let name = std::fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
                name.starts_with("lookup_")
            });
        let most = thread::available_parallelism().map_or(1, |count| count.get()) + 4;
        let count = named.count();
        assert!((1..=most).contains(&count), "{count} threads");
        Ok(())
    });
}

#[test]
fn names_are_asked_for_on_the_loops_own_threads() {
    let runner = Runner::builder().build().unwrap();
    runner
        .run(async {
            getaddrinfo("127.0.0.1", 80).await?;
            Ok(())
        })
        .unwrap();
    runner.close().unwrap();
    // As in asyncio: three of them are those of the end of the threads.
    assert_eq!(runner.event_loop().iterations(), 10);

    in_loop(async {
        shutdown_default_executor(None).await?;
        let refused = (Kind::Runtime, "Executor shutdown has been called".to_owned());
        assert_eq!(error_of(getaddrinfo("localhost", 80).await), refused);
        assert_eq!(error_of(open_connection(("localhost", 1)).await.map(drop)), refused);
        // A numeric address is not asked for.
        assert_eq!(kind_of(open_connection(("127.0.0.1", 1)).await), Kind::Io);
        Ok(())
    });
}

#[test]
fn one_that_is_cancelled_or_dropped_is_forgotten() {
    in_loop(async {
        let asking = create_task(getaddrinfo("127.0.0.1", 80));
        hops(1).await?;
        asking.cancel();
        assert_eq!(kind_of(asking.await), Kind::Cancelled);
        let mut dropped = Box::pin(getaddrinfo("no such host", 80));
        assert!(futures_util::poll!(&mut dropped).is_pending());
        drop(dropped);
        // Its error is nobody's, and is not told of.
        sleep(0.05).await
    });
}
