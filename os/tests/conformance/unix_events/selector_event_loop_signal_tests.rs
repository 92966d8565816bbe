//! Handlers of signals.

use std::cell::Cell;
use std::env;
use std::fs;
use std::rc::Rc;

use kolo::testing::hops;
use kolo::{DEVNULL, Kind, Result, add_signal_handler, create_subprocess_exec, remove_signal_handler, run, sleep};
use rustix::process::{Resource, getrlimit, setrlimit};
use signal_hook::low_level::raise;

use crate::pipe_log::alone;

const SIGHUP: i32 = 1;
const SIGCHLD: i32 = 17;

/// Runs the test `name` in a process of its own, and gives how that ends; there it is `None`.
fn exit_of(name: &'static str) -> Option<i32> {
    const CHILD: &str = "KOLO_SIGNAL_CHILD";
    if env::var_os(CHILD).is_some() {
        return None;
    }
    let (_program, name) = name.split_once("::").unwrap();
    let exit = run(async {
        let me = env::current_exe()?;
        let child = create_subprocess_exec([me.as_os_str(), "--exact".as_ref(), name.as_ref()])
            .env(CHILD, "1")
            .stdout(DEVNULL);
        child.await?.wait().await
    });
    Some(exit.unwrap())
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn test_check_signal() {
    alone(concat!(module_path!(), "::test_check_signal"), async {
        assert_eq!(add_signal_handler(66, || {}).unwrap_err().kind(), Kind::Value);
        assert_eq!(remove_signal_handler(66).unwrap_err().kind(), Kind::Value);
        Ok(())
    });
}

/// What a handler stands on cannot be had: the system's words, and nothing is left behind.
#[test]
fn test_add_signal_handler_setup_error() {
    alone(concat!(module_path!(), "::test_add_signal_handler_setup_error"), async {
        let before = descriptors();
        let limit = getrlimit(Resource::Nofile);
        let mut none = limit;
        none.current = Some(0);
        setrlimit(Resource::Nofile, none)?;
        let refused = add_signal_handler(SIGHUP, || {}).unwrap_err();
        assert_eq!((refused.kind(), refused.errno()), (Kind::Io, Some(24)));
        setrlimit(Resource::Nofile, limit)?;
        assert_eq!(descriptors(), before);
        assert!(!remove_signal_handler(SIGHUP)?);
        add_signal_handler(SIGHUP, || {})
    });
}

#[test]
fn test_add_signal_handler() {
    alone(concat!(module_path!(), "::test_add_signal_handler"), async {
        let calls = Rc::new(Cell::new(0));
        let count = calls.clone();
        add_signal_handler(SIGHUP, move || count.set(count.get() + 1))?;
        sleep(0).await?;
        raise(SIGHUP)?;
        hops(3).await?;
        assert_eq!(calls.get(), 1);
        Ok(())
    });
}

#[test]
fn test_remove_signal_handler() {
    let Some(exit) = exit_of(concat!(module_path!(), "::test_remove_signal_handler")) else {
        return run::<()>(async {
            let before = descriptors();
            add_signal_handler(SIGHUP, || unreachable!("removed before"))?;
            assert!(remove_signal_handler(SIGHUP)?);
            assert_eq!(descriptors(), before);
            raise(SIGHUP)?;
            unreachable!("it has ended")
        })
        .unwrap();
    };
    assert_eq!(exit, -SIGHUP);
}

#[test]
fn test_close() {
    let Some(exit) = exit_of(concat!(module_path!(), "::test_close")) else {
        let before = descriptors();
        let add_both = || -> Result<()> {
            add_signal_handler(SIGHUP, || unreachable!("its loop is closed"))?;
            add_signal_handler(SIGCHLD, || unreachable!("its loop is closed"))
        };
        run(async move { add_both() }).unwrap();
        assert_eq!(descriptors(), before);
        run(async {
            assert!(!remove_signal_handler(SIGHUP)? && !remove_signal_handler(SIGCHLD)?);
            raise(SIGCHLD)?;
            hops(3).await
        })
        .unwrap();
        raise(SIGHUP).unwrap();
        unreachable!("it has ended")
    };
    assert_eq!(exit, -SIGHUP);
}
