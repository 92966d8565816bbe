//! CPython's test_queues: queues in their three orders, joined and shut down. One test for each case, under the case's name.

mod conformance;

use kolo_executor::Result;
use kolo_sync::Queue;

use crate::conformance::Trace;

/// Gets an item, and tells which.
async fn get(queue: Queue<u32>, trace: Trace, name: &'static str) -> Result<u32> {
    let outcome = queue.get().await;
    trace.log(format_args!("{name}: {:?}", outcome.as_ref().map_err(|error| error.kind())));
    outcome
}

/// Puts an item, and tells of it.
async fn put(queue: Queue<u32>, trace: Trace, item: u32) -> Result<()> {
    let outcome = queue.put(item).await;
    trace.log(format_args!(
        "put {item}: {:?}",
        outcome.as_ref().map_err(|error| error.kind())
    ));
    outcome
}

mod queue_basic_tests {
    use kolo_executor::{create_task, running_loop, sleep, task_group};
    use kolo_sync::Queue;

    use super::{get, put};
    use crate::conformance::{run, text, traced};

    #[test]
    fn test_repr() {
        let events = traced(async |trace| {
            let queue = Queue::new(0);
            trace.log(text(&queue));
            let getter = task_group(async |group| {
                let getter = group.create_task(get(queue.clone(), trace.clone(), "getter"))?;
                sleep(0).await?;
                trace.log(text(&queue));
                queue.put_nowait(0)?;
                Ok(getter)
            })
            .await?;
            assert_eq!(getter.await?, 0);

            let queue = Queue::new(1);
            queue.put_nowait(1)?;
            task_group(async |group| {
                group.create_task(put(queue.clone(), trace.clone(), 2))?;
                sleep(0).await?;
                trace.log(text(&queue));
                assert_eq!(queue.get_nowait()?, 1);
                Ok(())
            })
            .await?;
            trace.log(text(&queue));
            Ok(())
        });
        assert_eq!(
            events,
            [
                "+0 <Queue maxsize=0>",
                "+1 <Queue maxsize=0 _getters[1]>",
                "+2 getter: Ok(0)",
                "+5 <Queue maxsize=1 _queue=[1] _putters[1] tasks=1>",
                "+6 put 2: Ok(())",
                "+8 <Queue maxsize=1 _queue=[2] tasks=2>"
            ]
        );
    }

    #[test]
    fn test_str() {
        // There is no form with an address, and so one form only.
        let queue = Queue::new(3);
        assert_eq!(text(&queue), "<Queue maxsize=3>");
        queue.put_nowait(1).unwrap();
        queue.put_nowait(2).unwrap();
        assert_eq!(text(&queue), "<Queue maxsize=3 _queue=[1, 2] tasks=2>");
        queue.get_nowait().unwrap();
        assert_eq!(text(&queue), "<Queue maxsize=3 _queue=[2] tasks=2>");
    }

    #[test]
    fn test_empty() {
        run(async {
            let before = running_loop().iterations();
            let queue = Queue::new(0);
            assert!(queue.empty());
            queue.put(1).await?;
            assert!(!queue.empty());
            assert_eq!(queue.get().await?, 1);
            assert!(queue.empty());
            assert_eq!(running_loop().iterations(), before, "nobody has to wait");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_order() {
        run(async {
            let queue = Queue::new(0);
            for item in [1, 3, 2] {
                queue.put(item).await?;
            }
            assert_eq!([queue.get().await?, queue.get().await?, queue.get().await?], [1, 3, 2]);
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_maxsize() {
        let events = traced(async |trace| {
            let queue = Queue::new(2);
            assert_eq!(queue.maxsize(), 2);
            let putter = create_task({
                let (queue, trace) = (queue.clone(), trace.clone());
                async move {
                    for item in 0..3 {
                        put(queue.clone(), trace.clone(), item).await?;
                    }
                    Ok(())
                }
            });
            sleep(0).await?;
            sleep(0).await?;
            get(queue.clone(), trace.clone(), "main").await?;
            sleep(0).await?;
            get(queue.clone(), trace.clone(), "main").await?;
            get(queue, trace, "main").await?;
            assert!(putter.done());
            Ok(())
        });
        assert_eq!(
            events,
            [
                "+1 put 0: Ok(())",
                "+1 put 1: Ok(())",
                "+2 main: Ok(0)",
                "+3 put 2: Ok(())",
                "+3 main: Ok(1)",
                "+3 main: Ok(2)",
            ]
        );
    }
}

mod queue_get_tests {
    use kolo_executor::{Kind, create_task, running_loop, sleep, task_group, wait_for};
    use kolo_sync::{Event, Queue};

    use super::{get, put};
    use crate::conformance::{kind_of, run, text, traced};

    #[test]
    fn test_blocking_get() {
        run(async {
            let queue = Queue::new(0);
            queue.put_nowait(1)?;
            let before = running_loop().iterations();
            assert_eq!(queue.get().await?, 1);
            assert_eq!(running_loop().iterations(), before, "nobody has to wait");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_get_with_putters() {
        let events = traced(async |trace| {
            let queue = Queue::new(1);
            queue.put(1).await?;
            let putter = create_task(put(queue.clone(), trace.clone(), 2));
            sleep(0).await?;
            assert_eq!(text(&queue), "<Queue maxsize=1 _queue=[1] _putters[1] tasks=1>");
            get(queue.clone(), trace.clone(), "main").await?;
            assert_eq!(text(&queue), "<Queue maxsize=1 tasks=1>", "the putter is woken");
            putter.await
        });
        assert_eq!(events, ["+1 main: Ok(1)", "+2 put 2: Ok(())"]);
    }

    #[test]
    fn test_blocking_get_wait() {
        run(async {
            let queue = Queue::new(0);
            let started = Event::new();
            let task = create_task({
                let (queue, started) = (queue.clone(), started.clone());
                async move {
                    started.set();
                    queue.get().await
                }
            });
            started.wait().await?;
            assert!(!task.done());
            let before = running_loop().time();
            running_loop().call_later(0.01, move || queue.put_nowait(1).expect("room"));
            assert_eq!(task.await?, 1);
            assert_eq!(running_loop().time(), before + 0.01);
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_nonblocking_get() {
        let queue = Queue::new(0);
        queue.put_nowait(1).unwrap();
        assert_eq!(queue.get_nowait().unwrap(), 1);
    }

    #[test]
    fn test_nonblocking_get_exception() {
        let queue = Queue::<u32>::new(0);
        assert_eq!(kind_of(queue.get_nowait()), Kind::QueueEmpty);
        assert_eq!(text(&queue), "<Queue maxsize=0>");
    }

    #[test]
    fn test_get_with_waiting_putters() {
        let events = traced(async |trace| {
            let queue = Queue::new(1);
            create_task(put(queue.clone(), trace.clone(), 1));
            create_task(put(queue.clone(), trace.clone(), 2));
            get(queue.clone(), trace.clone(), "main").await?;
            get(queue, trace, "main").await?;
            Ok(())
        });
        assert_eq!(
            events,
            ["+1 put 1: Ok(())", "+2 main: Ok(1)", "+3 put 2: Ok(())", "+4 main: Ok(2)"]
        );
    }

    #[test]
    fn test_why_are_getters_waiting() {
        let events = traced(async |trace| {
            let queue = Queue::new(1);
            task_group(async |group| {
                let (puts, gets) = ((queue.clone(), trace.clone()), (queue.clone(), trace.clone()));
                group.create_task(async move {
                    for item in 0..5 {
                        put(puts.0.clone(), puts.1.clone(), item).await?;
                    }
                    Ok(())
                })?;
                group.create_task(async move {
                    for _ in 0..5 {
                        get(gets.0.clone(), gets.1.clone(), "consumer").await?;
                    }
                    Ok(())
                })?;
                Ok(())
            })
            .await
        });
        assert_eq!(
            events,
            [
                "+1 put 0: Ok(())",
                "+1 consumer: Ok(0)",
                "+2 put 1: Ok(())",
                "+3 consumer: Ok(1)",
                "+4 put 2: Ok(())",
                "+5 consumer: Ok(2)",
                "+6 put 3: Ok(())",
                "+7 consumer: Ok(3)",
                "+8 put 4: Ok(())",
                "+9 consumer: Ok(4)"
            ]
        );
    }

    #[test]
    fn test_cancelled_getters_not_being_held_in_self_getters() {
        run(async {
            let queue = Queue::<u32>::new(5);
            assert_eq!(kind_of(wait_for(queue.get(), 0.1).await), Kind::Timeout);
            assert_eq!(text(&queue), "<Queue maxsize=5>");
            Ok(())
        })
        .unwrap();
    }
}

mod queue_put_tests {
    use kolo_executor::{Kind, create_task, running_loop, sleep, task_group};
    use kolo_sync::{Event, Queue};

    use super::{get, put};
    use crate::conformance::{kind_of, run, text, traced};

    #[test]
    fn test_blocking_put() {
        run(async {
            let queue = Queue::new(0);
            let before = running_loop().iterations();
            for item in 0..100 {
                queue.put(item).await?;
            }
            assert_eq!(running_loop().iterations(), before, "there is always room");
            assert_eq!(queue.get().await?, 0);
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_blocking_put_wait() {
        run(async {
            let queue = Queue::new(1);
            let started = Event::new();
            let before = running_loop().time();
            let getter = queue.clone();
            running_loop().call_later(0.01, move || assert_eq!(getter.get_nowait().expect("an item"), 1));
            let task = create_task({
                let (queue, started) = (queue.clone(), started.clone());
                async move {
                    started.set();
                    queue.put(1).await?;
                    queue.put(2).await
                }
            });
            started.wait().await?;
            assert!(!task.done());
            task.await?;
            assert_eq!(running_loop().time(), before + 0.01);
            assert_eq!(text(&queue), "<Queue maxsize=1 _queue=[2] tasks=2>");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn test_get_cancel_drop_one_pending_reader() {
        let events = traced(async |trace| {
            let queue = Queue::new(0);
            let reader = create_task(get(queue.clone(), trace.clone(), "reader"));
            sleep(0).await?;
            queue.put_nowait(1)?;
            queue.put_nowait(2)?;
            reader.cancel();
            assert_eq!(kind_of(reader.await), Kind::Cancelled);
            trace.log(text(&queue));
            create_task(get(queue, trace, "second reader")).await?;
            Ok(())
        });
        assert_eq!(
            events,
            [
                "+2 reader: Err(Cancelled)",
                "+3 <Queue maxsize=0 _queue=[1, 2] tasks=2>",
                "+4 second reader: Ok(1)"
            ]
        );
    }

    #[test]
    fn test_get_cancel_drop_many_pending_readers() {
        let events = traced(async |trace| {
            let queue = Queue::new(0);
            task_group(async |group| {
                let mut readers = Vec::new();
                for name in ["first", "second", "third"] {
                    readers.push(group.create_task(get(queue.clone(), trace.clone(), name))?);
                }
                sleep(0).await?;
                queue.put_nowait(1)?;
                queue.put_nowait(2)?;
                readers[0].cancel();
                assert_eq!(kind_of((&readers[0]).await), Kind::Cancelled);
                (&readers[2]).await?;
                Ok(())
            })
            .await
        });
        assert_eq!(events, ["+2 first: Err(Cancelled)", "+2 second: Ok(1)", "+3 third: Ok(2)"]);
    }

    #[test]
    fn test_nonblocking_put_exception() {
        let queue = Queue::new(1);
        queue.put_nowait(1).unwrap();
        assert_eq!(kind_of(queue.put_nowait(2)), Kind::QueueFull);
        assert_eq!(text(&queue), "<Queue maxsize=1 _queue=[1] tasks=1>", "nothing has changed");
    }

    #[test]
    fn test_put_cancelled() {
        let events = traced(async |trace| {
            let queue = Queue::new(0);
            let putter = create_task(put(queue.clone(), trace.clone(), 1));
            get(queue, trace, "main").await?;
            assert!(putter.done());
            Ok(())
        });
        assert_eq!(events, ["+1 put 1: Ok(())", "+2 main: Ok(1)"]);
    }

    #[test]
    fn test_put_cancelled_race() {
        let events = traced(async |trace| {
            let queue = Queue::new(1);
            let [a, b, c] = [1, 2, 3].map(|item| create_task(put(queue.clone(), trace.clone(), item)));
            sleep(0).await?;
            assert!(a.done());
            assert!(!b.done());
            c.cancel();
            sleep(0).await?;
            assert!(c.cancelled());
            assert_eq!(queue.get_nowait()?, 1);
            sleep(0).await?;
            assert_eq!(queue.get_nowait()?, 2);
            b.await
        });
        assert_eq!(events, ["+1 put 1: Ok(())", "+2 put 3: Err(Cancelled)", "+3 put 2: Ok(())"]);
    }

    #[test]
    fn test_put_with_waiting_getters() {
        let events = traced(async |trace| {
            let queue = Queue::new(0);
            let getter = create_task(get(queue.clone(), trace.clone(), "getter"));
            sleep(0).await?;
            put(queue, trace, 1).await?;
            assert_eq!(getter.await?, 1);
            Ok(())
        });
        assert_eq!(events, ["+1 put 1: Ok(())", "+2 getter: Ok(1)"]);
    }

    #[test]
    fn test_why_are_putters_waiting() {
        let events = traced(async |trace| {
            let queue = Queue::new(2);
            task_group(async |group| {
                let (items, log) = (queue.clone(), trace.clone());
                group.create_task(async move {
                    sleep(0).await?;
                    for _ in 0..items.qsize() {
                        log.log(format_args!("got {}", items.get_nowait()?));
                    }
                    Ok(())
                })?;
                for item in 0..4 {
                    group.create_task(put(queue.clone(), trace.clone(), item))?;
                }
                Ok(())
            })
            .await?;
            trace.log(text(&queue));
            Ok(())
        });
        assert_eq!(
            events,
            [
                "+1 put 0: Ok(())",
                "+1 put 1: Ok(())",
                "+2 got 0",
                "+2 got 1",
                "+3 put 2: Ok(())",
                "+3 put 3: Ok(())",
                "+5 <Queue maxsize=2 _queue=[2, 3] tasks=4>"
            ]
        );
    }

    #[test]
    fn test_cancelled_put_silence_value_error_exception() {
        let events = traced(async |trace| {
            let queue = Queue::new(1);
            queue.put_nowait(1)?;
            let putter = create_task(put(queue.clone(), trace.clone(), 2));
            sleep(0).await?;
            queue.get_nowait()?;
            putter.cancel();
            assert_eq!(kind_of(putter.await), Kind::Cancelled);
            trace.log(text(&queue));
            Ok(())
        });
        assert_eq!(events, ["+2 put 2: Err(Cancelled)", "+3 <Queue maxsize=1 tasks=1>"]);
    }
}

mod lifo_queue_tests {
    use kolo_sync::LifoQueue;

    use crate::conformance::run;

    #[test]
    fn test_order() {
        run(async {
            let queue = LifoQueue::new(0);
            for item in [1, 3, 2] {
                queue.put(item).await?;
            }
            assert_eq!([queue.get().await?, queue.get().await?, queue.get().await?], [2, 3, 1]);
            Ok(())
        })
        .unwrap();
    }
}

mod queue_join_test_mixin {
    use std::cell::Cell;
    use std::rc::Rc;

    use kolo_executor::{Kind, running_loop, task_group};
    use kolo_sync::AnyQueue;
    use kolo_sync::storage::{Fifo, Lifo, Priority, Storage};

    use crate::conformance::{error_of, run, traced};

    #[test]
    fn test_task_done_underflow() {
        fn check<S: Storage<Item = u32> + 'static>() {
            let queue = AnyQueue::<S>::new(0);
            let error = error_of(queue.task_done());
            assert_eq!(error, (Kind::Value, "task_done() called too many times".to_owned()));
        }
        check::<Fifo<u32>>();
        check::<Lifo<u32>>();
        check::<Priority<u32>>();
    }

    #[test]
    fn test_task_done() {
        fn check<S: Storage<Item = u32> + 'static>() {
            let events = traced(async |trace| {
                let queue = AnyQueue::<S>::new(0);
                for item in 0..100 {
                    queue.put_nowait(item)?;
                }
                let sum = Rc::new(Cell::new(0));
                let running = Rc::new(Cell::new(true));
                task_group(async |group| {
                    for worker in 0..2 {
                        let (queue, sum, running, trace) = (queue.clone(), sum.clone(), running.clone(), trace.clone());
                        group.create_task(async move {
                            let mut items = 0;
                            while running.get() {
                                sum.set(sum.get() + queue.get().await?);
                                queue.task_done()?;
                                items += 1;
                            }
                            trace.log(format_args!("worker {worker}: {items} items"));
                            Ok(())
                        })?;
                    }
                    queue.join().await?;
                    trace.log(format_args!("joined: {}", sum.get()));
                    running.set(false);
                    queue.put_nowait(0)?;
                    queue.put_nowait(0)
                })
                .await
            });
            assert_eq!(events, ["+2 joined: 4950", "+3 worker 0: 101 items", "+3 worker 1: 1 items"]);
        }
        check::<Fifo<u32>>();
        check::<Lifo<u32>>();
        check::<Priority<u32>>();
    }

    #[test]
    fn test_join_empty_queue() {
        fn check<S: Storage<Item = u32> + 'static>() {
            run(async {
                let queue = AnyQueue::<S>::new(0);
                let before = running_loop().iterations();
                queue.join().await?;
                queue.join().await?;
                assert_eq!(running_loop().iterations(), before, "at once");
                Ok(())
            })
            .unwrap();
        }
        check::<Fifo<u32>>();
        check::<Lifo<u32>>();
        check::<Priority<u32>>();
    }
}

mod queue_shutdown_test_mixin {
    use kolo_executor::{Kind, Result, create_task, running_loop, sleep};
    use kolo_sync::AnyQueue;
    use kolo_sync::storage::{Fifo, Lifo, Priority, Storage};

    use crate::conformance::{error_of, kind_of, run, text};

    /// Whether every put and every get fails, without a wait.
    async fn assert_shut_down<S: Storage<Item = u32> + 'static>(queue: &AnyQueue<S>) {
        let before = running_loop().iterations();
        assert_eq!(kind_of(queue.put(1).await), Kind::QueueShutDown);
        assert_eq!(kind_of(queue.put_nowait(1)), Kind::QueueShutDown);
        assert_eq!(kind_of(queue.get().await), Kind::QueueShutDown);
        assert_eq!(kind_of(queue.get_nowait()), Kind::QueueShutDown);
        assert_eq!(running_loop().iterations(), before, "at once");
    }

    #[test]
    fn test_format() {
        fn check<S: Storage<Item = u32> + 'static>(expected: &str) {
            let queue = AnyQueue::<S>::new(0);
            queue.shutdown(false);
            assert_eq!(text(&queue), expected);
        }
        check::<Fifo<u32>>("<Queue maxsize=0 shutdown>");
        check::<Lifo<u32>>("<LifoQueue maxsize=0 shutdown>");
        check::<Priority<u32>>("<PriorityQueue maxsize=0 shutdown>");
    }

    #[test]
    fn test_shutdown_empty() {
        fn check<S: Storage<Item = u32> + 'static>() {
            run(async {
                let queue = AnyQueue::<S>::new(0);
                let getter = create_task({
                    let queue = queue.clone();
                    async move { queue.get().await }
                });
                sleep(0).await?;
                queue.shutdown(false);
                let before = running_loop().iterations();
                queue.join().await?;
                assert_eq!(running_loop().iterations(), before, "nothing is unfinished");
                sleep(0).await?;
                assert!(getter.done(), "one iteration later");
                assert_eq!(kind_of(getter.await), Kind::QueueShutDown);
                assert_shut_down(&queue).await;
                Ok(())
            })
            .unwrap();
        }
        check::<Fifo<u32>>();
        check::<Lifo<u32>>();
        check::<Priority<u32>>();
    }

    #[test]
    fn test_shutdown_immediate_with_unfinished() {
        fn check<S: Storage<Item = u32> + 'static>() {
            let outcome: Result<()> = run(async {
                let queue = AnyQueue::<S>::new(0);
                queue.put_nowait(1)?;
                queue.put_nowait(1)?;
                let joiner = create_task({
                    let queue = queue.clone();
                    async move { queue.join().await }
                });
                assert_eq!(queue.get().await?, 1);
                queue.shutdown(true);
                assert_eq!(queue.qsize(), 0);
                assert!(text(&queue).ends_with(" maxsize=0 tasks=1 shutdown>"));
                sleep(0).await?;
                assert!(!joiner.done());
                assert_shut_down(&queue).await;

                queue.task_done()?;
                let error = error_of(queue.task_done());
                assert_eq!(error, (Kind::Value, "task_done() called too many times".to_owned()));
                sleep(0).await?;
                assert!(joiner.done(), "one iteration later");
                joiner.await
            });
            outcome.unwrap();
        }
        check::<Fifo<u32>>();
        check::<Lifo<u32>>();
        check::<Priority<u32>>();
    }
}
