//! Where an error of a primitive was made: the line of whoever used it.

use kolo_executor::testing::{hops, run};
use kolo_executor::{Result, create_task};
use kolo_sync::{Barrier, BoundedSemaphore, Condition, Lock, Queue, Semaphore};

/// The line of this file where the error of `outcome` was made.
#[track_caller]
fn line_of<T>(outcome: Result<T>) -> u32 {
    let error = outcome.err().expect("an error");
    let place = error.place().expect("a place");
    assert!(place.file().ends_with("behaviour/places.rs"), "{place}");
    place.line()
}

/// The lines on which these fail.
macro_rules! fail_here {
    ($($misuse:expr;)+) => {
        [$(line_of($misuse)),+].to_vec()
    };
}

/// So many lines, one after the other.
fn lines_from(first: u32, count: usize) -> Vec<u32> {
    (first..).take(count).collect()
}

#[test]
fn misuses_are_where_they_happen() {
    let (full, shut) = (Queue::new(1), Queue::<i32>::new(0));
    full.put_nowait(1).unwrap();
    shut.shutdown(false);
    let condition = Condition::new();
    let first = line!() + 2;
    let lines = fail_here! {
        Lock::new().release();
        condition.release();
        condition.notify(1);
        condition.notify_all();
        Semaphore::new(-1);
        BoundedSemaphore::new(-1);
        BoundedSemaphore::new(1).unwrap().release();
        Barrier::new(0);
        Barrier::new(-1);
        full.put_nowait(2);
        Queue::<i32>::new(0).get_nowait();
        Queue::<i32>::new(0).task_done();
        shut.put_nowait(1);
        shut.get_nowait();
    };
    assert_eq!(lines, lines_from(first, lines.len()));
}

#[test]
fn what_a_wait_ends_with_is_where_it_stood() {
    run(async {
        let shut = Queue::<i32>::new(0);
        shut.shutdown(false);
        let first = line!() + 2;
        let lines = fail_here! {
            shut.get().await;
            shut.put(1).await;
            Condition::new().wait().await;
        };
        assert_eq!(lines, lines_from(first, lines.len()));

        let queue = Queue::<i32>::new(0);
        let getter = queue.clone();
        let waiting = create_task(async move { getter.get().await });
        let barrier = Barrier::new(2)?;
        let other = barrier.clone();
        let inside = create_task(async move { other.wait().await });
        hops(1).await?;
        queue.shutdown(false);
        barrier.abort().await?;
        assert_eq!(line_of(waiting.await), line!() - 7);
        assert_eq!(line_of(inside.await), line!() - 5);
        assert_eq!(line_of(barrier.wait().await), line!());
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_wait_in_a_second_loop_is_refused_where_it_stands() {
    let lock = Lock::new();
    let first = lock.clone();
    run(async move {
        first.acquire().await?;
        let waiting = first.clone();
        let waiter = create_task(async move { waiting.acquire().await });
        hops(1).await?;
        waiter.cancel();
        Ok(())
    })
    .unwrap();
    let outcome = run(async move { lock.acquire().await });
    assert_eq!(line_of(outcome), line!() - 1);
}
