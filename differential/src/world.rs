//! The shared state of one run: the loop, the program's resources and slots, everything made so far.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::rc::Rc;

use kolo::{
    AnyTask, CallbackToken, ContextVar, Error, EventLoop, ExceptionContext, Promise, Result, Server, TaskGroup, current_task,
};

use crate::callbacks::Scheduled;
use crate::meddler::Meddler;
use crate::objects::Object;
use crate::primitives::Primitives;
use crate::program::{Program, Step, Ticks};
use crate::sockets::Sockets;
use crate::streams::Connection;
use crate::trace::Trace;
use crate::values::error_name;

/// A run that goes on for longer is given up.
const MOST_ITERATIONS: u64 = 20_000;
const MOST_LINES: usize = 20_000;

const CALLBACK_FAILED: &str = "a callback of the program has failed";
/// What kolo says, in asyncio's words, of a server's handler.
const HANDLER_FAILED: &str = "Unhandled exception in client_connected_cb";

pub(crate) struct World {
    pub(crate) program: Program,
    pub(crate) event_loop: EventLoop,
    pub(crate) trace: Trace,

    /// Every task, by its number. The loop's observer enters them, so that those which gather and its like make count too.
    pub(crate) tasks: RefCell<Vec<AnyTask>>,
    /// Every plain promise, gather and outer promise of a shield, by number. They are kept until the run is over: its last
    /// notes are about them, and an error in one must not be reported as lost because a slot was overwritten.
    pub(crate) promises: RefCell<Vec<Object>>,
    pub(crate) gathers: RefCell<Vec<Object>>,
    pub(crate) shields: RefCell<Vec<Object>>,

    pub(crate) futures: RefCell<Vec<Promise<i64>>>,
    pub(crate) task_slots: Slots<Object>,
    pub(crate) gather_slots: Slots<Object>,
    pub(crate) shield_slots: Slots<Object>,
    pub(crate) handle_slots: Slots<Scheduled>,
    pub(crate) callback_slots: Slots<CallbackToken>,
    pub(crate) groups: Slots<TaskGroup>,
    pub(crate) main: RefCell<Option<Object>>,

    pub(crate) primitives: Primitives,
    pub(crate) sockets: Sockets,
    pub(crate) streams: Slots<Connection>,
    /// Every stream: dropping the last handle of one would close it, and in CPython something holds them until the run is over.
    pub(crate) connections: RefCell<Vec<Connection>>,
    pub(crate) servers: Slots<Server>,
    pub(crate) counters: Vec<Cell<i64>>,
    pub(crate) variables: Vec<ContextVar<i64>>,
    pub(crate) overrun: Cell<bool>,
    pub(crate) meddler: Rc<dyn Meddler>,
}

impl World {
    pub(crate) fn new(program: Program, event_loop: EventLoop, meddler: Rc<dyn Meddler>) -> Result<Rc<World>> {
        let resources = &program.resources;
        let world = Rc::new(World {
            trace: Trace::default(),
            tasks: RefCell::default(),
            promises: RefCell::default(),
            gathers: RefCell::default(),
            shields: RefCell::default(),
            futures: RefCell::default(),
            task_slots: Slots::new(resources.task_slots),
            gather_slots: Slots::new(resources.gather_slots),
            shield_slots: Slots::new(resources.shield_slots),
            handle_slots: Slots::new(resources.handle_slots),
            callback_slots: Slots::new(resources.callback_slots),
            groups: Slots::new(resources.groups),
            main: RefCell::default(),
            primitives: Primitives::new(resources)?,
            sockets: Sockets::new(resources)?,
            streams: Slots::new(resources.streams),
            connections: RefCell::default(),
            servers: Slots::new(resources.servers),
            counters: vec![Cell::new(0); resources.counters],
            variables: (0..resources.context_variables)
                .map(|_| ContextVar::with_default("variable", || 0))
                .collect(),
            overrun: Cell::new(false),
            meddler,
            event_loop,
            program,
        });
        let futures: Vec<_> = (0..world.program.resources.futures).map(|_| world.new_future()).collect();
        world.futures.replace(futures);
        Ok(world)
    }

    pub(crate) fn new_future(&self) -> Promise<i64> {
        let promise = self.event_loop.create_promise();
        self.promises.borrow_mut().push(Object::Promise(promise.clone()));
        promise
    }

    pub(crate) fn now(&self) -> Ticks {
        Ticks::at(self.event_loop.time())
    }

    /// Writes that a step has done what it does, and the result if there is one to write.
    pub(crate) fn log(&self, step: &Step, result: impl Display) {
        self.log_at(&step.path, &step.name, result);
    }

    /// Writes whether something that a step did has failed, and how.
    pub(crate) fn log_outcome(&self, step: &Step, outcome: Result<()>) {
        match outcome {
            Ok(()) => self.log(step, "ok"),
            Err(error) => self.log(step, format!("err {}", error_name(&error))),
        }
    }

    /// Writes an event that goes by another name than the step there.
    pub(crate) fn log_at(&self, path: &str, name: &str, result: impl Display) {
        let who = current_task().map_or_else(|| "-".to_owned(), |task| self.name(&task));
        let what = format!("{name} {result}");
        self.trace.event(self.now(), &who, path, what.trim_end());
        self.stop_if_overrun();
    }

    /// Writes something about the run as a whole.
    pub(crate) fn note(&self, text: &str) {
        self.trace.note(self.now(), text);
    }

    /// A callback cannot return an error: what its acts raise goes to the loop's exception handler, as on CPython.
    pub(crate) fn report_callback_error(&self, error: Error) {
        self.event_loop
            .call_exception_handler(&ExceptionContext::new(CALLBACK_FAILED).with_error(error));
    }

    /// What the loop calls with errors that nobody handles.
    pub(crate) fn on_unhandled(&self, context: &ExceptionContext) {
        match &context.error {
            Some(error) if context.message == CALLBACK_FAILED => {
                self.note(&format!("callback_error {}", error_name(error)));
            }
            Some(error) if context.message == HANDLER_FAILED => {
                self.note(&format!("handler_error {}", error_name(error)));
            }
            // No trace of CPython's holds this: the comparison will show it.
            _ => self.note(&format!("unhandled {}", context.message)),
        }
    }

    /// Makes this iteration of the loop the last one if the run is too long.
    pub(crate) fn stop_if_overrun(&self) {
        if self.event_loop.iterations() >= MOST_ITERATIONS || self.trace.len() >= MOST_LINES {
            self.overrun.set(true);
            self.event_loop.stop();
        }
    }
}

/// Places that hold one thing each, or nothing yet.
pub(crate) struct Slots<T>(RefCell<Vec<Option<T>>>);

impl<T: Clone> Slots<T> {
    fn new(count: usize) -> Slots<T> {
        Slots(RefCell::new(vec![None; count]))
    }

    pub(crate) fn get(&self, slot: usize) -> Option<T> {
        self.0.borrow()[slot].clone()
    }

    pub(crate) fn set(&self, slot: usize, value: T) {
        // What the slot held is dropped when the borrow has ended: dropping it may run anything.
        let _before = self.0.borrow_mut()[slot].replace(value);
    }

    pub(crate) fn set_if_wanted(&self, slot: Option<usize>, value: T) {
        if let Some(slot) = slot {
            self.set(slot, value);
        }
    }
}
