//! The operations that await one thing.

use std::rc::Rc;

use kolo::{AnyPromise, Result, ReturnWhen, as_completed, sleep, wait, wait_for};

use crate::frame::Frame;
use crate::objects::{Given, Object};
use crate::program::{Child, CompletionMode, Reference, Step, Target, Ticks, WaitMode, WaitOp};
use crate::values::{Value, error_name};
use crate::world::World;

impl World {
    pub(crate) async fn wait(self: &Rc<Self>, frame: &Frame, step: &Step, op: &WaitOp) -> Result<()> {
        match op {
            WaitOp::Sleep(delay) => {
                self.logged(step, sleep(delay.seconds()).await)?;
                self.log(step, "ok");
            }
            WaitOp::Call(coroutine) => {
                let value = self.logged(step, self.call_with(*coroutine, frame.own.clone()).await)?;
                self.keep(frame, step, &Value::Integer(value));
            }
            WaitOp::Await(reference) => match self.object(*reference) {
                Some(object) => {
                    let value = self.logged(step, object.wait().await)?;
                    self.keep(frame, step, &value);
                }
                None => self.log(step, "none"),
            },
            WaitOp::Gather {
                return_exceptions,
                children,
            } => {
                let gather = self.new_gather(*return_exceptions, children);
                let values = self.logged(step, gather.wait().await)?;
                self.keep(frame, step, &values);
            }
            WaitOp::Shield(child) => match self.new_shield(*child) {
                Some(shield) => {
                    let value = self.logged(step, shield.wait().await)?;
                    self.keep(frame, step, &value);
                }
                None => self.log(step, "none"),
            },
            WaitOp::Wait { objects, timeout, mode } => self.wait_for_several(step, objects, *timeout, *mode).await?,
            WaitOp::WaitFor { timeout, target } => self.wait_for_one(frame, step, *timeout, target).await?,
            WaitOp::AsCompleted { mode, children, timeout } => {
                let children = self.children(children);
                match mode {
                    CompletionMode::Results => self.take_results(step, children, *timeout).await?,
                    CompletionMode::Objects => self.take_objects(step, children, *timeout).await?,
                }
            }
        }
        Ok(())
    }

    /// Passes an outcome on, once it is written down if it is an error.
    pub(crate) fn logged<T>(&self, step: &Step, outcome: Result<T>) -> Result<T> {
        outcome.inspect_err(|error| self.log(step, format!("err {}", error_name(error))))
    }

    /// Writes down what has been waited for. Integers are kept in the register.
    pub(crate) fn keep(&self, frame: &Frame, step: &Step, value: &Value) {
        if let Value::Integer(integer) = value {
            frame.register.set(*integer);
        }
        self.log(step, format!("ok {value}"));
    }

    async fn wait_for_several(&self, step: &Step, objects: &[Reference], timeout: Option<Ticks>, mode: WaitMode) -> Result<()> {
        let objects = objects.iter().filter_map(|reference| Some(self.object(*reference)?.any()));
        let return_when = match mode {
            WaitMode::All => ReturnWhen::AllCompleted,
            WaitMode::First => ReturnWhen::FirstCompleted,
            WaitMode::FirstError => ReturnWhen::FirstException,
        };
        let waiting = wait(objects).timeout(timeout.map(Ticks::seconds)).return_when(return_when);
        let (done, pending) = self.logged(step, waiting.await)?;
        let names = |objects: Vec<AnyPromise>| objects.iter().map(|object| self.name(object)).collect::<Vec<_>>().join(",");
        self.log(step, format!("ok [{}] [{}]", names(done), names(pending)));
        Ok(())
    }

    async fn wait_for_one(self: &Rc<Self>, frame: &Frame, step: &Step, timeout: Option<Ticks>, target: &Target) -> Result<()> {
        let timeout = timeout.map(Ticks::seconds);
        let outcome = match target {
            Target::Body(body) => wait_for(self.call_body(body, frame.own.clone()), timeout)
                .await
                .map(Value::Integer),
            Target::Child(Child::Call(coroutine)) => wait_for(self.call(*coroutine), timeout).await.map(Value::Integer),
            Target::Child(Child::Object(reference)) => match self.object(*reference) {
                Some(Object::Task(task)) => wait_for(&task, timeout).await.map(Value::Integer),
                Some(Object::Promise(promise)) => wait_for(&promise, timeout).await.map(Value::Integer),
                Some(Object::Gather(gather)) => wait_for(&gather, timeout).await.map(Value::integers),
                Some(Object::GatherOutcomes(gather)) => wait_for(&gather, timeout).await.map(Value::List),
                None => {
                    self.log(step, "none");
                    return Ok(());
                }
            },
        };
        let value = self.logged(step, outcome)?;
        self.keep(frame, step, &value);
        Ok(())
    }

    /// `as_completed` as an iterator of results: errors are taken like values, but a cancellation ends it, whoever's it is.
    async fn take_results(&self, step: &Step, children: Vec<Given>, timeout: Option<Ticks>) -> Result<()> {
        let mut completed = as_completed(children).timeout(timeout.map(Ticks::seconds));
        while let Some(outcome) = completed.next().await {
            match outcome {
                Ok(value) => self.log(step, format!("item ok {value}")),
                Err(error) if error.is_cancelled() => return self.logged(step, Err(error)),
                Err(error) => self.log(step, format!("item err {}", error_name(&error))),
            }
        }
        self.log(step, "ok");
        Ok(())
    }

    /// `as_completed` as an iterator of what it was given, each when it is done.
    async fn take_objects(&self, step: &Step, children: Vec<Given>, timeout: Option<Ticks>) -> Result<()> {
        let mut completed = as_completed(children).timeout(timeout.map(Ticks::seconds));
        while let Some(done) = self.logged(step, completed.next_done().await)? {
            let name = self.name(&done.as_any());
            self.log(step, format!("item {name} {}", Object::Promise(done).state()));
        }
        self.log(step, "ok");
        Ok(())
    }
}
