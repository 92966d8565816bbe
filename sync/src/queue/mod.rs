//! `Queue`, `LifoQueue`, `PriorityQueue`: one queue over three ways to keep its items.

mod claims;
mod stock;

use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::rc::Rc;

use kolo_executor::primitive::{Claim, WaitQueue};
use kolo_executor::{Error, Kind, Result};

use self::claims::{Get, Join, Put};
use self::stock::Stock;
use crate::Items;
use crate::storage::{Fifo, Lifo, Priority, Storage};

/// A queue that gives the oldest item out first. Mirrors `asyncio.Queue`; see [`AnyQueue`].
#[doc(alias("channel", "mpsc"))]
pub type Queue<T> = AnyQueue<Fifo<T>>;

/// A queue that gives the newest item out first. Mirrors `asyncio.LifoQueue`; see [`AnyQueue`].
///
/// ```
/// use kolo::LifoQueue;
///
/// let queue = LifoQueue::new(0);
/// queue.put_nowait("first")?;
/// queue.put_nowait("second")?;
/// assert_eq!(queue.get_nowait()?, "second");
/// # Ok::<(), kolo::Error>(())
/// ```
#[doc(alias = "stack")]
pub type LifoQueue<T> = AnyQueue<Lifo<T>>;

/// A queue that gives the smallest item out first, and equal ones in the order in which CPython's does. Mirrors
/// `asyncio.PriorityQueue`; see [`AnyQueue`].
///
/// Items need no more than `<`: tuples of a priority and something else, of numbers or floats, will do.
///
/// ```
/// use kolo::{PriorityQueue, run};
///
/// run(async {
///     let queue = PriorityQueue::new(0);
///     for item in [(2.5, "later"), (0.5, "at once"), (1.0, "soon")] {
///         queue.put_nowait(item)?;
///     }
///     assert_eq!(queue.get().await?.1, "at once");
///     Ok(())
/// })
/// .unwrap();
/// ```
#[doc(alias("heapq", "BinaryHeap"))]
pub type PriorityQueue<T> = AnyQueue<Priority<T>>;

/// Items on their way from those who put them to those who get them: [`Queue`], [`LifoQueue`], [`PriorityQueue`].
///
/// A handle: clones are the same queue. It holds `maxsize` items, or any number if that is 0. Those who wait for an item, and those who
/// wait for room, are woken in the order in which they came; what they are woken for is not reserved, and who finds it gone waits anew,
/// at the end.
///
/// ```
/// use kolo::{Queue, Result, create_task, run};
///
/// async fn worker(queue: Queue<u32>) -> Result<()> {
///     loop {
///         let number = queue.get().await?;
///         println!("{}", number * number);
///         queue.task_done()?;
///     }
/// }
///
/// run(async {
///     let queue = Queue::new(2);
///     let worker = create_task(worker(queue.clone()));
///     for number in 0..5 {
///         queue.put(number).await?;
///     }
///     queue.join().await?;
///     worker.cancel();
///     Ok(())
/// })
/// .unwrap();
/// ```
#[doc(alias("channel", "mpsc", "bounded", "unbounded"))]
pub struct AnyQueue<S>(Rc<State<S>>);

struct State<S> {
    maxsize: usize,
    stock: Stock<S>,
    getters: WaitQueue,
    putters: WaitQueue,
    /// Those in `join`.
    joiners: WaitQueue,
    /// The items that were put, and for which `task_done` was not called yet.
    unfinished: Cell<usize>,
    shut_down: Cell<bool>,
}

impl<S> Clone for AnyQueue<S> {
    fn clone(&self) -> Self {
        AnyQueue(self.0.clone())
    }
}

impl<S: Storage + 'static> AnyQueue<S> {
    /// An empty queue that holds `maxsize` items, or any number if that is 0.
    pub fn new(maxsize: usize) -> Self {
        AnyQueue(Rc::new_cyclic(|queue| State {
            maxsize,
            stock: Stock::default(),
            getters: WaitQueue::part_of(queue, "Queue.get"),
            putters: WaitQueue::part_of(queue, "Queue.put"),
            joiners: WaitQueue::part_of(queue, "Queue.join"),
            unfinished: Cell::new(0),
            shut_down: Cell::new(false),
        }))
    }

    /// How many items are in it. Mirrors `Queue.qsize`.
    ///
    /// ```
    /// use kolo::Queue;
    ///
    /// let queue = Queue::new(2);
    /// assert!(queue.empty());
    /// queue.put_nowait("first").unwrap();
    /// assert_eq!((queue.qsize(), queue.maxsize()), (1, 2));
    /// queue.put_nowait("second").unwrap();
    /// assert!(queue.full());
    /// ```
    #[doc(alias = "len")]
    pub fn qsize(&self) -> usize {
        self.0.stock.len()
    }

    /// How many items it holds at the most; 0 is any number.
    #[doc(alias = "capacity")]
    pub fn maxsize(&self) -> usize {
        self.0.maxsize
    }

    /// Whether there is nothing in it.
    #[doc(alias = "is_empty")]
    pub fn empty(&self) -> bool {
        self.qsize() == 0
    }

    /// Whether there is no room in it.
    #[doc(alias = "is_full")]
    pub fn full(&self) -> bool {
        self.0.is_full_with(self.qsize())
    }

    /// Waits for room, and puts an item in. Mirrors `Queue.put`.
    ///
    /// # Errors
    /// QueueShutDown; Cancelled; Runtime, when it has to wait and the queue belongs to another loop.
    ///
    /// # Cancel safety
    /// The item was not put, and is dropped; the place in the queue is lost. Room for which this task had been woken goes to the next one.
    #[doc(alias = "send")]
    #[track_caller]
    pub fn put(&self, item: S::Item) -> impl Future<Output = Result<()>> {
        let item = Some(item);
        Put { queue: self, item }.wait()
    }

    /// Puts an item in. Mirrors `Queue.put_nowait`.
    ///
    /// # Errors
    /// QueueFull, when there is no room; QueueShutDown; Runtime, from an item of the queue that is being compared or shown. The item is
    /// dropped.
    #[doc(alias = "try_send")]
    #[track_caller]
    pub fn put_nowait(&self, item: S::Item) -> Result<()> {
        self.check_open()?;
        match self.0.put(&mut Some(item))? {
            true => Ok(()),
            false => Err(Error::new(Kind::QueueFull, "")),
        }
    }

    /// Waits for an item, and takes it out. Mirrors `Queue.get`.
    ///
    /// # Errors
    /// QueueShutDown, when nothing is left and nothing will come; Cancelled; Runtime, when it has to wait and the queue belongs to another
    /// loop.
    ///
    /// # Cancel safety
    /// No item is lost: one for which this task had been woken goes to the next one. The place in the queue is lost.
    #[doc(alias = "recv")]
    #[track_caller]
    pub fn get(&self) -> impl Future<Output = Result<S::Item>> {
        self.get_at(Location::caller())
    }

    pub(crate) fn get_at(&self, site: &'static Location<'static>) -> impl Future<Output = Result<S::Item>> {
        Get(self).wait_at(site)
    }

    /// Takes an item out. Mirrors `Queue.get_nowait`.
    ///
    /// # Errors
    /// QueueEmpty, when there is none; QueueShutDown, when there will be none either; Runtime, from an item of the queue that is being compared
    /// or shown.
    #[doc(alias = "try_recv")]
    #[track_caller]
    pub fn get_nowait(&self) -> Result<S::Item> {
        if let Some(item) = self.0.take()? {
            return Ok(item);
        }
        self.check_open()?;
        Err(Error::new(Kind::QueueEmpty, ""))
    }

    #[track_caller]
    fn check_open(&self) -> Result<()> {
        match self.0.shut_down.get() {
            true => Err(Error::new(Kind::QueueShutDown, "")),
            false => Ok(()),
        }
    }

    /// Tells that an item that was taken out is done with; [`join`](AnyQueue::join) waits for that. Mirrors `Queue.task_done`.
    ///
    /// # Errors
    /// Value, when it was called for every item already.
    #[track_caller]
    pub fn task_done(&self) -> Result<()> {
        if self.0.unfinished.get() == 0 {
            return Err(Error::value("task_done() called too many times"));
        }
        self.finish(1);
        Ok(())
    }

    fn finish(&self, items: usize) {
        let unfinished = &self.0.unfinished;
        unfinished.set(unfinished.get().saturating_sub(items));
        if unfinished.get() == 0 {
            self.0.joiners.wake_all();
        }
    }

    /// Waits until [`task_done`](AnyQueue::task_done) was called for every item that was put. Mirrors `Queue.join`.
    ///
    /// # Errors
    /// Cancelled; Runtime, when it has to wait and the queue belongs to another loop.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    #[track_caller]
    pub fn join(&self) -> impl Future<Output = Result<()>> {
        Join(self).wait()
    }

    /// Ends the queue: from now on every put fails with QueueShutDown, and every get once it is empty. With `immediate` it is empty at
    /// once: its items are dropped and count as done, unless one of them calls this while it is compared or shown. All that wait are woken.
    /// Mirrors `Queue.shutdown`.
    ///
    /// ```
    /// use kolo::{Kind, Queue, run};
    ///
    /// run(async {
    ///     let queue = Queue::new(0);
    ///     queue.put_nowait("last")?;
    ///     queue.shutdown(false);
    ///     assert_eq!(queue.put("late").await.unwrap_err().kind(), Kind::QueueShutDown);
    ///     assert_eq!(queue.get().await?, "last");
    ///     assert_eq!(queue.get().await.unwrap_err().kind(), Kind::QueueShutDown);
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    #[doc(alias = "close")]
    pub fn shutdown(&self, immediate: bool) {
        let state = &*self.0;
        state.shut_down.set(true);
        if immediate {
            let dropped = state.stock.take_all();
            self.finish(dropped.as_ref().map_or(0, Storage::len));
        }
        while state.getters.pop() {}
        while state.putters.pop() {}
    }

    /// The items as they come, until the queue is shut down and empty: `while let Some(item) = items.next().await`.
    ///
    /// ```
    /// use kolo::{Queue, create_task, run};
    ///
    /// run(async {
    ///     let queue = Queue::new(0);
    ///     let source = queue.clone();
    ///     let printer = create_task(async move {
    ///         let mut items = source.items();
    ///         while let Some(item) = items.next().await {
    ///             println!("{}", item?);
    ///         }
    ///         Ok(())
    ///     });
    ///     queue.put("a line").await?;
    ///     queue.shutdown(false);
    ///     printer.await
    /// })
    /// .unwrap();
    /// ```
    #[doc(alias = "ReceiverStream")]
    #[track_caller]
    pub fn items(&self) -> Items<S> {
        Items::new(self.clone(), Location::caller())
    }
}

impl<S: Storage + 'static> Default for AnyQueue<S> {
    fn default() -> Self {
        AnyQueue::new(0)
    }
}

/// `<Queue maxsize=2 _queue=[1, 2] _putters[1] tasks=2>`: asyncio's words.
impl<S: Storage<Item: fmt::Debug>> fmt::Debug for AnyQueue<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f, format_args!("{:?}", self.0.stock))
    }
}

/// In reports, which cannot show items of any type, their number stands for them.
impl<S: Storage> fmt::Debug for State<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f, self.stock.len())
    }
}

impl<S: Storage> State<S> {
    fn is_full_with(&self, items: usize) -> bool {
        self.maxsize > 0 && items >= self.maxsize
    }

    /// Puts the item in, if there is room, for the first that waits for one.
    #[inline]
    fn put(&self, item: &mut Option<S::Item>) -> Result<bool> {
        if self.is_full_with(self.stock.len()) {
            return Ok(false);
        }
        if let Some(item) = item.take() {
            self.stock.put(item)?;
            self.unfinished.set(self.unfinished.get() + 1);
            self.getters.pop();
        }
        Ok(true)
    }

    /// Takes an item out, which makes room for the first that waits for that.
    #[inline]
    fn take(&self) -> Result<Option<S::Item>> {
        let item = self.stock.take()?;
        if item.is_some() {
            self.putters.pop();
        }
        Ok(item)
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>, items: impl fmt::Display) -> fmt::Result {
        write!(f, "<{} maxsize={}", S::NAME, self.maxsize)?;
        if self.stock.len() > 0 {
            write!(f, " _queue={items}")?;
        }
        for (name, queue) in [("_getters", &self.getters), ("_putters", &self.putters)] {
            if !queue.is_empty() {
                write!(f, " {name}[{}]", queue.len())?;
            }
        }
        if self.unfinished.get() > 0 {
            write!(f, " tasks={}", self.unfinished.get())?;
        }
        f.write_str(if self.shut_down.get() { " shutdown>" } else { ">" })
    }
}
