//! CPython's test_locks: locks, events, conditions and semaphores. One test for each case, under the case's name.
//!
//! The barriers are in `conformance_barriers`.

mod conformance;

mod lock_tests {
    use kolo_executor::{Kind, Promise, Result, create_task, sleep};
    use kolo_sync::Lock;

    use crate::conformance::{Trace, cancel_soon, kind_of, run, text, traced};

    async fn acquire(lock: Lock, trace: Trace, name: &'static str) -> Result<()> {
        trace.log(format_args!("{name} asks"));
        lock.acquire().await?;
        trace.log(format_args!("{name} has it"));
        Ok(())
    }

    #[test]
    fn test_repr() {
        let lock = Lock::new();
        assert_eq!(text(&lock), "<Lock [unlocked]>");
        run(async move {
            lock.acquire().await?;
            assert_eq!(text(&lock), "<Lock [locked]>");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_acquire() {
        let events = traced(async |trace| {
            let lock = Lock::new();
            lock.acquire().await?;
            let spawn = |name| create_task(acquire(lock.clone(), trace.clone(), name));
            let release = || {
                trace.log("release");
                lock.release()
            };
            let (first, second) = (spawn("first"), spawn("second"));
            sleep(0).await?;
            release()?;
            sleep(0).await?;
            sleep(0).await?;
            assert!(!second.done(), "a lock is granted once for each release");
            let third = spawn("third");
            release()?;
            sleep(0).await?;
            release()?;
            sleep(0).await?;
            assert!(first.done() && second.done() && third.done());
            Ok(())
        });
        assert_eq!(
            events,
            [
                "+1 first asks",
                "+1 second asks",
                "+1 release",
                "+2 first has it",
                "+3 release",
                // The lock is free by now, but on its way to the second.
                "+4 third asks",
                "+4 second has it",
                "+4 release",
                "+5 third has it",
            ]
        );
    }

    #[test]
    fn test_acquire_cancel() {
        run(async {
            let lock = Lock::new();
            lock.acquire().await?;
            let task = create_task({
                let lock = lock.clone();
                async move { lock.acquire().await }
            });
            cancel_soon(&task);
            assert_eq!(kind_of(task.await), Kind::Cancelled);
            assert_eq!(text(&lock), "<Lock [locked]>");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_cancel_race() {
        async fn hold(lock: Lock, trace: Trace, name: &'static str, until: Option<Promise<()>>) -> Result<()> {
            let held = lock.hold().await;
            trace.log(format_args!("{name}: {:?}", held.as_ref().map_err(|error| error.kind())));
            let _held = held?;
            if let Some(promise) = until {
                promise.await?;
            }
            trace.log(format_args!("{name} lets go"));
            Ok(())
        }

        let events = traced(async |trace| {
            let lock = Lock::new();
            let end = Promise::new();
            let spawn = |name, until| create_task(hold(lock.clone(), trace.clone(), name, until));
            let a = spawn("A", Some(end.clone()));
            sleep(0).await?;
            assert_eq!(text(&lock), "<Lock [locked]>");
            let b = spawn("B", None);
            sleep(0).await?;
            assert_eq!(text(&lock), "<Lock [locked, waiters:1]>");
            let c = spawn("C", None);
            sleep(0).await?;
            assert_eq!(text(&lock), "<Lock [locked, waiters:2]>");

            end.set_result(())?;
            b.cancel();
            assert_eq!(
                text(&lock),
                "<Lock [locked, waiters:2]>",
                "B is cancelled and still at the head"
            );
            sleep(0).await?;
            trace.log(text(&lock));
            assert!(a.done() && b.cancelled() && !c.done());
            c.await
        });
        assert_eq!(
            events,
            [
                "+1 A: Ok(<Held <Lock [locked]>>)",
                "+4 A lets go",
                "+4 B: Err(Cancelled)",
                "+4 <Lock [unlocked, waiters:1]>",
                "+5 C: Ok(<Held <Lock [locked]>>)",
                "+5 C lets go",
            ]
        );
    }

    #[test]
    fn test_finished_waiter_cancelled() {
        let events = traced(async |trace| {
            let lock = Lock::new();
            lock.acquire().await?;
            let b = create_task(acquire(lock.clone(), trace.clone(), "B"));
            sleep(0).await?;
            assert_eq!(text(&lock), "<Lock [locked, waiters:1]>");

            let c = create_task(acquire(lock.clone(), trace.clone(), "C"));
            b.cancel();
            lock.release()?;
            assert_eq!(text(&lock), "<Lock [unlocked, waiters:1]>");
            sleep(0).await?;
            trace.log(text(&lock));
            assert!(b.cancelled());
            c.await
        });
        assert_eq!(
            events,
            ["+1 B asks", "+2 C asks", "+2 C has it", "+2 <Lock [locked]>"],
            "C does not wait behind somebody who is cancelled"
        );
    }

    #[test]
    fn test_release_no_waiters() {
        run(async {
            let lock = Lock::new();
            lock.acquire().await?;
            assert!(lock.locked());
            lock.release()?;
            assert!(!lock.locked());
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_context_manager() {
        run(async {
            let lock = Lock::new();
            assert!(!lock.locked());
            let held = lock.hold().await?;
            assert!(lock.locked());
            drop(held);
            assert!(!lock.locked());
            Ok(())
        })
        .unwrap();
    }
}

mod event_tests {
    use kolo_executor::{Kind, Result, create_task, running_loop, sleep};
    use kolo_sync::Event;

    use crate::conformance::{Trace, cancel_soon, kind_of, run, text, traced};

    async fn wait(event: Event, trace: Trace, name: &'static str) -> Result<()> {
        event.wait().await?;
        trace.log(format_args!("{name} goes on, set: {}", event.is_set()));
        Ok(())
    }

    #[test]
    fn test_repr() {
        let event = Event::new();
        assert_eq!(text(&event), "<Event [unset]>");
        event.set();
        assert_eq!(text(&event), "<Event [set]>");
        let events = traced(async move |trace| {
            event.clear();
            create_task(wait(event.clone(), trace.clone(), "waiter"));
            sleep(0).await?;
            trace.log(text(&event));
            event.set();
            trace.log(text(&event));
            sleep(0).await?;
            trace.log(text(&event));
            Ok(())
        });
        assert_eq!(
            events,
            [
                "+1 <Event [unset, waiters:1]>",
                "+1 <Event [set, waiters:1]>",
                "+2 waiter goes on, set: true",
                "+2 <Event [set]>",
            ]
        );
    }

    #[test]
    fn test_wait() {
        let events = traced(async |trace| {
            let event = Event::new();
            let spawn = |name| create_task(wait(event.clone(), trace.clone(), name));
            let (first, second) = (spawn("first"), spawn("second"));
            sleep(0).await?;
            let third = spawn("third");
            trace.log("set");
            event.set();
            sleep(0).await?;
            assert!(first.done() && second.done() && third.done());
            Ok(())
        });
        assert_eq!(
            events,
            [
                "+1 set",
                // It was to run before the others were woken.
                "+2 third goes on, set: true",
                "+2 first goes on, set: true",
                "+2 second goes on, set: true",
            ]
        );
    }

    #[test]
    fn test_wait_on_set() {
        run(async {
            let event = Event::new();
            event.set();
            let before = running_loop().iterations();
            event.wait().await?;
            assert_eq!(running_loop().iterations(), before, "at once");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_wait_cancel() {
        run(async {
            let event = Event::new();
            let task = create_task({
                let event = event.clone();
                async move { event.wait().await }
            });
            cancel_soon(&task);
            assert_eq!(kind_of(task.await), Kind::Cancelled);
            assert_eq!(text(&event), "<Event [unset]>");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_clear() {
        let event = Event::new();
        assert!(!event.is_set());
        event.set();
        assert!(event.is_set());
        event.clear();
        assert!(!event.is_set());
    }

    #[test]
    fn test_clear_with_waiters() {
        let events = traced(async |trace| {
            let event = Event::new();
            let task = create_task(wait(event.clone(), trace.clone(), "once"));
            sleep(0).await?;
            event.set();
            event.clear();
            assert!(!event.is_set());
            event.set();
            event.set();
            assert_eq!(text(&event), "<Event [set, waiters:1]>");
            sleep(0).await?;
            assert_eq!(text(&event), "<Event [set]>");
            assert!(task.done());

            event.clear();
            create_task(wait(event.clone(), trace.clone(), "even so"));
            sleep(0).await?;
            event.set();
            event.clear();
            sleep(0).await
        });
        assert_eq!(events, ["+2 once goes on, set: true", "+4 even so goes on, set: false"]);
    }
}

mod condition_tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use kolo_executor::{Kind, Result, create_task, running_loop, sleep, timeout, wait_for};
    use kolo_sync::{Condition, Lock};

    use crate::conformance::{Trace, cancel_soon, error_of, kind_of, run, text, traced};

    /// Waits to be notified, then lets go of the lock.
    async fn wait(condition: Condition, trace: Trace, name: &'static str) -> Result<()> {
        condition.acquire().await?;
        condition.wait().await?;
        trace.log(format_args!("{name} goes on"));
        condition.release()
    }

    #[test]
    fn test_wait_cancel_contested() {
        let events = traced(async |trace| {
            let condition = Condition::new();
            condition.acquire().await?;
            let task = create_task({
                let condition = condition.clone();
                async move { condition.wait().await }
            });
            sleep(0).await?;
            assert!(!condition.locked());

            condition.acquire().await?;
            condition.notify(1)?;
            cancel_soon(&task);
            let release = condition.clone();
            running_loop().call_soon(move || release.release().expect("a lock that is held"));
            let outcome = (&task).await;
            trace.log(format_args!("{:?}", kind_of(outcome)));
            trace.log(text(&condition));
            assert!(task.cancelled());
            Ok(())
        });
        assert_eq!(events, ["+4 Cancelled", "+4 <Condition [locked]>"]);
    }

    #[test]
    fn test_wait_cancel_after_notify() {
        let events = traced(async |trace| {
            let condition = Condition::new();
            let waiter = create_task({
                let (condition, trace) = (condition.clone(), trace.clone());
                async move {
                    let _held = condition.hold().await?;
                    trace.log("waits");
                    let outcome = condition.wait().await;
                    trace.log(format_args!("{:?}, {condition:?}", kind_of(outcome.clone())));
                    outcome
                }
            });
            sleep(0).await?;
            condition.acquire().await?;
            condition.notify(1)?;
            sleep(0).await?;
            waiter.cancel();
            sleep(0).await?;
            assert!(!waiter.done(), "it takes the lock back first");
            trace.log("release");
            condition.release()?;
            sleep(0).await?;
            assert!(waiter.cancelled());
            assert!(!condition.locked());
            Ok(())
        });
        assert_eq!(events, ["+1 waits", "+3 release", "+4 Cancelled, <Condition [locked]>"]);
    }

    #[test]
    fn test_wait_unacquired() {
        run(async {
            let condition = Condition::new();
            let before = running_loop().iterations();
            let error = error_of(condition.wait().await);
            assert_eq!(error, (Kind::Runtime, "cannot wait on un-acquired lock".to_owned()));
            assert_eq!(running_loop().iterations(), before, "at once");
            assert_eq!(text(&condition), "<Condition [unlocked]>");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_wait_for() {
        let events = traced(async |trace| {
            let condition = Condition::new();
            let ready = Rc::new(Cell::new(false));
            let task = create_task({
                let (condition, ready, trace) = (condition.clone(), ready.clone(), trace.clone());
                async move {
                    condition.acquire().await?;
                    let look = || {
                        trace.log(format_args!("looks: {}", ready.get()));
                        ready.get()
                    };
                    condition.wait_for(look).await?;
                    condition.release()
                }
            });
            sleep(0).await?;
            for value in [false, true] {
                ready.set(value);
                condition.acquire().await?;
                condition.notify(1)?;
                condition.release()?;
                sleep(0).await?;
                assert_eq!(task.done(), value);
            }
            Ok(())
        });
        assert_eq!(events, ["+1 looks: false", "+2 looks: false", "+3 looks: true"]);
    }

    #[test]
    fn test_wait_for_unacquired() {
        run(async {
            let condition = Condition::new();
            let before = running_loop().iterations();
            condition.wait_for(|| true).await?;
            let error = error_of(condition.wait_for(|| false).await);
            assert_eq!(error, (Kind::Runtime, "cannot wait on un-acquired lock".to_owned()));
            assert_eq!(running_loop().iterations(), before, "at once");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_notify() {
        let events = traced(async |trace| {
            let condition = Condition::new();
            let tasks = ["first", "second", "third"].map(|name| create_task(wait(condition.clone(), trace.clone(), name)));
            sleep(0).await?;
            for notifications in [[1].as_slice(), &[1, 2048]] {
                condition.acquire().await?;
                for &n in notifications {
                    condition.notify(n)?;
                }
                condition.release()?;
                sleep(0).await?;
                trace.log(text(&condition));
            }
            assert!(tasks.iter().all(|task| task.done()));
            Ok(())
        });
        assert_eq!(
            events,
            [
                "+2 first goes on",
                "+2 <Condition [unlocked, waiters:2]>",
                "+3 second goes on",
                "+3 third goes on",
                "+3 <Condition [unlocked]>",
            ]
        );
    }

    #[test]
    fn test_notify_all() {
        let events = traced(async |trace| {
            let condition = Condition::new();
            let tasks = ["first", "second"].map(|name| create_task(wait(condition.clone(), trace.clone(), name)));
            sleep(0).await?;
            condition.acquire().await?;
            condition.notify_all()?;
            condition.release()?;
            sleep(0).await?;
            assert!(tasks.iter().all(|task| task.done()));
            Ok(())
        });
        assert_eq!(events, ["+2 first goes on", "+2 second goes on"]);
    }

    #[test]
    fn test_notify_unacquired() {
        let error = error_of(Condition::new().notify(1));
        assert_eq!(error, (Kind::Runtime, "cannot notify on un-acquired lock".to_owned()));
    }

    #[test]
    fn test_notify_all_unacquired() {
        let error = error_of(Condition::new().notify_all());
        assert_eq!(error, (Kind::Runtime, "cannot notify on un-acquired lock".to_owned()));
    }

    #[test]
    fn test_context_manager() {
        run(async {
            let condition = Condition::new();
            assert!(!condition.locked());
            let held = condition.hold().await?;
            assert!(condition.locked());
            drop(held);
            assert!(!condition.locked());
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_explicit_lock() {
        run(async {
            let own = Condition::new();
            {
                let _held = own.hold().await?;
                assert!(own.locked());
            }
            assert!(!own.locked());

            let lock = Lock::new();
            let condition = Condition::with_lock(lock.clone());
            let locked = || (lock.locked(), condition.locked());
            assert_eq!(locked(), (false, false));
            {
                let _held = condition.hold().await?;
                assert_eq!(locked(), (true, true));
            }
            assert_eq!(locked(), (false, false));
            {
                let _held = lock.hold().await?;
                assert_eq!(locked(), (true, true));
            }
            assert_eq!(locked(), (false, false));
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_ambiguous_loops() {
        let lock = Lock::new();
        let condition = Condition::with_lock(lock.clone());
        let (first_lock, first_condition) = (lock.clone(), condition.clone());
        run(async move {
            // To wait in vain binds them to this loop.
            first_lock.acquire().await?;
            assert_eq!(kind_of(wait_for(first_condition.wait(), 0.1).await), Kind::Timeout);
            assert_eq!(kind_of(wait_for(first_lock.acquire(), 0.1).await), Kind::Timeout);
            first_lock.release()
        })
        .unwrap();

        run(async move {
            // Nobody has to wait for a lock that is free, and so nobody asks whose it is.
            lock.acquire().await?;
            let condition_on_it = Condition::with_lock(lock.clone());
            let error = error_of(condition_on_it.acquire().await);
            assert_eq!(
                error,
                (Kind::Runtime, "<Lock [locked]> is bound to a different event loop".to_owned())
            );
            let error = error_of(condition.wait().await);
            assert_eq!(
                error,
                (
                    Kind::Runtime,
                    "<Condition [locked]> is bound to a different event loop".to_owned()
                )
            );
            assert_eq!(text(&condition), "<Condition [locked]>", "nothing has changed");
            lock.release()
        })
        .unwrap();
    }

    #[test]
    fn test_timeout_in_block() {
        run(async {
            let condition = Condition::new();
            let before = running_loop().time();
            {
                let _held = condition.hold().await?;
                assert_eq!(kind_of(wait_for(condition.wait(), 0.5).await), Kind::Timeout);
                assert_eq!(running_loop().time(), before + 0.5);
                assert_eq!(text(&condition), "<Condition [locked]>");
            }
            assert_eq!(text(&condition), "<Condition [unlocked]>");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_cancelled_error_wakeup() {
        run(async {
            let condition = Condition::new();
            let raised = Rc::new(Cell::new(None));
            let task = create_task({
                let (condition, raised) = (condition.clone(), raised.clone());
                async move {
                    let _held = condition.hold().await?;
                    let outcome = condition.wait_for(|| false).await;
                    raised.set(outcome.clone().err());
                    outcome
                }
            });
            sleep(0).await?;
            task.cancel_with("foo");
            let error = task.await.expect_err("a cancellation");
            assert_eq!((error.kind(), error.message()), (Kind::Cancelled, "foo"));
            assert!(raised.take().is_some_and(|raised| raised.ptr_eq(&error)));
            Ok(())
        })
        .unwrap();
    }

    /// Takes goods out of the stock until there is less than nothing.
    async fn consume(condition: Condition, stock: Rc<Cell<i32>>, trace: Trace, name: &'static str) -> Result<()> {
        let _held = condition.hold().await?;
        loop {
            let notified = condition.wait_for(|| stock.get() != 0).await;
            trace.log(format_args!(
                "{name} finds {}, {:?}",
                stock.get(),
                notified.as_ref().map_err(|error| error.kind())
            ));
            notified?;
            if stock.get() < 0 {
                return Ok(());
            }
            stock.set(stock.get() - 1);
        }
    }

    /// One of two consumers is notified, and cancelled so many iterations later.
    fn cancel_the_notified(after: u32) -> Vec<String> {
        traced(async move |trace| {
            let condition = Condition::new();
            let stock = Rc::new(Cell::new(0));
            let [first, second] =
                ["first", "second"].map(|name| create_task(consume(condition.clone(), stock.clone(), trace.clone(), name)));
            sleep(0).await?;
            {
                let _held = condition.hold().await?;
                stock.set(1);
                condition.notify(1)?;
                for _ in 0..after {
                    sleep(0).await?;
                }
                trace.log("cancel");
                first.cancel();
                timeout(0.01, condition.wait_for(|| stock.get() == 0)).await.ok();
                trace.log(format_args!("left: {}", stock.get()));
                stock.set(-1);
                condition.notify_all()?;
            }
            second.await?;
            assert!(first.cancelled());
            Ok(())
        })
    }

    #[test]
    fn test_cancelled_wakeup() {
        assert_eq!(
            cancel_the_notified(0),
            [
                "+1 cancel",
                "+2 first finds 1, Err(Cancelled)",
                "+3 second finds 1, Ok(())",
                "+5 left: 0",
                "+6 second finds -1, Ok(())",
            ]
        );
    }

    #[test]
    fn test_cancelled_wakeup_relock() {
        assert_eq!(
            cancel_the_notified(1),
            [
                "+2 cancel",
                "+3 first finds 1, Err(Cancelled)",
                "+4 second finds 1, Ok(())",
                "+6 left: 0",
                "+7 second finds -1, Ok(())",
            ]
        );
    }
}

mod semaphore_tests {
    use kolo_executor::{Kind, Result, Task, create_task, gather, sleep};
    use kolo_sync::{BoundedSemaphore, Semaphore};

    use crate::conformance::{Trace, cancel_soon, error_of, kind_of, run, text, traced};

    async fn acquire(semaphore: Semaphore, trace: Trace, name: u32) -> Result<()> {
        semaphore.acquire().await?;
        trace.log(name);
        Ok(())
    }

    fn acquire_all<const N: usize>(semaphore: &Semaphore, trace: &Trace, names: [u32; N]) -> [Task<()>; N] {
        names.map(|name| create_task(acquire(semaphore.clone(), trace.clone(), name)))
    }

    #[test]
    fn test_initial_value_zero() {
        assert!(Semaphore::new(0).unwrap().locked());
    }

    #[test]
    fn test_repr() {
        let events = traced(async |trace| {
            let semaphore = Semaphore::new(1)?;
            trace.log(text(&semaphore));
            semaphore.acquire().await?;
            trace.log(text(&semaphore));
            for name in 1..=2 {
                let _tasks = acquire_all(&semaphore, &trace, [name]);
                sleep(0).await?;
                trace.log(text(&semaphore));
            }
            Ok(())
        });
        assert_eq!(
            events,
            [
                "+0 <Semaphore [unlocked, value:1]>",
                "+0 <Semaphore [locked]>",
                "+1 <Semaphore [locked, waiters:1]>",
                "+2 <Semaphore [locked, waiters:2]>",
            ]
        );
    }

    #[test]
    fn test_acquire() {
        let events = traced(async |trace| {
            let semaphore = Semaphore::new(3)?;
            semaphore.acquire().await?;
            semaphore.acquire().await?;
            assert!(!semaphore.locked());
            let tasks = acquire_all(&semaphore, &trace, [1, 2, 3]);
            sleep(0).await?;
            trace.log(text(&semaphore));
            let last = acquire_all(&semaphore, &trace, [4]);
            semaphore.release();
            semaphore.release();
            assert_eq!(semaphore.value(), 0, "both permits are on their way");
            sleep(0).await?;
            trace.log(text(&semaphore));
            assert!(tasks.iter().all(|task| task.done()));
            semaphore.release();
            gather(last).await?;
            trace.log(text(&semaphore));
            Ok(())
        });
        assert_eq!(
            events,
            [
                "+1 1",
                "+1 <Semaphore [locked, waiters:2]>",
                "+2 2",
                "+2 3",
                "+2 <Semaphore [locked, waiters:1]>",
                "+3 4",
                "+5 <Semaphore [locked]>",
            ]
        );
    }

    #[test]
    fn test_acquire_cancel() {
        run(async {
            let semaphore = Semaphore::new(1)?;
            semaphore.acquire().await?;
            let task = create_task({
                let semaphore = semaphore.clone();
                async move { semaphore.acquire().await }
            });
            cancel_soon(&task);
            assert_eq!(kind_of(task.await), Kind::Cancelled);
            assert_eq!(text(&semaphore), "<Semaphore [locked]>");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_acquire_cancel_before_awoken() {
        let events = traced(async |trace| {
            let semaphore = Semaphore::new(0)?;
            let [first, second, third, fourth] = acquire_all(&semaphore, &trace, [1, 2, 3, 4]);
            sleep(0).await?;
            first.cancel();
            second.cancel();
            semaphore.release();
            sleep(0).await?;
            sleep(0).await?;
            assert!(first.cancelled() && second.cancelled() && third.done());
            assert!(!fourth.done());
            trace.log(text(&semaphore));
            Ok(())
        });
        assert_eq!(events, ["+2 3", "+3 <Semaphore [locked, waiters:1]>"]);
    }

    #[test]
    fn test_acquire_hang() {
        let events = traced(async |trace| {
            let semaphore = Semaphore::new(0)?;
            let [first, second] = acquire_all(&semaphore, &trace, [1, 2]);
            sleep(0).await?;
            first.cancel();
            semaphore.release();
            sleep(0).await?;
            sleep(0).await?;
            assert!(first.cancelled() && second.done());
            trace.log(text(&semaphore));
            Ok(())
        });
        assert_eq!(events, ["+2 2", "+3 <Semaphore [locked]>"]);
    }

    #[test]
    fn test_release_not_acquired() {
        let semaphore = BoundedSemaphore::new(1).unwrap();
        let error = error_of(semaphore.release());
        assert_eq!(error, (Kind::Value, "BoundedSemaphore released too many times".to_owned()));
        assert_eq!(text(&semaphore), "<BoundedSemaphore [unlocked, value:1]>");
    }

    #[test]
    fn test_acquire_fifo_order_2() {
        let events = traced(async |trace| {
            let semaphore = Semaphore::new(1)?;
            let first = acquire_all(&semaphore, &trace, [1]);
            let second = create_task({
                let (semaphore, trace) = (semaphore.clone(), trace.clone());
                async move {
                    acquire(semaphore.clone(), trace.clone(), 2).await?;
                    semaphore.release();
                    acquire(semaphore, trace, 4).await
                }
            });
            let third = acquire_all(&semaphore, &trace, [3]);
            sleep(0).await?;
            semaphore.release();
            semaphore.release();
            gather(first.into_iter().chain([second]).chain(third)).await?;
            Ok(())
        });
        assert_eq!(events, ["+1 1", "+2 2", "+2 3", "+3 4"]);
    }

    #[test]
    fn test_acquire_fifo_order_3() {
        let events = traced(async |trace| {
            let semaphore = Semaphore::new(0)?;
            let tasks = acquire_all(&semaphore, &trace, [1, 2, 3]);
            sleep(0).await?;
            tasks[0].cancel();
            sleep(0).await?;
            semaphore.release();
            semaphore.release();
            let outcomes = gather(tasks).return_exceptions().await?;
            assert_eq!(kind_of(outcomes[0].clone()), Kind::Cancelled);
            assert!(outcomes[1].is_ok() && outcomes[2].is_ok());
            Ok(())
        });
        assert_eq!(events, ["+3 2", "+3 3"]);
    }
}
