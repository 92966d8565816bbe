//! Queues that are looked at, and worked on, by their own items and storages: user code that runs while an item is put or taken.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use kolo_executor::testing::run;
use kolo_executor::{AnyTask, Kind, Observer, Promise, Result, create_task, running_loop, sleep};
use kolo_sync::storage::Storage;
use kolo_sync::{AnyQueue, PriorityQueue, Queue, Semaphore};

/// What an item does when it is compared or shown: something with its queue, whose outcome is noted.
#[derive(Clone)]
struct Meddler {
    number: i32,
    queue: PriorityQueue<Meddler>,
    log: Rc<RefCell<Vec<String>>>,
}

impl Meddler {
    fn meddle(&self) {
        let Meddler { queue, log, .. } = self;
        let kind = |outcome: Result<()>| outcome.map_err(|error| error.kind());
        let put = kind(queue.put_nowait(self.clone()));
        let get = kind(queue.get_nowait().map(drop));
        let looked = format!("{} {} {} {put:?} {get:?}", queue.qsize(), queue.empty(), queue.full());
        log.borrow_mut().push(looked);
    }
}

impl PartialEq for Meddler {
    fn eq(&self, other: &Meddler) -> bool {
        self.number == other.number
    }
}

impl PartialOrd for Meddler {
    fn partial_cmp(&self, other: &Meddler) -> Option<Ordering> {
        self.meddle();
        self.number.partial_cmp(&other.number)
    }
}

impl fmt::Debug for Meddler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.meddle();
        write!(f, "{} of {:?}", self.number, self.queue)
    }
}

#[test]
fn an_item_that_is_compared_looks_at_its_queue_and_cannot_change_it() {
    let queue = PriorityQueue::new(0);
    let log = Rc::new(RefCell::default());
    for number in [2, 1] {
        let (queue, log) = (queue.clone(), Rc::clone(&log));
        queue.clone().put_nowait(Meddler { number, queue, log }).unwrap();
    }
    let refused = "Err(Runtime) Err(Runtime)";
    assert_eq!(log.take(), [format!("1 false false {refused}")]);
    assert_eq!(queue.get_nowait().unwrap().number, 1);
    assert_eq!(queue.get_nowait().unwrap().number, 2);
    assert_eq!(queue.get_nowait().unwrap_err().kind(), Kind::QueueEmpty);
}

#[test]
fn an_item_that_is_shown_shows_its_queue() {
    let queue = PriorityQueue::new(0);
    let log = Rc::new(RefCell::default());
    let item = Meddler {
        number: 7,
        queue: queue.clone(),
        log: Rc::clone(&log),
    };
    queue.put_nowait(item).unwrap();
    let shown = "<PriorityQueue maxsize=0 _queue=[7 of <PriorityQueue maxsize=0 _queue=[...] tasks=1>] tasks=1>";
    assert_eq!(format!("{queue:?}"), shown);
    assert_eq!(log.take(), ["1 false false Err(Runtime) Err(Runtime)"]);
    assert_eq!(queue.qsize(), 1);
    drop(queue.get_nowait());
}

#[test]
fn a_comparison_that_panics_leaves_the_queue_usable() {
    struct Panics(bool);
    impl PartialEq for Panics {
        fn eq(&self, _: &Panics) -> bool {
            false
        }
    }
    impl PartialOrd for Panics {
        fn partial_cmp(&self, _: &Panics) -> Option<Ordering> {
            assert!(!self.0, "compared");
            Some(Ordering::Equal)
        }
    }
    let queue = PriorityQueue::new(0);
    queue.put_nowait(Panics(false)).unwrap();
    let put = std::panic::AssertUnwindSafe(|| queue.put_nowait(Panics(true)));
    assert!(std::panic::catch_unwind(put).is_err());
    // It stands in the storage by then.
    assert_eq!(queue.qsize(), 2);
    queue.get_nowait().unwrap();
}

#[test]
fn a_storage_of_the_users_looks_at_its_queue() {
    thread_local!(static SEEN: RefCell<Option<AnyQueue<Looks>>> = const { RefCell::new(None) });
    #[derive(Default)]
    struct Looks(Vec<u8>);
    impl Looks {
        fn look(&self) {
            SEEN.with_borrow(|queue| {
                if let Some(queue) = queue {
                    assert!(queue.qsize() <= 1);
                    assert_eq!(queue.put_nowait(0).unwrap_err().kind(), Kind::Runtime);
                }
            });
        }
    }
    impl Storage for Looks {
        type Item = u8;
        const NAME: &'static str = "Looks";
        fn put(&mut self, item: u8) {
            self.look();
            self.0.push(item);
        }
        fn take(&mut self) -> Option<u8> {
            self.look();
            self.0.pop()
        }
        fn len(&self) -> usize {
            self.0.len()
        }
        fn for_each(&self, look: &mut dyn FnMut(&u8)) {
            self.look();
            self.0.iter().for_each(look);
        }
    }
    let queue = AnyQueue::<Looks>::new(0);
    SEEN.set(Some(queue.clone()));
    queue.put_nowait(5).unwrap();
    assert_eq!(format!("{queue:?}"), "<Looks maxsize=0 _queue=[5] tasks=1>");
    assert_eq!(queue.get_nowait().unwrap(), 5);
    SEEN.take();
}

#[test]
fn an_item_that_is_dropped_with_the_queues_end_uses_the_queue() {
    struct Puts(Queue<Option<Puts>>);
    impl Drop for Puts {
        fn drop(&mut self) {
            assert_eq!(self.0.put_nowait(None).unwrap_err().kind(), Kind::QueueShutDown);
            assert_eq!(self.0.qsize(), 0);
        }
    }
    let queue = Queue::new(0);
    queue.put_nowait(Some(Puts(queue.clone()))).unwrap();
    queue.shutdown(true);
    assert!(queue.empty());
}

#[test]
fn a_semaphore_counts_no_further_than_a_word() {
    let semaphore = Semaphore::new(usize::MAX).unwrap();
    semaphore.release();
    assert_eq!(semaphore.value(), usize::MAX);
    assert!(!semaphore.locked());
}

/// Releases the semaphore when it goes.
struct ReleasesAtTheEnd(Semaphore);

impl Drop for ReleasesAtTheEnd {
    fn drop(&mut self) {
        self.0.release();
    }
}

#[test]
fn what_goes_while_a_task_begins_to_wait_may_end_the_wait() {
    let outcome = run(async {
        let semaphore = Semaphore::new(0)?;
        let promise = Promise::new();
        let mut leaf = Some((&promise).into_future());
        let (mut setter, mut acquire) = (Some(promise), Box::pin(semaphore.acquire()));
        poll_fn(|context| {
            if let Some(waits) = &mut leaf {
                assert!(Pin::new(&mut *waits).poll(context).is_pending());
                let promise = setter.take().expect("polled once");
                promise.set_result(Rc::new(ReleasesAtTheEnd(semaphore.clone())))?;
                assert!(Pin::new(waits).poll(context).is_ready());
                drop((promise, leaf.take()));
            }
            // The task has noted that it waits for the promise, and nobody else has a handle any more.
            acquire.as_mut().poll(context)
        })
        .await?;
        assert_eq!(semaphore.value(), 0);
        Ok(())
    });
    outcome.unwrap();
}

type Wait = Pin<Box<dyn Future<Output = Result<()>>>>;

/// When a task is woken, ends a wait of its own.
struct Leaves(RefCell<Option<Wait>>);

impl Observer for Leaves {
    fn woken(&self, _task: &AnyTask, _by: Option<&AnyTask>) {
        let wait = self.0.take();
        drop(wait);
    }
}

#[test]
fn whoever_is_told_of_a_wake_up_may_leave_the_queue_from_which_it_came() {
    let outcome = run(async {
        let semaphore = Semaphore::new(0)?;
        let tasks = [(); 2].map(|()| {
            let semaphore = semaphore.clone();
            create_task(async move { semaphore.acquire().await })
        });
        sleep(0).await?;
        let own = semaphore.clone();
        let mut wait: Wait = Box::pin(async move { own.acquire().await });
        poll_fn(|context| Poll::Ready(wait.as_mut().poll(context).is_pending())).await;
        running_loop().add_observer(Rc::new(Leaves(RefCell::new(Some(wait)))));
        semaphore.release();
        sleep(0).await?;
        assert_eq!(
            (tasks.each_ref().map(|task| task.done()), semaphore.value()),
            ([true, false], 0)
        );
        semaphore.release();
        let [_, second] = tasks;
        second.await
    });
    outcome.unwrap();
}
