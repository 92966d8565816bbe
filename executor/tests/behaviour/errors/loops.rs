//! To which loop belongs what is made of tasks and promises, where no loop runs.

use kolo_executor::{EventLoop, Kind, Promise, Task, as_completed, ensure_future, gather, shield, wait};

use crate::support::outcome::{error_of, panic_of};
use crate::support::runs::virtual_loop;

fn task(event_loop: &EventLoop, value: i32) -> Task<i32> {
    event_loop.create_task(async move { Ok(value) })
}

const DIFFERENT: &str = "The future belongs to a different loop than the one specified as the loop argument";

#[test]
fn a_gather_belongs_to_the_loop_of_its_first_child() {
    let event_loop = virtual_loop();
    let both = gather([task(&event_loop, 1), task(&event_loop, 2)]);
    assert_eq!(event_loop.run_until_complete(both).unwrap(), [1, 2]);
    let outcomes = gather([task(&event_loop, 3)]).return_exceptions();
    assert_eq!(event_loop.run_until_complete(outcomes).unwrap()[0].as_ref().unwrap(), &3);
    // Coroutines that come after it run where it does.
    let mixed = kolo_executor::gather!(task(&event_loop, 1), async { Ok("new") });
    assert_eq!(event_loop.run_until_complete(mixed).unwrap(), (1, "new"));
    // The others have to belong there too.
    let far = task(&virtual_loop(), 2);
    let refused = error_of(event_loop.run_until_complete(gather([task(&event_loop, 1), far])));
    assert_eq!(refused, (Kind::Value, DIFFERENT.to_owned()));
}

#[test]
fn a_gather_of_what_belongs_nowhere_needs_a_running_loop() {
    let message =
        |what: &str| format!("{what}: no running event loop on this thread; call it from a coroutine inside `kolo::run(...)`");
    assert_eq!(panic_of(|| gather([Promise::<()>::new()])), message("gather"));
    assert_eq!(panic_of(|| shield(Promise::<()>::new())), message("shield"));
    assert_eq!(panic_of(|| as_completed([Promise::<()>::new()])), message("as_completed"));
    let event_loop = virtual_loop();
    let late = panic_of(|| kolo_executor::gather!(async { Ok(()) }, task(&event_loop, 1)));
    assert_eq!(late, message("gather!"), "the first of them decides, as in asyncio");
    event_loop.run_until_complete(async { Ok(()) }).unwrap();
}

#[test]
fn a_shield_belongs_to_the_loop_of_what_it_protects() {
    let event_loop = virtual_loop();
    let shielded = shield(task(&event_loop, 5));
    assert_eq!(event_loop.run_until_complete(shielded).unwrap(), 5);
    let done = task(&event_loop, 6);
    event_loop.run_until_complete(&done).unwrap();
    assert_eq!(shield(&done).result().unwrap(), 6);
}

#[test]
fn as_completed_and_wait_take_the_tasks_of_a_loop_that_is_to_run() {
    let event_loop = virtual_loop();
    let mut results = as_completed([task(&event_loop, 7)]).timeout(1);
    let pending = wait([task(&event_loop, 8)]);
    let seen = event_loop.run_until_complete(async move {
        let first = results.next().await.unwrap()?;
        let (done, _) = pending.await?;
        Ok((first, done[0].result()?))
    });
    assert_eq!(seen.unwrap(), (7, 8));
}

#[test]
fn ensure_future_hands_back_what_is_under_way() {
    let event_loop = virtual_loop();
    let first = task(&event_loop, 9);
    assert!(ensure_future(&first).ptr_eq(&first));
    assert!(event_loop.ensure_future(&first).unwrap().ptr_eq(&first));
    let new = event_loop.ensure_future(async { Ok(10) }).unwrap();
    assert_eq!(event_loop.run_until_complete(&new).unwrap(), 10);

    let other = virtual_loop();
    let pending = event_loop.create_promise::<()>();
    let refused = error_of(other.ensure_future(pending));
    assert_eq!(refused, (Kind::Value, DIFFERENT.to_owned()));
    // One that belongs nowhere belongs there from now on.
    let promise = Promise::<()>::new();
    other.ensure_future(&promise).unwrap();
    assert_eq!(
        error_of(event_loop.ensure_future(&promise)),
        (Kind::Value, DIFFERENT.to_owned())
    );
    event_loop.run_until_complete(first).unwrap();
}
