//! Foreign wakers in the middle of a line: each is woken, and so is everybody else, whatever the one before does.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use kolo_executor::primitive::{Claim, WaitQueue};
use kolo_executor::testing::tick;
use kolo_executor::{Clock, EventLoop, Promise, Result, create_task, sleep};

use crate::support::reports::Reports;

/// What somebody else's wait does when it is woken.
#[derive(Clone, Copy, Debug)]
enum Does {
    Nothing,
    Panics,
    /// Ends.
    Leaves,
    /// Ends, and has the one before it end.
    TakesOneAlong,
    /// Ends, and begins again.
    ComesAgain,
}

const DOES: [Does; 5] = [
    Does::Nothing,
    Does::Panics,
    Does::Leaves,
    Does::TakesOneAlong,
    Does::ComesAgain,
];

type Boxed = Pin<Box<dyn Future<Output = Result<()>>>>;

/// Who waits, by their numbers, and who was woken.
#[derive(Default)]
struct Line {
    waits: BTreeMap<usize, Boxed>,
    woken: Vec<usize>,
    queue: Option<Rc<WaitQueue>>,
}

thread_local!(static LINE: RefCell<Line> = RefCell::default());

fn take(number: usize) -> Option<Boxed> {
    LINE.with_borrow_mut(|line| line.waits.remove(&number))
}

fn queue() -> Rc<WaitQueue> {
    LINE.with_borrow_mut(|line| line.queue.get_or_insert_with(|| Rc::new(WaitQueue::new("Line.wait"))).clone())
}

/// Wants nothing but to be woken.
struct Woken(Rc<WaitQueue>);

impl Claim for Woken {
    type Output = ();

    fn queue(&self) -> &WaitQueue {
        &self.0
    }
    fn take(&mut self, woken: bool) -> Option<Result<()>> {
        woken.then_some(Ok(()))
    }
    fn pass_on(&mut self, _: bool) {}
}

struct Foreign(usize, Does);

impl Wake for Foreign {
    fn wake(self: Arc<Self>) {
        let Foreign(number, does) = *self;
        LINE.with_borrow_mut(|line| line.woken.push(number));
        match does {
            Does::Nothing => {}
            Does::Panics => panic!("number {number}"),
            Does::Leaves => drop(take(number)),
            Does::TakesOneAlong => drop([Some(number), number.checked_sub(1)].map(|number| number.and_then(take))),
            Does::ComesAgain => {
                drop(take(number));
                wait(number + 100, Does::Nothing, Box::pin(Woken(queue()).wait()));
            }
        }
    }
}

/// Has somebody else wait for `future`.
fn wait(number: usize, does: Does, mut future: Boxed) {
    let waker = Waker::from(Arc::new(Foreign(number, does)));
    assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    LINE.with_borrow_mut(|line| line.waits.insert(number, future));
}

/// Has one that does something stand at each place among five, in a loop of its own.
#[track_caller]
fn among_five(begin: impl AsyncFn() -> Boxed + Copy + 'static, wake: impl Fn() + Copy + 'static) {
    for (place, does) in (0..5).flat_map(|place| DOES.map(|does| (place, does))) {
        let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
        let reports = Reports::of(&event_loop);
        let woken = event_loop.run_until_complete(async move {
            for number in 0..5 {
                let does = if number == place { does } else { Does::Nothing };
                wait(number, does, begin().await);
            }
            wake();
            Ok(LINE.with_borrow_mut(|line| std::mem::take(&mut line.woken)))
        });
        assert_eq!(woken.unwrap(), [0, 1, 2, 3, 4], "{does:?} at {place}");
        let expected: &[&str] = if let Does::Panics = does {
            &["Exception in waker"]
        } else {
            &[]
        };
        assert_eq!(reports.messages(), expected, "{does:?} at {place}");
        // The loop first: what is left of the line must not mind.
        event_loop.close().unwrap();
        drop(LINE.take());
    }
}

/// A wait that is somebody else's from the start.
async fn begin() -> Boxed {
    Box::pin(Woken(queue()).wait())
}

/// A wait that began in a task's own place.
async fn begin_in_a_task() -> Boxed {
    let moved = Rc::new(RefCell::new(None));
    let place = moved.clone();
    create_task(async move {
        let mut future = begin().await;
        std::future::poll_fn(|context| {
            assert!(future.as_mut().poll(context).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        place.replace(Some(future));
        std::future::pending::<Result<()>>().await
    });
    sleep(0).await.unwrap();
    moved.take().unwrap()
}

#[test]
fn all_are_woken() {
    among_five(begin, || queue().wake_all());
    among_five(begin_in_a_task, || queue().wake_all());
}

#[test]
fn so_many_are_woken() {
    among_five(begin, || assert_eq!(queue().wake(5), 5));
    among_five(begin_in_a_task, || assert_eq!(queue().wake(5), 5));
}

#[test]
fn one_after_the_other_is_woken() {
    let wake = || (0..5).for_each(|_| assert!(queue().pop()));
    among_five(begin, wake);
    among_five(begin_in_a_task, wake);
}

thread_local!(static PROMISE: RefCell<Promise<()>> = RefCell::new(Promise::new()));

/// A wait for a promise, another one once that is done.
async fn begin_for_the_promise() -> Boxed {
    let promise = PROMISE.with_borrow_mut(|promise| {
        if promise.done() {
            *promise = Promise::new();
        }
        promise.clone()
    });
    Box::pin(async move { (&promise).await })
}

#[test]
fn all_who_wait_for_a_promise_are_woken() {
    among_five(begin_for_the_promise, || {
        PROMISE.with_borrow(Promise::clone).set_result(()).unwrap();
    });
}

#[test]
fn a_cancellation_wakes_whoever_the_wait_was_moved_to() {
    for does in DOES {
        let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
        let reports = Reports::of(&event_loop);
        let main = event_loop.create_task(async move {
            wait(0, does, begin_in_a_task().await);
            let itself = kolo_executor::current_task();
            for task in kolo_executor::all_tasks() {
                if Some(&task) != itself.as_ref() {
                    task.cancel();
                }
            }
            sleep(0).await
        });
        tick(&event_loop);
        tick(&event_loop);
        tick(&event_loop);
        assert!(main.done());
        assert_eq!(LINE.with_borrow_mut(|line| std::mem::take(&mut line.woken)), [0], "{does:?}");
        assert_eq!(reports.take().len(), usize::from(matches!(does, Does::Panics)), "{does:?}");
        event_loop.close().unwrap();
        drop(LINE.take());
    }
}
