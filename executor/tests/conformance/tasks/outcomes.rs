//! How tasks end.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kolo_executor::testing::{Trace, tick};
use kolo_executor::{AnyTask, Kind, Observer, create_task, gather, running_loop, sleep, try_running_loop};

use super::{ok, own_task};
use crate::support::outcome::{boom, error_of, kind_of};
use crate::support::runs::{ticks, virtual_loop};

#[test]
fn test_task_del_collect() {
    // No garbage is collected here. What is left of the case: results whose destructors use the loop do it no harm.
    struct Evil;
    impl Drop for Evil {
        fn drop(&mut self) {
            if let Ok(event_loop) = try_running_loop() {
                event_loop.call_soon(|| ()).cancel();
                event_loop.create_task(async { Ok(()) }).cancel();
                drop(event_loop.all_tasks());
            }
        }
    }
    let event_loop = virtual_loop();
    event_loop
        .run_until_complete(async {
            let tasks: Vec<_> = (0..100).map(|_| create_task(async { Ok(Evil) })).collect();
            // Half of the results are dropped with their tasks, half with the list.
            for task in &tasks[..50] {
                task.clone().await?;
            }
            let results = gather(tasks.into_iter().skip(50)).await?;
            assert_eq!(results.len(), 50);
            Ok(())
        })
        .unwrap();
    ticks(&event_loop, 3);
    assert_eq!(event_loop.all_tasks(), []);
}

#[test]
fn test_task_awaits_on_itself() {
    let event_loop = virtual_loop();
    let own = own_task::<()>();
    let trace = Trace::new();
    let (slot, log) = (own.clone(), trace.clone());
    let task = event_loop.create_task(async move {
        log.start();
        let own = slot.get().unwrap().clone();
        own.set_name("narcissus");
        let outcome = (&own).await;
        log.log_iteration(format!("{:?}", outcome.as_ref().unwrap_err()));
        outcome
    });
    own.set(task.clone()).unwrap_or_else(|_| unreachable!());
    let outcome = error_of(event_loop.run_until_complete(task));
    assert_eq!(
        outcome,
        (Kind::Runtime, "Task cannot await on itself: 'narcissus'".to_owned())
    );
    assert_eq!(trace.take(), ["+1 Runtime: Task cannot await on itself: 'narcissus'"]);
}

#[test]
fn test_task_set_methods() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(ok());
    task.set_name("settled");
    let (kind, message) = error_of(task.set_result("no"));
    assert_eq!(kind, Kind::Runtime);
    assert!(message.contains("does not support set_result"), "{message}");
    let (kind, message) = error_of(task.set_error(boom("no")));
    assert_eq!(kind, Kind::Runtime);
    assert!(message.contains("does not support set_error"), "{message}");
    assert_eq!(event_loop.run_until_complete(task).unwrap(), "ok");
}

/// Counts how often tasks are woken.
#[derive(Default)]
struct Wakes(Cell<usize>);

impl Observer for Wakes {
    fn woken(&self, _: &AnyTask, _: Option<&AnyTask>) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn test_step_result_future() {
    let event_loop = virtual_loop();
    let wakes = Rc::new(Wakes::default());
    let promise = event_loop.create_promise::<Rc<str>>();
    let got = Rc::new(RefCell::new(None));
    let (waited, result) = (promise.clone(), got.clone());
    let task = event_loop.create_task(async move {
        *result.borrow_mut() = Some((&waited).await?);
        Ok(())
    });
    tick(&event_loop);
    event_loop.add_observer(wakes.clone());
    let value: Rc<str> = Rc::from("value");
    promise.set_result(value.clone()).unwrap();
    assert_eq!(wakes.0.get(), 1);
    tick(&event_loop);
    assert!(Rc::ptr_eq(got.borrow().as_ref().unwrap(), &value));
    task.result().unwrap();
}

#[test]
fn test_subclasses_ctask_cfuture() {
    // There are no subclasses. What is left of the case: one wake-up for a promise, one for the task's end.
    let event_loop = virtual_loop();
    let wakes = Rc::new(Wakes::default());
    let promise = event_loop.create_promise::<&str>();
    let task = event_loop.create_task(async move {
        let setter = promise.clone();
        running_loop().call_soon(move || setter.set_result("spam").unwrap());
        promise.await
    });
    tick(&event_loop);
    event_loop.add_observer(wakes.clone());
    let awaiting = task.clone();
    let outer = event_loop.create_task(async move { awaiting.await });
    assert_eq!(wakes.0.replace(0), 1, "the first step of the outer task");
    assert_eq!(event_loop.run_until_complete(outer).unwrap(), "spam");
    assert_eq!(wakes.0.get(), 2, "the promise wakes the task, the task wakes the outer one");
}

#[test]
fn test_stop_while_run_in_complete() {
    let event_loop = virtual_loop();
    let slept = Rc::new(Cell::new(0));
    let count = slept.clone();
    let task = event_loop.create_task(async move {
        while count.get() < 10 {
            sleep(0.1).await?;
            count.set(count.get() + 1);
            if count.get() == 2 {
                running_loop().stop();
            }
        }
        Ok(())
    });
    let stopped = error_of(event_loop.run_until_complete(&task));
    assert_eq!(
        stopped,
        (Kind::Runtime, "Event loop stopped before Future completed.".to_owned())
    );
    assert!(!task.done());
    assert_eq!(slept.get(), 2);
    assert_eq!(event_loop.time(), 0.2);
    assert_eq!(
        event_loop.turn().unwrap(),
        kolo_executor::Turn::Now,
        "the third sleep had begun"
    );
    assert_eq!(event_loop.time(), 0.3);

    task.cancel();
    assert_eq!(kind_of(event_loop.run_until_complete(&task)), Kind::Cancelled);
    assert_eq!((slept.get(), event_loop.time()), (2, 0.3));
}
