use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use futures::task::AtomicWaker;

use crate::bare::Countdown;
use crate::clock::{Cost, Stopwatch, thread_cpu};
use crate::peer::{Peer, join_each};

/// A task's waker and its reason to wake, where another thread finds them.
#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    waker: AtomicWaker,
}

impl Bell {
    fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        self.waker.wake();
    }

    fn rings(&self) -> impl Future<Output = ()> {
        poll_fn(|cx| {
            self.waker.register(cx.waker());
            match self.rung.swap(false, Ordering::Acquire) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
    }
}

/// Another thread wakes a number of tasks while the loop is awake. An operation is one wake-up: the CPU time of the thread that
/// wakes, and that of the loop until the task has run and waits again.
///
/// While the other thread is at work the loop's own is blocked inside a step, which to the runtime is as awake as can be.
pub fn wake_awake<P: Peer>(tasks: usize, iterations: u64) -> Cost {
    P::run(async move {
        let bells: Arc<[Bell]> = (0..tasks).map(|_| Bell::default()).collect();
        let waiting = Rc::new(Countdown::default());
        waiting.restart(tasks);
        let sleepers: Vec<_> = (0..tasks)
            .map(|i| {
                let bells = Arc::clone(&bells);
                let waiting = Rc::clone(&waiting);
                P::spawn(async move {
                    for _ in 0..iterations {
                        waiting.arrive();
                        bells[i].rings().await;
                    }
                    waiting.arrive();
                    Ok(())
                })
            })
            .collect();
        waiting.all_arrived().await;

        let (start, started) = channel();
        let (finish, finished) = channel();
        let ringer = thread::spawn(move || {
            for () in started {
                let before = thread_cpu();
                bells.iter().for_each(Bell::ring);
                finish.send(thread_cpu() - before).expect("a main task that waits");
            }
        });

        let mut cpu = Duration::ZERO;
        for _ in 0..iterations {
            waiting.restart(tasks);
            start.send(()).expect("a thread that waits");
            cpu += finished.recv().expect("a thread that rings");
            let before = thread_cpu();
            waiting.all_arrived().await;
            cpu += thread_cpu() - before;
        }
        drop(start);
        ringer.join().expect("a thread that does not panic");
        join_each::<P, ()>(sleepers).await?;
        Ok(Cost {
            cpu,
            operations: iterations * tasks as u64,
        })
    })
}

/// Another thread wakes the only task of a loop that sleeps, and waits until it has run. An operation is one such wake-up: the
/// CPU time of both threads. Both go to sleep and are woken by the system each time, which is most of it.
pub fn wake_asleep<P: Peer>(_size: usize, iterations: u64) -> Cost {
    P::run(async move {
        let bell = Arc::new(Bell::default());
        let (answer, answered) = channel();
        let ringer = thread::spawn({
            let bell = Arc::clone(&bell);
            move || {
                for _ in 0..iterations {
                    bell.ring();
                    answered.recv().expect("a task that answers");
                }
            }
        });
        let mut watch = Stopwatch::started();
        for _ in 0..iterations {
            bell.rings().await;
            answer.send(()).expect("a thread that waits");
        }
        watch.stop();
        ringer.join().expect("a thread that does not panic");
        Ok(watch.cost(iterations))
    })
}
