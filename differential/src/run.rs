//! One run, from the creation of the main task to the last line of the trace.
//!
//! What `kolo::run` does when main is done is written out here, because programs can see the order in which it happens.

use std::cell::Cell;
use std::rc::{Rc, Weak};

use kolo::{AnyPromise, AnyTask, Clock, EnsureFuture, EventLoop, Kind, Observer, Promise};

use crate::meddler::{Meddler, Nobody};
use crate::objects::Object;
use crate::program::Program;
use crate::values::error_name;
use crate::world::World;

/// Why a run broke off.
enum Broken {
    /// Nothing can ever happen again.
    Stalled,
    /// It went on for too long.
    Overrun,
}

/// Runs a program under the virtual clock, and gives its trace.
///
/// # Errors
/// What making an event loop or a primitive fails with.
pub fn trace(program: Program) -> kolo::Result<Vec<String>> {
    trace_with(program, Rc::new(Nobody))
}

/// [`trace`], with somebody who meddles.
///
/// # Errors
/// As [`trace`].
pub fn trace_with(program: Program, meddler: Rc<dyn Meddler>) -> kolo::Result<Vec<String>> {
    let world = World::new(program, EventLoop::with_clock(Clock::Virtual)?, meddler)?;
    let watcher = world.listen();
    world.meddler.begins(&world.event_loop);
    let outcome = world.run();
    match outcome {
        Ok(()) => world.meddler.is_at_rest(&world.event_loop, &|| world.left_over()),
        Err(Broken::Stalled) => world.meddler.is_at_rest(&world.event_loop, &|| world.stuck()),
        Err(Broken::Overrun) => {}
    }
    match outcome {
        Ok(()) => world.trace.close("end"),
        Err(Broken::Stalled) => world.trace.close(&format!("stalled {}", world.names(&world.unfinished()))),
        Err(Broken::Overrun) => world.trace.close("overrun"),
    }
    let lines = world.trace.take();
    world.event_loop.remove_observer(&watcher);
    world.abandon()?;
    Ok(lines)
}

/// Numbers the tasks as they are created, whoever creates them, and looks at how long the run is whenever something happens. Whenever the clock
/// moves it has whoever meddles look.
struct Watcher {
    world: Weak<World>,
    /// When it was told of a timer last.
    at: Cell<f64>,
}

impl Observer for Watcher {
    fn task_created(&self, task: &AnyTask) {
        if let Some(world) = self.world.upgrade().filter(|_| !accepts(task)) {
            world.tasks.borrow_mut().push(task.clone());
        }
    }

    fn step_begins(&self, _task: &AnyTask) {
        self.stop_if_overrun();
    }

    fn timer_fired(&self, _deadline: f64) {
        self.stop_if_overrun();
        if let Some(world) = self.world.upgrade()
            && self.at.replace(world.event_loop.time()) != world.event_loop.time()
        {
            // The clock moves when nothing else is left to do.
            world.meddler.is_at_rest(&world.event_loop, &|| world.stuck());
        }
    }
}

/// Whether it is the task in which a server makes a connection, which is none of the program's. It has no value; the handler's has one.
fn accepts(task: &AnyTask) -> bool {
    task.created_at().file().contains("net/src/server") && task.downcast::<i64>().is_none()
}

impl Watcher {
    fn stop_if_overrun(&self) {
        if let Some(world) = self.world.upgrade() {
            world.stop_if_overrun();
        }
    }
}

impl World {
    fn listen(self: &Rc<Self>) -> Rc<Watcher> {
        let watcher = Rc::new(Watcher {
            world: Rc::downgrade(self),
            at: Cell::new(0.0),
        });
        self.event_loop.add_observer(watcher.clone());
        // Both ends of every socket are the program's: what does not come by its own doing never comes.
        self.event_loop.set_waits_for_descriptors(false);
        let world = Rc::downgrade(self);
        self.event_loop.set_exception_handler(Some(Rc::new(move |context| {
            if let Some(world) = world.upgrade() {
                world.on_unhandled(context);
            }
        })));
        watcher
    }

    /// Disposes of what is left when the trace is complete, without a word.
    fn abandon(&self) -> kolo::Result<()> {
        self.event_loop.set_exception_handler(Some(Rc::new(|_| {})));
        for object in self.everything() {
            // An error that has been looked at is not reported when the object goes.
            let _ = object.any().error();
        }
        self.event_loop.close()
    }

    fn run(self: &Rc<Self>) -> Result<(), Broken> {
        let main = self.event_loop.create_task(self.call(0));
        self.main.replace(Some(Object::Task(main.clone())));
        self.run_until_complete(&main)?;
        self.note(&format!("main {}", Object::Task(main).state()));
        self.shut_down()?;

        // Before the states are read: reading one retrieves its error.
        let objects = self.everything().into_iter().map(|object| object.any());
        let lost: Vec<AnyPromise> = objects.filter(AnyPromise::has_unretrieved_error).collect();
        for task in &*self.tasks.borrow() {
            self.note(&format!("state {} {}", self.name(task), task_state(task)));
        }
        for object in &lost {
            if let Ok(Some(error)) = object.error() {
                self.note(&format!("never_retrieved {} {}", self.name(object), error_name(&error)));
            }
        }
        Ok(())
    }

    /// Cancels what is left, waits for it, and notes what it failed with.
    fn shut_down(&self) -> Result<(), Broken> {
        let left = self.unfinished();
        if left.is_empty() {
            return Ok(());
        }
        self.note(&format!("shutdown {}", self.names(&left)));
        for task in &left {
            task.cancel();
        }
        self.run_until_complete(self.all_done(&left))?;
        for task in &left {
            if let Ok(Some(error)) = task.error() {
                self.note(&format!("shutdown_error {} {}", self.name(task), error_name(&error)));
            }
        }
        Ok(())
    }

    /// The outcome itself is of no interest: the object keeps it.
    fn run_until_complete<F: EnsureFuture>(&self, object: F) -> Result<(), Broken> {
        match self.event_loop.run_until_complete(object) {
            _ if self.overrun.get() => Err(Broken::Overrun),
            Err(error) if error.kind() == Kind::Deadlock => Err(Broken::Stalled),
            _ => Ok(()),
        }
    }

    /// Done when all of these are: a gather, but made while no loop runs.
    fn all_done(&self, tasks: &[AnyTask]) -> Promise<()> {
        let all_done = self.event_loop.create_promise();
        let left = Rc::new(Cell::new(tasks.len()));
        for task in tasks {
            let (left, all_done) = (Rc::clone(&left), all_done.clone());
            task.add_done_callback(move |_| {
                left.set(left.get() - 1);
                if left.get() == 0 {
                    all_done.set_result(()).expect("nobody else sets it");
                }
            });
        }
        all_done
    }

    pub(crate) fn unfinished(&self) -> Vec<AnyTask> {
        self.tasks.borrow().iter().filter(|task| !task.done()).cloned().collect()
    }

    fn names(&self, tasks: &[AnyTask]) -> String {
        tasks.iter().map(|task| self.name(task)).collect::<Vec<_>>().join(",")
    }
}

/// The state of a task, which may be one that `wait_for` made and never began: that has no value of the program's.
fn task_state(task: &AnyTask) -> String {
    match task.downcast() {
        Some(promise) => Object::Promise(promise).state(),
        None if task.done() => "cancelled".into(),
        None => "pending".into(),
    }
}
