//! One program from its first act to its last, and what must be true of it in the end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use kolo::{Clock, EventLoop, Turn};
use kolo_chaos::numbers::Numbers;
use kolo_chaos::panics;

use crate::acts::act;
use crate::coroutines::coroutine;
use crate::user::Mortal;
use crate::world::{World, enter};

/// A program that takes more turns goes round in circles: what it can pay for is far less.
const MOST_TURNS: usize = 5_000;

/// Runs the program of this seed.
///
/// # Errors
/// What is wrong, and how to run just this program.
pub(crate) fn run_program(seed: u64, told: bool) -> Result<(), String> {
    panics::tell_apart::<Mortal>();
    panics::now_runs(seed);
    let _ = panics::unmeant();
    let mut numbers = Numbers::new(seed);
    let fuel = 10 + numbers.below(120);
    let world = Rc::new(World::new(fuel, numbers.once_in(3), told).map_err(|error| error.to_string())?);
    enter(Some(world.clone()));
    world.run(&mut numbers);
    world.end();
    let mut failures = world.failures();
    failures.extend(panics::unmeant().into_iter().map(|panic| format!("a panic: {panic}")));
    enter(None);
    panics::now_runs(0);
    match failures.is_empty() {
        true => Ok(()),
        false => Err(format!("seed {seed}: {}", failures.join("; "))),
    }
}

impl World {
    fn run(&self, numbers: &mut Numbers) {
        let main = EventLoop::with_clock(Clock::Virtual).expect("a loop");
        // Reports that nobody takes would be printed.
        main.set_exception_handler(Some(Rc::new(|_| {})));
        self.loops.put(numbers, main.clone());
        while self.spend() {
            self.guarded(|| {
                if main.all_tasks().is_empty() || numbers.once_in(8) {
                    let task = main.create_task(coroutine(self, numbers));
                    self.tasks.put(numbers, task);
                } else {
                    act(self, numbers, "outside");
                }
            });
            for _ in 0..numbers.below(40) {
                if !self.turn(&main) {
                    break;
                }
            }
        }
        self.guarded(|| drop(main));
    }

    /// Runs what may panic, as all of the program's may.
    fn guarded(&self, code: impl FnOnce()) {
        // The payload has a destructor, which may panic as well.
        let outcome = catch_unwind(AssertUnwindSafe(code));
        if let Err(payload) = outcome {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(payload))).map_err(std::mem::forget::<Box<dyn std::any::Any + Send>>);
        }
    }

    /// One turn; `false` when there will be no more by themselves.
    fn turn(&self, event_loop: &EventLoop) -> bool {
        let mut more = false;
        self.guarded(|| more = matches!(event_loop.turn(), Ok(Turn::Now | Turn::At(_))));
        more
    }

    /// Lets everything run that can.
    fn settle(&self) {
        for event_loop in self.loops.all() {
            let mut turns = 0;
            while self.turn(&event_loop) {
                turns += 1;
                if turns > MOST_TURNS {
                    return self.fail("the program does not end".into());
                }
            }
        }
    }

    /// No code of the program does anything any more. What it has left undone is done for it, and then all must have come to an end.
    fn end(&self) {
        self.spend_all();
        // A loop may be in its observer's slot only.
        self.guarded(|| self.watchers.clear());
        self.settle();
        // What runs then may set waits aside once more: whoever was woken and is kept has not passed on what it was woken for.
        for _ in 0..MOST_TURNS {
            self.guarded(|| self.leaves.clear());
            self.guarded(|| self.things.clear());
            self.settle();
            if self.leaves.is_empty() && self.things.is_empty() {
                break;
            }
        }
        if !self.lost.get() {
            self.check_grants();
        }
        self.end_tasks();
        if !self.lost.get() {
            self.check_tasks();
            self.check_books();
        }
        for event_loop in self.loops.all() {
            self.guarded(|| drop(event_loop.close()));
        }
        self.guarded(|| self.drop_handles());
        self.guarded(|| self.loops.clear());
        self.guarded(|| self.primitives.empty());
        let living = self.living();
        if !self.lost.get() && !living.is_empty() {
            self.fail(format!("the loops are gone, and yet live: {}", living.join(", ")));
        }
    }

    /// Cancels what is left, and releases what tasks took by hand, until nothing changes any more.
    fn end_tasks(&self) {
        // A wait on a condition ends with its lock in its hands, which it may have to wait for: one task a round.
        for _ in 0..30 {
            self.guarded(|| self.leaves.clear());
            self.guarded(|| self.things.clear());
            self.settle();
            let left: Vec<_> = self.loops.all().iter().flat_map(EventLoop::all_tasks).collect();
            for task in &left {
                task.cancel();
            }
            self.guarded(|| self.primitives.release_all());
            if left.is_empty() {
                return;
            }
        }
        self.settle();
    }
}
