//! Other threads fill queues and set events, through references.

use std::thread;

use kolo_executor::testing::run;
use kolo_executor::{Kind, running_loop};
use kolo_sync::{Event, Queue};

use crate::support::reports::Reports;

#[test]
fn a_thread_sets_an_event_in_a_line() {
    run(async {
        let event = Event::new();
        let there = running_loop().remote_ref(event.clone());
        thread::spawn(move || there.call(|event| event.set()));
        event.wait().await
    })
    .unwrap();
}

#[test]
fn a_thread_fills_a_queue_in_a_line() {
    let received = run(async {
        let queue = Queue::new(0);
        let there = running_loop().remote_ref(queue.clone());
        thread::spawn(move || (0..100).try_for_each(|number| there.call(move |queue| queue.put_nowait(number))));
        let mut received = Vec::new();
        while received.len() < 100 {
            received.push(queue.get().await?);
        }
        Ok(received)
    });
    assert_eq!(received.unwrap(), (0..100).collect::<Vec<_>>());
}

#[test]
fn a_queue_that_is_full_has_the_thread_wait() {
    let received = run(async {
        let queue = Queue::new(1);
        let there = running_loop().remote_ref(queue.clone());
        let (completer, filled) = running_loop().remote_promise();
        thread::spawn(move || {
            let fill = (0..10).try_for_each(|number| there.spawn(move |queue| async move { queue.put(number).await }).wait());
            completer.complete(fill)
        });
        let mut received = Vec::new();
        while received.len() < 10 {
            received.push(queue.get().await?);
            assert!(queue.qsize() <= 1);
        }
        filled.await?;
        Ok(received)
    });
    assert_eq!(received.unwrap(), (0..10).collect::<Vec<_>>());
}

#[test]
fn what_a_full_queue_refuses_is_reported() {
    let reports = run(async {
        let reports = Reports::of(&running_loop());
        let queue = Queue::new(1);
        queue.put_nowait(1)?;
        let there = running_loop().remote_ref(queue.clone());
        let (completer, done) = running_loop().remote_promise();
        thread::spawn(move || {
            there.call(|queue| queue.put_nowait(2))?;
            completer.set_result(())
        });
        done.await?;
        Ok(reports)
    });
    let kinds: Vec<Kind> = reports
        .unwrap()
        .take()
        .into_iter()
        .map(|report| report.error.unwrap().kind())
        .collect();
    assert_eq!(kinds, [Kind::QueueFull]);
}
