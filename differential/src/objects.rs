//! What references name: tasks, promises, gathers; their states, and their names in traces.

use std::cell::RefCell;
use std::rc::Rc;

use kolo::types::Many;
use kolo::{AnyPromise, EnsureFuture, EventLoop, Gather, GatherOutcomes, Promise, Result, Task, gather, shield};

use crate::bodies::Coroutine;
use crate::program::{Child, Reference};
use crate::values::{Value, error_name};
use crate::world::World;

/// Something that can be waited for, cancelled, and asked for its state.
#[derive(Clone)]
pub(crate) enum Object {
    Task(Task<i64>),
    Promise(Promise<i64>),
    Gather(Gather<Many<Promise<i64>, i64>>),
    GatherOutcomes(GatherOutcomes<Many<Promise<i64>, i64>>),
}

impl Object {
    pub(crate) fn any(&self) -> AnyPromise {
        match self {
            Object::Task(task) => task.as_any(),
            Object::Promise(promise) => promise.as_any(),
            Object::Gather(gather) => gather.as_any(),
            Object::GatherOutcomes(gather) => gather.as_any(),
        }
    }

    /// The promise of an integer that it is. A gather is none.
    fn promise(&self) -> Option<Promise<i64>> {
        match self {
            Object::Task(task) => Some(Promise::clone(task)),
            Object::Promise(promise) => Some(promise.clone()),
            Object::Gather(_) | Object::GatherOutcomes(_) => None,
        }
    }

    /// Waits for it, by reference: others may wait for it too.
    pub(crate) async fn wait(&self) -> Result<Value> {
        match self {
            Object::Task(task) => task.await.map(Value::Integer),
            Object::Promise(promise) => promise.await.map(Value::Integer),
            Object::Gather(gather) => gather.await.map(Value::integers),
            Object::GatherOutcomes(gather) => gather.await.map(Value::List),
        }
    }

    fn result(&self) -> Result<Value> {
        match self {
            Object::Task(task) => task.result().map(Value::Integer),
            Object::Promise(promise) => promise.result().map(Value::Integer),
            Object::Gather(gather) => gather.result().map(Value::integers),
            Object::GatherOutcomes(gather) => gather.results().map(Value::List),
        }
    }

    /// Its state, as traces spell it. Reading it retrieves its error.
    pub(crate) fn state(&self) -> String {
        let any = self.any();
        if !any.done() {
            return "pending".into();
        }
        if any.cancelled() {
            return "cancelled".into();
        }
        match self.result() {
            Ok(value) => format!("ok {value}"),
            Err(error) => format!("exc {}", error_name(&error)),
        }
    }
}

/// A child, for gather and its like to take: a call, which becomes a task there, or something that is under way. Its value is
/// cloned and never moved out, because others look at it as well.
pub(crate) enum Given {
    Call(Coroutine<i64>),
    Promise(Promise<i64>),
}

impl EnsureFuture for Given {
    type Value = i64;
    type Handle = Promise<i64>;

    fn ensure_future_on(self, event_loop: &EventLoop) -> Promise<i64> {
        match self {
            Given::Call(coroutine) => Promise::clone(&event_loop.create_task(coroutine)),
            Given::Promise(promise) => promise,
        }
    }

    fn any(handle: &Promise<i64>) -> AnyPromise {
        handle.as_any()
    }

    fn outcome(handle: &Promise<i64>) -> Result<i64> {
        handle.result()
    }
}

impl World {
    /// What a reference names now.
    pub(crate) fn object(&self, reference: Reference) -> Option<Object> {
        match reference {
            Reference::Main => self.main.borrow().clone(),
            Reference::Task(slot) => self.task_slots.get(slot),
            Reference::Promise(index) => Some(Object::Promise(self.future(index))),
            Reference::Gather(slot) => self.gather_slots.get(slot),
            Reference::Shield(slot) => self.shield_slots.get(slot),
        }
    }

    pub(crate) fn future(&self, index: usize) -> Promise<i64> {
        self.futures.borrow()[index].clone()
    }

    fn child(self: &Rc<Self>, child: Child) -> Option<Given> {
        match child {
            Child::Call(coroutine) => Some(Given::Call(self.call(coroutine))),
            Child::Object(reference) => self.object(reference)?.promise().map(Given::Promise),
        }
    }

    /// The children that are there, in order.
    pub(crate) fn children(self: &Rc<Self>, children: &[Child]) -> Vec<Given> {
        children.iter().filter_map(|child| self.child(*child)).collect()
    }

    pub(crate) fn new_gather(self: &Rc<Self>, return_exceptions: bool, children: &[Child]) -> Object {
        let gather = gather(self.children(children));
        let object = if return_exceptions {
            Object::GatherOutcomes(gather.return_exceptions())
        } else {
            Object::Gather(gather)
        };
        self.gathers.borrow_mut().push(object.clone());
        object
    }

    /// A shield around the child, if that is there. Around something that is done it is the thing itself.
    pub(crate) fn new_shield(self: &Rc<Self>, child: Child) -> Option<Object> {
        if let Child::Object(reference) = child
            && let Some(object) = self.object(reference)
            && object.any().done()
        {
            let itself = shield(Given::Promise(object.promise()?));
            assert!(
                itself.as_any().ptr_eq(&object.any()),
                "a shield around what is done is what is done"
            );
            return Some(object);
        }
        let object = Object::Promise(shield(self.child(child)?));
        self.shields.borrow_mut().push(object.clone());
        Some(object)
    }

    /// An object's name in traces: its kind and the number of its creation.
    pub(crate) fn name(&self, object: &AnyPromise) -> String {
        let numbered = |kind: char, number: Option<usize>| number.map(|number| format!("{kind}{number}"));
        let among = |made: &RefCell<Vec<Object>>| made.borrow().iter().position(|known| known.any().ptr_eq(object));
        numbered('T', self.tasks.borrow().iter().position(|task| task.ptr_eq(object)))
            .or_else(|| numbered('F', among(&self.promises)))
            .or_else(|| numbered('G', among(&self.gathers)))
            .or_else(|| numbered('S', among(&self.shields)))
            // No trace of CPython's holds this: the comparison will show it.
            .unwrap_or_else(|| "?".into())
    }

    /// What the program made, if it is one of its objects.
    pub(crate) fn known(&self, object: &AnyPromise) -> Option<Object> {
        self.everything().into_iter().find(|known| known.any().ptr_eq(object))
    }

    /// Tasks, plain promises, gathers and shields, each in the order of their creation.
    pub(crate) fn everything(&self) -> Vec<Object> {
        let tasks = self
            .tasks
            .borrow()
            .iter()
            .filter_map(|task| task.downcast().map(Object::Promise))
            .collect();
        [
            tasks,
            self.promises.borrow().clone(),
            self.gathers.borrow().clone(),
            self.shields.borrow().clone(),
        ]
        .concat()
    }
}
