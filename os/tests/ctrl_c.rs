//! A handler of SIGINT in place of what Ctrl-C does. That concerns the main thread, which the usual harness keeps for itself, so this program is
//! its own harness.

use std::cell::Cell;
use std::rc::Rc;

use kolo::testing::hops;
use kolo::{Kind, Promise, add_signal_handler, remove_signal_handler, run};
use signal_hook::consts::SIGINT;
use signal_hook::low_level::raise;

/// The handler is called and the main task goes on; once it is removed Ctrl-C is what it was.
fn a_handler_is_called_instead_until_it_is_removed() {
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    let ended = run(async move {
        add_signal_handler(SIGINT, move || count.set(count.get() + 1))?;
        hops(1).await?;
        raise(SIGINT)?;
        hops(4).await?;
        assert!(remove_signal_handler(SIGINT)?);
        raise(SIGINT)?;
        Promise::<()>::new().await
    });
    assert_eq!(ended.unwrap_err().kind(), Kind::KeyboardInterrupt);
    assert_eq!(calls.get(), 1);
}

/// The next run takes Ctrl-C again.
fn the_end_of_a_run_removes_it() {
    run(async { add_signal_handler(SIGINT, || unreachable!("its loop is closed")) }).unwrap();
    let ended = run(async {
        raise(SIGINT)?;
        Promise::<()>::new().await
    });
    assert_eq!(ended.unwrap_err().kind(), Kind::KeyboardInterrupt);
}

fn main() {
    a_handler_is_called_instead_until_it_is_removed();
    the_end_of_a_run_removes_it();
    println!("test result: ok");
}
