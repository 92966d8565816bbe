//! `_QueueJoinTestMixin`: joining, in queues of every order.

use std::cell::Cell;
use std::rc::Rc;

use kolo_executor::testing::run;
use kolo_executor::{Kind, running_loop, task_group};
use kolo_sync::AnyQueue;
use kolo_sync::storage::{Fifo, Lifo, Priority, Storage};

use crate::support::outcome::error_of;
use crate::support::runs::traced;

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
                        trace.log_iteration(format_args!("worker {worker}: {items} items"));
                        Ok(())
                    })?;
                }
                queue.join().await?;
                trace.log_iteration(format_args!("joined: {}", sum.get()));
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
