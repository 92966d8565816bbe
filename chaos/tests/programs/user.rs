//! What the program gives to kolo, and what runs when kolo calls, clones, wakes or drops it.

use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Wake;
use std::thread;

use kolo::{AnyPromise, AnyTask, CallbackToken, Observer, Result};
use kolo_chaos::numbers::Numbers;
use kolo_chaos::panics::Meant;

use crate::acts::act;
use crate::world::{World, current};

/// Something to be awaited, whose value is of no interest.
pub(crate) type Leaf = Pin<Box<dyn Future<Output = Result<()>>>>;

/// Runs a script where there is no awaiting: a few acts, drawn from this seed.
pub(crate) fn run_script(seed: u64, who: &str) {
    let Some(world) = current() else { return };
    let script = || {
        let mut numbers = Numbers::new(seed);
        for _ in 0..numbers.below(4) {
            if !world.spend() {
                return;
            }
            act(&world, &mut numbers, who);
        }
    };
    world.deeper(|| {
        if thread::panicking() {
            // A second panic that comes out of what the first one drops ends the process, as Rust has it.
            drop(catch_unwind(AssertUnwindSafe(script)));
        } else {
            script();
        }
    });
}

/// A value that is counted while it lives, and whose end runs a script: what every piece of user code owns.
#[derive(Debug)]
pub(crate) struct Mortal {
    number: usize,
    last_words: Option<u64>,
}

impl Mortal {
    pub(crate) fn new(world: &World, numbers: &mut Numbers, what: &'static str) -> Mortal {
        Mortal {
            number: world.born(what),
            last_words: numbers.once_in(3).then(|| numbers.draw()),
        }
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        let Some(world) = current() else { return };
        world.died(self.number);
        if let Some(seed) = self.last_words {
            world.dying(|| run_script(seed, "destructor"));
        }
    }
}

/// What promises and queues of the program carry.
pub(crate) struct Value(#[expect(dead_code, reason = "its end is what matters")] Mortal, u64);

impl Value {
    pub(crate) fn new(world: &World, numbers: &mut Numbers) -> Value {
        Value(Mortal::new(world, numbers, "value"), numbers.draw())
    }
}

impl Clone for Value {
    fn clone(&self) -> Value {
        let mut numbers = Numbers::new(self.1);
        if numbers.once_in(3) {
            run_script(numbers.draw(), "clone");
        }
        let world = current().expect("values are cloned while the program runs");
        Value::new(&world, &mut numbers)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1.is_multiple_of(3) {
            run_script(self.1, "debug");
        }
        f.write_str("value")
    }
}

/// An error of the program's.
#[derive(Debug)]
pub(crate) struct Trouble(#[expect(dead_code, reason = "its end is what matters")] pub(crate) Mortal);

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("trouble")
    }
}

impl std::error::Error for Trouble {}

/// What the program's panics carry.
pub(crate) type Payload = Meant<Mortal>;

/// A waker of somebody else's executor.
pub(crate) struct Bell(#[expect(dead_code, reason = "its end is what matters")] Mortal, u64);

impl Bell {
    pub(crate) fn new(world: &World, numbers: &mut Numbers) -> Arc<Bell> {
        Arc::new(Bell(Mortal::new(world, numbers, "waker"), numbers.draw()))
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        run_script(self.1, "waker");
    }
}

/// Does something at some of the things that it is told of.
pub(crate) struct Watcher {
    numbers: RefCell<Numbers>,
    _mortal: Mortal,
}

impl Watcher {
    pub(crate) fn new(world: &World, numbers: &mut Numbers) -> Watcher {
        Watcher {
            numbers: RefCell::new(Numbers::new(numbers.draw())),
            _mortal: Mortal::new(world, numbers, "observer"),
        }
    }

    fn told(&self, who: &str) {
        let script = {
            let mut numbers = self.numbers.borrow_mut();
            numbers.once_in(8).then(|| numbers.draw())
        };
        if let Some(script) = script {
            run_script(script, who);
        }
    }
}

impl Observer for Watcher {
    fn iteration_begins(&self, _number: u64) {
        self.told("observer of an iteration");
    }
    fn task_created(&self, _task: &AnyTask) {
        self.told("observer of a task's creation");
    }
    fn step_begins(&self, _task: &AnyTask) {
        self.told("observer of a step's begin");
    }
    fn step_ends(&self, _task: &AnyTask) {
        self.told("observer of a step's end");
    }
    fn parked(&self, _task: &AnyTask, _on: Option<&AnyPromise>, _at: Option<&'static Location<'static>>) {
        self.told("observer of a suspension");
    }
    fn woken(&self, _task: &AnyTask, _by: Option<&AnyTask>) {
        self.told("observer of a wake-up");
    }
    fn finished(&self, _task: &AnyTask) {
        self.told("observer of a task's end");
    }
    fn callback_scheduled(&self, _callback: CallbackToken, _by: Option<&AnyTask>) {
        self.told("observer of a callback");
    }
    fn callback_begins(&self, _callback: CallbackToken) {
        self.told("observer of a callback's begin");
    }
    fn callback_ends(&self, _callback: CallbackToken) {
        self.told("observer of a callback's end");
    }
    fn timer_fired(&self, _deadline: f64) {
        self.told("observer of a timer");
    }
}
