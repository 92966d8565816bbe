//! What the code of one random program shares: slots full of handles, the fuel, and the books on what lives.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use kolo::{
    AnyPromise, Barrier, BoundedSemaphore, CallbackToken, Condition, Event, EventLoop, LifoQueue, Lock, Promise, Queue, Result,
    Semaphore, Task, TaskGroup, Timeout,
};
use kolo_chaos::numbers::Numbers;

use crate::user::{Leaf, Value, Watcher};

/// Slots hold so many things of a kind; then a new one takes the place of another, which is dropped.
const SLOTS: usize = 6;

/// How deeply code may run within code: a destructor in a waker in an observer.
const DEPTH: usize = 10;

thread_local! {
    /// The program that this thread runs. User code finds it here, because what owned it could never be dropped.
    static WORLD: RefCell<Option<Rc<World>>> = const { RefCell::new(None) };
}

/// The program that runs, if one does.
pub(crate) fn current() -> Option<Rc<World>> {
    WORLD.try_with(|world| world.borrow().clone()).ok().flatten()
}

/// Has this be the program that runs. Returns the one before.
pub(crate) fn enter(world: Option<Rc<World>>) -> Option<Rc<World>> {
    WORLD.replace(world)
}

pub(crate) struct World {
    pub(crate) loops: Slots<EventLoop>,
    pub(crate) tasks: Slots<Task<Value>>,
    pub(crate) promises: Slots<Promise<Value>>,
    /// Waits that no task waits in, at present.
    pub(crate) leaves: Slots<Leaf>,
    pub(crate) callbacks: Slots<(AnyPromise, CallbackToken)>,
    pub(crate) watchers: Slots<(EventLoop, Rc<Watcher>)>,
    pub(crate) wakers: Slots<Waker>,
    pub(crate) groups: Slots<TaskGroup>,
    pub(crate) timeouts: Slots<Timeout>,
    /// Guards, handles, errors: what can only be dropped.
    pub(crate) things: Slots<Box<dyn Any>>,
    pub(crate) primitives: Primitives,

    fuel: Cell<usize>,
    depth: Cell<usize>,
    /// In how many destructors it is.
    dying: Cell<usize>,
    /// Something was forgotten, or a destructor has panicked: what they own is lost, because Rust leaks what a function returns when one of
    /// its variables panics in its end. Then nobody can tell what kolo has lost.
    pub(crate) lost: Cell<bool>,
    /// A loop is being called through a remote handle.
    pub(crate) reached: Cell<bool>,
    /// Whether destructors may panic.
    bombs: bool,
    /// What was made, in order, and whether it lives.
    lives: RefCell<Vec<(&'static str, bool)>>,
    failures: RefCell<Vec<String>>,
    told: bool,
}

/// One or two of each kind, and the books on those that count.
pub(crate) struct Primitives {
    pub(crate) locks: [Lock; 2],
    pub(crate) semaphore: Semaphore,
    pub(crate) bounded: BoundedSemaphore,
    pub(crate) event: Event,
    pub(crate) condition: Condition,
    pub(crate) barrier: Barrier,
    pub(crate) queue: Queue<Value>,
    pub(crate) lifo: LifoQueue<Value>,
    /// The semaphore's permits: how many there should be.
    pub(crate) permits: Cell<usize>,
    /// The items that should be in the queue.
    pub(crate) items: Cell<isize>,
}

/// The permits of the semaphore at the start.
const PERMITS: usize = 1;

impl World {
    pub(crate) fn new(fuel: usize, bombs: bool, told: bool) -> Result<World> {
        Ok(World {
            loops: Slots::default(),
            tasks: Slots::default(),
            promises: Slots::default(),
            leaves: Slots::default(),
            callbacks: Slots::default(),
            watchers: Slots::default(),
            wakers: Slots::default(),
            groups: Slots::default(),
            timeouts: Slots::default(),
            things: Slots::default(),
            primitives: Primitives {
                locks: [Lock::new(), Lock::new()],
                semaphore: Semaphore::new(PERMITS)?,
                bounded: BoundedSemaphore::new(2)?,
                event: Event::new(),
                condition: Condition::new(),
                barrier: Barrier::new(2)?,
                queue: Queue::new(1),
                lifo: LifoQueue::new(0),
                permits: Cell::new(PERMITS),
                items: Cell::new(0),
            },
            fuel: Cell::new(fuel),
            depth: Cell::new(0),
            dying: Cell::new(0),
            lost: Cell::new(false),
            reached: Cell::new(false),
            bombs,
            lives: RefCell::default(),
            failures: RefCell::default(),
            told,
        })
    }

    /// Pays for one act; `false` when there is nothing left to pay with, so that every program ends.
    pub(crate) fn spend(&self) -> bool {
        let left = self.fuel.get().checked_sub(1);
        left.inspect(|left| self.fuel.set(*left)).is_some()
    }

    /// From now on no code of the program does anything.
    pub(crate) fn spend_all(&self) {
        self.fuel.set(0);
    }

    /// Runs code within code, unless that is too deep.
    pub(crate) fn deeper(&self, code: impl FnOnce()) {
        if self.depth.get() < DEPTH {
            self.depth.set(self.depth.get() + 1);
            let _back = Back(&self.depth);
            code();
        }
    }

    /// Whether code of the program may panic here and now.
    pub(crate) fn may_panic(&self) -> bool {
        let in_destructor = self.dying.get() > 0;
        if in_destructor && self.bombs {
            self.lost.set(true);
        }
        !in_destructor || self.bombs
    }

    /// Runs the code of a destructor.
    pub(crate) fn dying(&self, code: impl FnOnce()) {
        self.dying.set(self.dying.get() + 1);
        let _back = Back(&self.dying);
        code();
    }

    /// Tells what the program does, when one program is run to be looked at.
    pub(crate) fn tell(&self, what: &str) {
        if self.told {
            eprintln!("{}{what}", "  ".repeat(self.depth.get()));
        }
    }

    /// One more lives.
    pub(crate) fn born(&self, what: &'static str) -> usize {
        let mut lives = self.lives.borrow_mut();
        lives.push((what, true));
        lives.len() - 1
    }

    pub(crate) fn died(&self, number: usize) {
        let before = self
            .lives
            .borrow_mut()
            .get_mut(number)
            .map(|one| (one.0, std::mem::replace(&mut one.1, false)));
        if let Some((what, false)) = before {
            self.fail(format!("dropped twice: {what}, number {number}"));
        }
    }

    /// What lives.
    pub(crate) fn living(&self) -> Vec<&'static str> {
        self.lives.borrow().iter().filter(|one| one.1).map(|one| one.0).collect()
    }

    pub(crate) fn fail(&self, what: String) {
        self.failures.borrow_mut().push(what);
    }

    pub(crate) fn failures(&self) -> Vec<String> {
        self.failures.take()
    }

    /// Drops what the slots hold, but for the loops. Dropping may run anything, which puts things into slots again.
    pub(crate) fn drop_handles(&self) {
        self.leaves.clear();
        self.things.clear();
        self.tasks.clear();
        self.promises.clear();
        self.callbacks.clear();
        self.watchers.clear();
        self.wakers.clear();
        self.groups.clear();
        self.timeouts.clear();
    }
}

/// One less, whatever happens.
struct Back<'a>(&'a Cell<usize>);

impl Drop for Back<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Some things of one kind. Nothing is dropped or cloned while they are borrowed.
pub(crate) struct Slots<T>(RefCell<Vec<T>>);

impl<T> Default for Slots<T> {
    fn default() -> Slots<T> {
        Slots(RefCell::default())
    }
}

impl<T> Slots<T> {
    /// Puts one in; when there are many already another goes.
    pub(crate) fn put(&self, numbers: &mut Numbers, one: T) {
        let gone = if self.0.borrow().len() < SLOTS {
            None
        } else {
            self.take(numbers)
        };
        self.0.borrow_mut().push(one);
        drop(gone);
    }

    /// Takes one out.
    pub(crate) fn take(&self, numbers: &mut Numbers) -> Option<T> {
        let mut slots = self.0.borrow_mut();
        let there = slots.len();
        (there > 0).then(|| slots.swap_remove(numbers.below(there)))
    }

    /// One of them.
    pub(crate) fn get(&self, numbers: &mut Numbers) -> Option<T>
    where
        T: Clone,
    {
        let slots = self.0.borrow();
        (!slots.is_empty()).then(|| slots[numbers.below(slots.len())].clone())
    }

    pub(crate) fn all(&self) -> Vec<T>
    where
        T: Clone,
    {
        self.0.borrow().clone()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Drops all of them.
    pub(crate) fn clear(&self) {
        loop {
            let last = self.0.borrow_mut().pop();
            if last.is_none() {
                return;
            }
        }
    }
}
