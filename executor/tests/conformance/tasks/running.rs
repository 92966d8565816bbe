//! Which task is running.

use kolo_executor::testing::{Trace, tick};
use kolo_executor::{Kind, all_tasks, current_task, sleep, try_running_loop, wait};

use super::{ok, own_task};
use crate::support::outcome::error_of;
use crate::support::runs::virtual_loop;

#[test]
fn test_current_task() {
    let event_loop = virtual_loop();
    assert_eq!(current_task(), None);
    let own = own_task::<()>();
    let slot = own.clone();
    let task = event_loop.create_task(async move {
        assert_eq!(current_task().unwrap(), slot.get().unwrap().as_any_task());
        sleep(0).await?;
        assert_eq!(current_task().unwrap(), slot.get().unwrap().as_any_task());
        Ok(())
    });
    own.set(task.clone()).unwrap_or_else(|_| unreachable!());
    event_loop.run_until_complete(task).unwrap();
    assert_eq!(current_task(), None);
}

#[test]
fn test_current_task_with_interleaving_tasks() {
    fn name() -> String {
        current_task().map_or_else(|| "none".to_owned(), |task| task.name())
    }
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let (first, second) = (event_loop.create_promise::<()>(), event_loop.create_promise::<()>());
    let (log, waited, set) = (trace.clone(), first.clone(), second.clone());
    let one = event_loop.create_task(async move {
        log.log(name());
        waited.await?;
        log.log(name());
        set.set_result(())
    });
    one.set_name("one");
    let log = trace.clone();
    let two = event_loop.create_task(async move {
        log.log(name());
        first.set_result(())?;
        second.await?;
        log.log(name());
        Ok(())
    });
    two.set_name("two");
    event_loop.run_until_complete(async move { wait([one, two]).await }).unwrap();
    trace.log(name());
    assert_eq!(trace.take(), ["one", "two", "one", "two", "none"]);
}

#[test]
fn test_current_task_no_running_loop() {
    // A loop that stands still has no running task, whatever it holds.
    let event_loop = virtual_loop();
    let task = event_loop.create_task(ok());
    assert_eq!(current_task(), None);
    tick(&event_loop);
    assert!(task.done());
    assert_eq!(current_task(), None);
}

#[test]
fn test_current_task_no_running_loop_implicit() {
    // No task runs where no loop does: `current_task` says so by `None`, what asks for the loop by an error.
    assert_eq!(current_task(), None);
    let refused = error_of(try_running_loop());
    assert_eq!(refused, (Kind::Runtime, "no running event loop".to_owned()));
}

#[test]
fn test__enter_task_failure() {
    // A step within a step: the loop refuses to run, and the running task stays what it was.
    let event_loop = virtual_loop();
    let inner = event_loop.create_task(ok());
    let (this, waited) = (event_loop.clone(), inner.clone());
    let outer = event_loop.create_task(async move {
        let before = current_task();
        let refused = error_of(this.run_until_complete(waited));
        assert_eq!(refused, (Kind::Runtime, "This event loop is already running".to_owned()));
        let refused = error_of(this.turn());
        assert_eq!(refused, (Kind::Runtime, "This event loop is already running".to_owned()));
        assert_eq!(current_task(), before);
        Ok(before.unwrap().name())
    });
    assert_eq!(event_loop.run_until_complete(&outer).unwrap(), outer.name());
    assert_eq!(inner.result().unwrap(), "ok");
}

#[test]
fn test__register_task_3() {
    // The hook is CPython's own. What is left of the case: `all_tasks` never names a task that is done.
    let event_loop = virtual_loop();
    let done = event_loop.create_task(ok());
    let pending = event_loop.create_task(async {
        let own = current_task().unwrap();
        assert_eq!(all_tasks(), [own]);
        Ok(())
    });
    assert_eq!(event_loop.all_tasks(), [done.as_any_task(), pending.as_any_task()]);
    tick(&event_loop);
    pending.result().unwrap();
    assert!(done.done());
    assert_eq!(event_loop.all_tasks(), []);
}
