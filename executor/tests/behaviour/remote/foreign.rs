//! Futures of others that a thread wakes by the waker which they keep.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;

use futures_channel::{mpsc, oneshot};
use futures_util::StreamExt;
use kolo_executor::testing::run;
use kolo_executor::{Result, create_task, running_loop, sleep};

use super::{LATER, sleep_in_real_time};
use crate::support::runs::in_loop;

#[test]
fn one_written_by_hand() {
    #[derive(Default)]
    struct Answer {
        value: Option<u32>,
        waker: Option<Waker>,
    }
    let outcome = run(async {
        let shared = Arc::new(Mutex::new(Answer::default()));
        let theirs = shared.clone();
        thread::spawn(move || {
            thread::sleep(LATER);
            let mut answer = theirs.lock().unwrap();
            answer.value = Some(42);
            answer.waker.take().into_iter().for_each(Waker::wake);
        });
        poll_fn(|context| {
            let mut answer = shared.lock().unwrap();
            answer.waker = Some(context.waker().clone());
            answer.value.map_or(Poll::Pending, |value| Poll::Ready(Ok(value)))
        })
        .await
    });
    assert_eq!(outcome.unwrap(), 42);
}

#[test]
fn channels_of_another_crate() {
    let outcome = run(async {
        let (sends, mut receives) = mpsc::unbounded();
        let (ends, ended) = oneshot::channel();
        thread::spawn(move || {
            for number in 0..100 {
                sends.unbounded_send(number).unwrap();
            }
            drop(sends);
            thread::sleep(LATER);
            ends.send("the end")
        });
        let sum = create_task(async move {
            let mut sum = 0;
            while let Some(number) = receives.next().await {
                sum += number;
            }
            Ok(sum)
        });
        Ok((sum.await?, ended.await.expect("the thread sends")))
    });
    assert_eq!(outcome.unwrap(), (4950, "the end"));
}

#[test]
fn they_do_not_hold_the_virtual_clock_but_a_guard_does() {
    in_loop(async {
        let (_sends, receives) = oneshot::channel::<()>();
        let waits = create_task(async move {
            let _ = receives.await;
            Ok(())
        });
        sleep(1e9).await?;
        let _alive = running_loop().keep_alive();
        sleep_in_real_time().await?;
        waits.cancel();
        let cancelled: Result<()> = waits.await;
        assert!(cancelled.unwrap_err().is_cancelled());
        Ok(())
    });
}
