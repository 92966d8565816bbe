//! Callbacks: steps that no task runs, by timers, by `call_soon`, or when something is done.

use std::rc::Rc;

use kolo::{CallbackToken, Handle, TimerHandle};

use crate::frame::Frame;
use crate::objects::Object;
use crate::program::{Body, Step};
use crate::world::World;

/// A callback on the loop, to be called off.
#[derive(Clone)]
pub(crate) enum Scheduled {
    Soon(Handle),
    Timer(TimerHandle),
}

impl Scheduled {
    pub(crate) fn cancelled(&self) -> bool {
        match self {
            Scheduled::Soon(handle) => handle.cancelled(),
            Scheduled::Timer(handle) => handle.cancelled(),
        }
    }

    pub(crate) fn cancel(&self) {
        match self {
            Scheduled::Soon(handle) => handle.cancel(),
            Scheduled::Timer(handle) => handle.cancel(),
        }
    }
}

impl World {
    /// What a callback of this step does. Its register is a copy of the frame's as it is now.
    pub(crate) fn callback(self: &Rc<Self>, frame: &Frame, acts: &Body) -> impl FnOnce() + 'static {
        // Weak: the world keeps every promise, and so whatever was to be called and never will be.
        let (world, acts, start) = (Rc::downgrade(self), Rc::clone(acts), frame.start());
        move || {
            if let Some(world) = world.upgrade()
                && let Err(error) = world.run_acts(&start.frame(), &acts)
            {
                world.report_callback_error(error);
            }
        }
    }

    /// Adds a callback that writes down what is done, and how, before it does the rest.
    pub(crate) fn add_callback(self: &Rc<Self>, frame: &Frame, step: &Step, object: &Object, acts: &Body) -> CallbackToken {
        let acts = self.callback(frame, acts);
        let (world, path) = (Rc::downgrade(self), step.path.clone());
        object.any().add_done_callback(move |done| {
            if let Some(world) = world.upgrade()
                && let Some(object) = world.known(done)
            {
                world.log_at(&path, "done_cb", format!("{} {}", world.name(done), object.state()));
            }
            acts();
        })
    }
}
