//! Copies of wakers: while one exists nothing is proved of its task, and when none is left everything is again.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use kolo_executor::testing::run;
use kolo_executor::{Kind, Promise, Result, create_task, current_task, sleep};

use super::waker;

fn is_stuck<T>(outcome: Result<T>) -> bool {
    outcome.is_err_and(|error| error.kind() == Kind::Deadlock)
}

async fn never() -> Result<()> {
    Promise::<()>::new().await
}

#[test]
fn when_the_last_copy_is_dropped_a_deadlock_is_proved() {
    let outcome = run(async {
        let first = waker().await;
        let second = first.clone();
        drop(first);
        let task = create_task(async move {
            let own = waker().await;
            drop((own, second));
            never().await
        });
        let third = waker().await;
        // By value.
        third.wake();
        sleep(0).await?;
        task.await
    });
    assert!(is_stuck(outcome));
}

#[test]
fn it_is_told_of_a_task_while_there_is_a_copy() {
    let outcome = run(async {
        let task = current_task().unwrap();
        let seen = create_task(async move {
            let before = task.may_be_woken_from_outside();
            let copies = sleep(0).await.map(|()| task.may_be_woken_from_outside())?;
            sleep(0).await?;
            let after = task.may_be_woken_from_outside();
            Ok([before, copies, after])
        });
        sleep(0).await?;
        let waker = waker().await;
        sleep(0).await?;
        drop(waker);
        sleep(0).await?;
        seen.await
    });
    assert_eq!(outcome.unwrap(), [false, true, false]);
}

#[test]
fn when_another_thread_drops_the_last_copy_a_deadlock_is_proved() {
    let outcome = run(async {
        let waker = waker().await;
        thread::spawn(move || {
            // The loop is asleep by then, or not yet.
            thread::sleep(Duration::from_millis(20));
            let copies: Vec<Waker> = (0..10).map(|_| waker.clone()).collect();
            drop(waker);
            drop(copies);
        });
        never().await
    });
    assert!(is_stuck(outcome));
}

#[test]
fn a_foreign_combinator_that_has_ended_leaves_nothing_behind() {
    let outcome = run(async {
        let mut all: FuturesUnordered<_> = (1..4).map(sleep).collect();
        all.next().await.unwrap()?;
        let both = futures_util::future::select(sleep(1).boxed_local(), sleep(2).boxed_local());
        drop(both.await);
        drop(all);
        never().await
    });
    assert!(is_stuck(outcome));
}

#[test]
fn a_copy_that_is_forgotten_may_still_be_used() {
    let outcome = run(async {
        let task = create_task(async {
            std::mem::forget(waker().await);
            never().await
        });
        sleep(0).await?;
        assert!(task.as_any_task().may_be_woken_from_outside());
        task.cancel();
        Ok(())
    });
    outcome.unwrap();
}

/// Waits for what never comes, and for `sent`, of which it hears by its waker alone.
async fn wait_for_either(sent: Arc<AtomicBool>, wakers: &mpsc::Sender<Waker>) -> Result<()> {
    let mut leaf = pin!(never());
    let mut asked = false;
    poll_fn(|context| {
        if sent.load(Ordering::SeqCst) {
            return Poll::Ready(Ok(()));
        }
        if !std::mem::replace(&mut asked, true) {
            wakers.send(context.waker().clone()).unwrap();
        }
        Pin::new(&mut leaf).as_mut().poll(context)
    })
    .await
}

#[test]
fn no_copy_is_used_too_late_to_be_seen() {
    let (wakers, copies) = mpsc::channel::<(Waker, Arc<AtomicBool>)>();
    let thread = thread::spawn(move || {
        for (number, (waker, sent)) in copies.iter().enumerate() {
            // Another copy of it is the last, every second time, and every third time it is used while the loop is still busy.
            let waker = if number % 2 == 0 { waker.clone() } else { waker };
            (0..number % 3 * 100).for_each(|_| thread::yield_now());
            sent.store(true, Ordering::SeqCst);
            waker.wake();
        }
    });
    for _ in 0..3000 {
        let wakers = wakers.clone();
        let outcome = run(async move {
            let sent = Arc::new(AtomicBool::new(false));
            let (own, given) = mpsc::channel();
            let waits = create_task({
                let sent = sent.clone();
                async move { wait_for_either(sent, &own).await }
            });
            sleep(0).await?;
            wakers.send((given.recv().unwrap(), sent)).unwrap();
            waits.await
        });
        outcome.unwrap();
    }
    drop(wakers);
    thread.join().unwrap();
}
